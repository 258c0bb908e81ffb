/** DMA-05: a record without a policy, or with one that is none. */
import { fails, passes } from '../judged.ts';
import type { Rule } from '../types.ts';
import { mended } from './mend-record.ts';
import { withRecord } from './own-record.ts';

/** RFC 9989 §4.10.1 */
export const policyMissing: Rule = {
  id: 'DMA-05',
  judge: (facts) =>
    withRecord(facts, ({ record: { usable, p, sp, np, remarks }, about }) => {
      if (usable === 'yes')
        return [passes({ ...about, meaning: `The record says what is to become of mail that fails: p=${p}.` })];
      const wrong = remarks.filter((remark) => /^(?:p|sp|np)=/.test(remark));
      const what =
        p === undefined && wrong.every((remark) => !remark.startsWith('p=')) ? 'p= is missing' : wrong.join(', ');
      const effect =
        usable === 'as-none'
          ? 'receivers take the whole record for p=none'
          : 'receivers take it for no record at all, since it names no address for reports either';
      const isDormant = p !== undefined && p !== 'none';
      const steps = [
        ...(isDormant
          ? [`From then on p=${p} is in force, which it was not until now: be sure that all your senders pass.`]
          : []),
        ...(p === undefined ? ['p=none is what receivers act by now; a stronger policy comes step by step.'] : []),
      ];
      const meaning = `What the DMARC record asks for cannot be made out (${what}): ${effect}.`;
      // What was read of sp and np stays; a wrong one goes, and then p counts for those names too.
      const change = <Draft extends object>(draft: Draft) => ({ ...draft, ...(sp && { sp }), ...(np && { np }) });
      return [fails({ ...about, meaning, fix: mended(facts, change, steps) })];
    }),
};
