/** What the rules of this family share: which entries a subject has, and which lists told anything of it. Pure. */
import { canList } from '../../../../protocol/dnsbl/lists.ts';
import type { ListAnswer, ListEntry, ListRank } from '../../../../protocol/dnsbl/types.ts';
import type { FindingEvidence } from '../../types.ts';
import { skips, staysUnknown } from '../judged.ts';
import type { DomainFacts, Judged } from '../types.ts';
import type { ListedSubject } from './facts.ts';

export type Listing = { readonly answer: ListAnswer; readonly entry: ListEntry };

export function listingsOf({ answers }: ListedSubject, rank?: ListRank): readonly Listing[] {
  return answers.flatMap((answer) =>
    answer.reading.state === 'listed'
      ? answer.reading.entries
          .filter((entry) => rank === undefined || entry.rank === rank)
          .map((entry) => ({ answer, entry }))
      : [],
  );
}

/** The lists that told, of those that can have entries of this rank. */
export function toldBy({ answers }: ListedSubject, rank: ListRank): readonly ListAnswer[] {
  return answers.filter((answer) => answer.reading.state !== 'unknown' && canList(answer.list, rank));
}

const reasons = {
  zone: 'a zone file knows nothing of them',
  many: 'they shut out whoever asks them about many domains; look at this one alone',
} as const;

/** Where no list was asked: there was nothing to ask about, or nobody to ask. */
export function nothingAsked({ subject, lists }: DomainFacts, nothing: string): Judged {
  if (lists.notAsked !== undefined)
    return staysUnknown({
      subject: subject.domain,
      meaning: `Block lists were not asked: ${reasons[lists.notAsked]}.`,
    });
  return skips({ subject: subject.domain, meaning: nothing });
}

export function listEvidence({ show }: DomainFacts, answers: readonly ListAnswer[]): readonly FindingEvidence[] {
  return answers.map(({ query }) => show(query, 'A'));
}

export const namesOf = (answers: readonly ListAnswer[]): readonly string[] => answers.map(({ list }) => list.name);
