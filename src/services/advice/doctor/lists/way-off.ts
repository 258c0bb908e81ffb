/** LST-05: for each entry, why it came about, what ends it, and where to ask. */
import { fails, orElse, passes, quoted, staysUnknown } from '../judged.ts';
import type { DomainFacts, Judged, Rule } from '../types.ts';
import type { ListedSubject } from './facts.ts';
import { type Listing, listEvidence, listingsOf, nothingAsked } from './listings.ts';

export const wayOff: Rule<'LST-05'> = {
  id: 'LST-05',
  judge: (facts) => {
    const { subjects } = facts.lists;
    const found = subjects.flatMap((subject) =>
      listingsOf(subject).map((listing) => judgeListing(facts, subject, listing)),
    );
    return orElse(found, () => nothingListed(facts));
  },
};

function nothingListed(facts: DomainFacts): Judged {
  const { subject, lists } = facts;
  const answers = lists.subjects.flatMap((one) => one.answers);
  if (answers.length === 0) return nothingAsked(facts, 'No block list was asked.');
  return answers.some(({ reading }) => reading.state === 'clean')
    ? passes({
        subject: subject.domain,
        meaning: 'No block list that told has an entry that would have to be taken off.',
      })
    : staysUnknown({ subject: subject.domain, meaning: 'No block list told whether it has an entry.' });
}

function judgeListing(facts: DomainFacts, { text }: ListedSubject, { answer, entry }: Listing): Judged {
  const { list, reason } = answer;
  const said = reason === undefined ? '' : ` The list says: ${quoted(reason, 160)}.`;
  return fails({
    subject: text,
    evidence: listEvidence(facts, [answer]),
    meaning: `${list.name} (${entry.name}) lists ${text} because ${entry.cause}.${said}`,
    fix: { delete: [], set: [], steps: [entry.remedy, `look it up and ask to be taken off at ${list.page}`] },
  });
}
