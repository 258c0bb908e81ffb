/** ALN-10: x= in the past. One that a receiver noted as passing was in time when it came. */
import { steps } from '../rows/words.ts';
import { type AlignmentRule, signatureEvidence, skip, subjectOf } from './rule.ts';

export const expiredSignature: AlignmentRule = {
  id: 'ALN-10',
  judge: (facts) => {
    if (facts.signatures.length === 0) return skip(facts, 'nobody signed it');
    const expired = facts.signatures.filter(
      ({ expiresAtSeconds, result }) =>
        expiresAtSeconds !== undefined && expiresAtSeconds * 1_000 < facts.nowMs && result !== 'pass',
    );
    const base = { subject: subjectOf(facts) };
    if (expired.length === 0)
      return { ...base, status: 'pass', evidence: [], meaning: 'no signature is past its time' };
    const at = (seconds = 0) => new Date(seconds * 1_000).toISOString().slice(0, 19).replace('T', ' ');
    const told = expired.map((one) => `that of ${one.domain} at ${at(one.expiresAtSeconds)} UTC`).join(', ');
    return {
      ...base,
      status: 'fail',
      evidence: expired.map(signatureEvidence),
      meaning: `the time of a signature is over: ${told}`,
      fix: steps('have the signer leave x= out, or allow for a week of retries'),
    };
  },
};
