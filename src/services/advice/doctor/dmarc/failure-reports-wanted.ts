/** DMA-22: copies of other people's mail are asked for. */
import { fails, listed, passes } from '../judged.ts';
import type { Rule } from '../types.ts';
import { withRecord } from './own-record.ts';

/** RFC 9991 (privacy considerations) */
export const failureReportsWanted: Rule = {
  id: 'DMA-22',
  judge: (facts) =>
    withRecord(facts, ({ record: { ruf }, about }) => {
      if (ruf.length === 0) return [passes({ ...about, meaning: 'Nobody is asked for copies of single messages.' })];
      const to = listed(
        ruf.map(({ uri }) => uri),
        2,
      );
      const meaning = `The record asks for reports on single messages (ruf=, to ${to}): they hold addresses and words of other people, and hardly any receiver sends them.`;
      const steps = ['Take ruf= away, unless somebody reads these reports and is allowed to.'];
      return [fails({ ...about, meaning, fix: { delete: [], set: [], steps } })];
    }),
};
