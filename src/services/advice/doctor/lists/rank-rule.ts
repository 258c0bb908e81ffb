/** A rule that looks for entries of one rank on lists of one kind. Pure. */
import type { ListRank } from '../../../../protocol/dnsbl/types.ts';
import { fails, listed, orElse, passes, staysUnknown } from '../judged.ts';
import type { DomainFacts, Judged, Rule } from '../types.ts';
import type { ListedSubject } from './facts.ts';
import { type Listing, listEvidence, listingsOf, namesOf, nothingAsked, toldBy } from './listings.ts';

type Wish<Id> = {
  readonly id: Id;
  readonly rank: ListRank;
  readonly kinds: readonly ListedSubject['kind'][];
  readonly nothing: string;
  /** What follows of being listed. */
  readonly outcome: (subject: ListedSubject) => string;
};

export function rankRule<Id extends string>(wish: Wish<Id>): Rule<Id> {
  return {
    id: wish.id,
    judge: (facts) =>
      orElse(
        facts.lists.subjects
          .filter(({ kind, answers }) => wish.kinds.includes(kind) && answers.length > 0)
          .map((subject) => judgeSubject(facts, subject, wish)),
        () => nothingAsked(facts, wish.nothing),
      ),
  };
}

function judgeSubject(facts: DomainFacts, subject: ListedSubject, wish: Wish<string>): Judged {
  const found = listingsOf(subject, wish.rank);
  const told = toldBy(subject, wish.rank);
  const base = { subject: subject.text };
  if (found.length > 0)
    return fails({
      ...base,
      evidence: listEvidence(facts, [...new Set(found.map(({ answer }) => answer))]),
      meaning: `${subject.text} is on ${entriesText(found)}: ${wish.outcome(subject)}.`,
      fix: { delete: [], set: [], steps: stepsFor(found) },
    });
  if (told.length === 0)
    return staysUnknown({
      ...base,
      meaning: `Whether ${subject.text} is listed is not known: no such list told anything.`,
    });
  return passes({
    ...base,
    evidence: listEvidence(facts, told),
    meaning: `${subject.text} is not on ${listed(namesOf(told), 6)}.`,
  });
}

function entriesText(found: readonly Listing[]): string {
  return listed(found.map(({ answer, entry }) => `${answer.list.name} (${entry.name})`));
}

function stepsFor(found: readonly Listing[]): readonly string[] {
  return found.map(({ answer, entry }) => `${answer.list.name} ${entry.name}: ${entry.remedy} (${answer.list.page})`);
}
