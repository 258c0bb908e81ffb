/** ALN-05: exactly one author, or nobody can say whose mail it is. */
import { steps } from '../rows/words.ts';
import { type AlignmentRule, headerEvidence, subjectOf } from './rule.ts';

export const oneAuthor: AlignmentRule = {
  id: 'ALN-05',
  judge: (facts) => {
    const base = { subject: subjectOf(facts), evidence: [headerEvidence(facts, 'From')] };
    if (facts.author.kind === 'one') {
      const { mailboxes, domain } = facts.author;
      return {
        ...base,
        status: 'pass',
        meaning: mailboxes.length === 1 ? `From names one author at ${domain}` : `all authors in From are at ${domain}`,
      };
    }
    return {
      ...base,
      status: 'fail',
      meaning: `nobody can tell who wrote it: ${facts.author.why}`,
      fix: steps('write one From field with one address'),
    };
  },
};
