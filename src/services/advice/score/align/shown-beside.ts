/** ALN-07: "via", "mailed-by" and "signed-by": what Gmail shows of who vouched, told before a reader asks. */
import { steps } from '../rows/words.ts';
import { type AlignmentRule, passing, proofEvidence, skip, subjectOf } from './rule.ts';

export const shownBeside: AlignmentRule = {
  id: 'ALN-07',
  judge: (facts) => {
    const { domain, states, evidence } = facts;
    if (domain === undefined) return skip(facts, 'From names no one author');
    const signed = passing(facts)[0]?.domain;
    const mailed = states.spf.result === 'pass' ? evidence.spf?.domain : undefined;
    const details = [
      ...(mailed === undefined ? [] : [`mailed-by: ${mailed}`]),
      ...(signed === undefined ? [] : [`signed-by: ${signed}`]),
    ];
    const base = { subject: subjectOf(facts), evidence: proofEvidence(facts) };
    const told = details.length === 0 ? '' : ` Its details say ${details.join(' and ')}.`;
    if (facts.alignment.verdict === 'aligned')
      return { ...base, status: 'pass', meaning: `the name stands alone, without "via".${told}` };
    if (facts.alignment.verdict === 'unknown')
      return { ...base, status: 'unknown', meaning: 'what a mail program shows beside the name is not known' };
    const by = signed ?? mailed;
    if (by === undefined)
      return {
        ...base,
        status: 'fail',
        meaning: 'a question mark for a face: nothing shows who sent it',
        fix: mend(domain),
      };
    return { ...base, status: 'fail', meaning: `readers see "via ${by}" beside the name.${told}`, fix: mend(domain) };
  },
};

const mend = (domain: string) => steps(`once it is signed as ${domain}, the mark goes away`);
