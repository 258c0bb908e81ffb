/**
 * Fixes for the DMARC record, by the same merge as the plan's: what is there stays, and no fix makes a policy weaker or loses an
 * address that reports reach. Pure.
 */
import { type DmarcDraft, draftText, emptyDraft } from '../../../setup/setup.ts';
import type { Fix, FixRecord } from '../../types.ts';
import { usageOf } from '../parked/usage.ts';
import type { DomainFacts } from '../types.ts';
import { reportsTo, safeDraft } from './safe-draft.ts';

/** Short enough that a mistake is over within the hour. (As in plans.) */
export const ttlWanted = 3600;

export function mended(
  facts: DomainFacts,
  change: (draft: DmarcDraft) => DmarcDraft = (draft) => draft,
  steps: readonly string[] = [],
): Fix {
  const draft = change(safeDraft(facts) ?? { ...emptyDraft, rua: reportsTo(facts) });
  return replaced(facts, draftText(draft), [...steps, ...unlessSending(facts, draft)]);
}

/** A domain that nothing shows in use may send by a key that nobody can guess, and a bare record would have its mail refused. */
function unlessSending(facts: DomainFacts, { p }: DmarcDraft): readonly string[] {
  const { domain } = facts.subject;
  if (p !== 'reject' || facts.dmarc.policy === 'reject' || usageOf(facts).usage !== 'silent') return [];
  return [
    `p=reject is right only if nobody sends as ${domain}. If somebody does, say who first: posthorn check ${domain} --sender NAME`,
  ];
}

/** @param text in place of what stands at the name now */
export function replaced(facts: DomainFacts, text: string, steps: readonly string[] = []): Fix {
  const { name, alias, answer, isWild, texts } = facts.dmarc;
  const there = isWild ? [] : [...texts.dmarc, ...texts.broken];
  if (alias !== undefined && there.length === 0) return inPlaceOfAlias(name, alias, text, steps);
  const end = answer.kind === 'found' ? (answer.canonicalName ?? alias) : alias;
  const at = alias === undefined ? name : (end ?? name);
  const told =
    alias === undefined
      ? []
      : [
          `${name} is an alias: the record is kept at ${at}, in the zone of whoever keeps that name. Have it changed there.`,
        ];
  const all = [...told, ...steps];
  return {
    delete: there.filter((one) => one !== text).map((value): FixRecord => ({ name: at, type: 'TXT', value })),
    set: [{ name: at, type: 'TXT', value: text, ttl: ttlWanted }],
    ...(all.length > 0 && { steps: all }),
  };
}

/** An alias that leads to no policy is none that a keeper of policies asked for, or one that was given up. RFC 1034 §3.6.2: beside it nothing may stand. */
function inPlaceOfAlias(name: string, alias: string, text: string, steps: readonly string[]): Fix {
  return {
    delete: [{ name, type: 'CNAME', value: alias }],
    set: [{ name, type: 'TXT', value: text, ttl: ttlWanted }],
    steps: [
      `${name} is an alias to ${alias}, where no policy stands. If a service keeps the policy for you, have it put there, and leave the alias.`,
      ...steps,
    ],
  };
}

/** What keeps a logo from being shown is taken back: it asks for quarantine or reject of all mail, that of names below too. */
export function mendedForLogo(facts: DomainFacts, steps: readonly string[]): Fix {
  return mended(
    facts,
    ({ sp, pct: _pct, ...draft }) => ({ ...draft, testing: false, ...(sp && sp !== 'none' && { sp }) }),
    steps,
  );
}
