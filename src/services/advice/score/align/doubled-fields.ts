/** ALN-11: a second field that nobody signed: which of the two a reader sees is chance. */
import { fieldsNamed } from '../../../../format/message/message-index.ts';
import { steps } from '../rows/words.ts';
import { type AlignmentRule, passing, signatureEvidence, skip, subjectOf } from './rule.ts';

/** RFC 5322 §3.6: fields that may stand there once. */
const once = [
  'From',
  'Subject',
  'Date',
  'To',
  'Cc',
  'Reply-To',
  'Sender',
  'Message-ID',
  'MIME-Version',
  'Content-Type',
];

export const doubledFields: AlignmentRule = {
  id: 'ALN-11',
  judge: (facts) => {
    const holding = passing(facts).filter(({ fieldNames }) => fieldNames.length > 0);
    if (holding.length === 0) return skip(facts, 'no signature holds');
    const base = { subject: subjectOf(facts), evidence: holding.map(signatureEvidence) };
    const times = (names: readonly string[], name: string) => names.filter((one) => one === name.toLowerCase()).length;
    const loose = once.filter((name) => {
      const there = fieldsNamed(facts.index, name).length;
      if (there < 2) return false;
      const signed = Math.max(...holding.map(({ fieldNames }) => times(fieldNames, name)));
      return signed > 0 && signed < there;
    });
    if (loose.length > 0)
      return {
        ...base,
        status: 'fail',
        severity: 'error',
        meaning: `${loose.join(', ')} stands there more often than it is signed: a reader may see the one that nobody signed`,
        fix: steps(`send ${loose.join(', ')} once, and have the signer name it once more in h= than it stands there`),
      };
    return { ...base, status: 'pass', meaning: 'no signed field stands there a second time' };
  },
};
