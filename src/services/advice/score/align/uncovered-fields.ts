/** ALN-08: what a signature that holds leaves open. */
import { fieldsNamed } from '../../../../format/message/message-index.ts';
import { steps } from '../rows/words.ts';
import { type AlignmentRule, passing, signatureEvidence, skip, subjectOf } from './rule.ts';

/** From always is, or the signature would not hold; the unsubscribe fields have to be for one-click (RFC 8058 §4). */
const worthCovering = ['From', 'Subject', 'Date', 'List-Unsubscribe', 'List-Unsubscribe-Post'];

export const uncoveredFields: AlignmentRule = {
  id: 'ALN-08',
  judge: (facts) => {
    const holding = passing(facts).filter(({ fieldNames }) => fieldNames.length > 0);
    if (holding.length === 0) return skip(facts, 'no signature holds');
    const base = { subject: subjectOf(facts), evidence: holding.map(signatureEvidence) };
    const open = worthCovering.filter(
      (name) => fieldsNamed(facts.index, name).length > 0 && !facts.covered.has(name.toLowerCase()),
    );
    if (open.length === 0)
      return { ...base, status: 'pass', meaning: 'what a reader sees of the header is under the signature' };
    return {
      ...base,
      status: 'fail',
      meaning: `not under any signature that holds, so anybody on the way may change it: ${open.join(', ')}`,
      fix: steps(`have the signer add ${open.join(', ')} to what it signs (h=)`),
    };
  },
};
