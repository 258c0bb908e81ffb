/**
 * Fixes for the DMARC record, by the same merge as the plan's: what is there stays, and no fix makes a policy weaker or loses an
 * address that reports reach. Pure.
 */
import { type DmarcDraft, draftText, emptyDraft } from '../../../setup/setup.ts';
import type { Fix, FixRecord } from '../../types.ts';
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
  return replaced(facts, draftText(draft), steps);
}

/** @param text in place of what stands at the name now */
export function replaced(facts: DomainFacts, text: string, steps: readonly string[] = []): Fix {
  const { name, alias, answer, isWild, texts } = facts.dmarc;
  const end = answer.kind === 'found' ? (answer.canonicalName ?? alias) : alias;
  const at = alias === undefined ? name : (end ?? name);
  const there = isWild ? [] : [...texts.dmarc, ...texts.broken];
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
