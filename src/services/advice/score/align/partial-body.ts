/** ALN-09: l=: the rest of the body may be anybody's. */
import { steps } from '../rows/words.ts';
import { type AlignmentRule, signatureEvidence, skip, subjectOf } from './rule.ts';

export const partialBody: AlignmentRule = {
  id: 'ALN-09',
  judge: (facts) => {
    if (facts.signatures.length === 0) return skip(facts, 'nobody signed it');
    const partial = facts.signatures.filter(({ bodyOctets }) => bodyOctets !== undefined);
    const base = { subject: subjectOf(facts) };
    if (partial.length === 0)
      return { ...base, status: 'pass', evidence: [], meaning: 'the signatures cover the whole body' };
    const signers = partial.map(({ domain, bodyOctets }) => `${domain} (l=${bodyOctets})`).join(', ');
    return {
      ...base,
      status: 'fail',
      evidence: partial.map(signatureEvidence),
      meaning: `only the beginning of the body is signed by ${signers}: anybody can add text below it`,
      fix: steps('have the signer leave l= out'),
    };
  },
};
