/**
 * Fixes for the DMARC record, by the same merge as the plan's: what is there stays, and no fix makes a policy weaker or loses an
 * address that reports go to. Pure.
 */
import { type DmarcDraft, draftOf, draftText, emptyDraft, unitedDraft } from '../../../setup/setup.ts';
import type { Fix, FixRecord } from '../../types.ts';
import type { DomainFacts } from '../types.ts';
import { repairedDmarc } from './read-texts.ts';

/** Short enough that a mistake is over within the hour. (As in plans.) */
export const ttlWanted = 3600;

/** What the texts at the name say together; of broken ones what was probably meant. */
export function draftThere({ dmarc: { texts } }: DomainFacts): DmarcDraft | undefined {
  const drafts = texts.dmarc.flatMap((text) => draftOf(text)?.draft ?? draftOfBroken(text) ?? []);
  return unitedDraft(drafts) ?? unitedDraft(texts.broken.flatMap((text) => draftOfBroken(text) ?? []));
}

/** Of a record that was put elsewhere as well. */
export function draftOfBroken(text: string): DmarcDraft | undefined {
  const repaired = repairedDmarc(text);
  return repaired === undefined ? undefined : draftOf(repaired)?.draft;
}

export function mended(
  facts: DomainFacts,
  change: (draft: DmarcDraft) => DmarcDraft = (draft) => draft,
  steps: readonly string[] = [],
): Fix {
  const draft = change(draftThere(facts) ?? { ...emptyDraft, rua: reportsTo(facts) });
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

/** Where reports can go when nobody said: a mailbox that every domain with mail has. RFC 5321 §4.5.1 */
export function reportsTo({ dmarc: { mail }, subject: { domain, office } }: DomainFacts): readonly string[] {
  const receives = office?.receives || (mail.kind === 'found' && mail.records.some(({ exchange }) => exchange !== ''));
  return receives ? [`mailto:postmaster@${domain}`] : [];
}
