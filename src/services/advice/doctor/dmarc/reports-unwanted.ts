/** DMA-07: nobody gets the reports. */
import { fails, passes } from '../judged.ts';
import { isUnused } from '../parked/usage.ts';
import type { Rule } from '../types.ts';
import { mended } from './mend-record.ts';
import { withRecord } from './own-record.ts';
import { reportsTo } from './safe-draft.ts';

export const reportsUnwanted: Rule = {
  id: 'DMA-07',
  judge: (facts) =>
    withRecord(facts, ({ record: { rua }, about }) => {
      if (rua.length > 0)
        return [passes({ ...about, meaning: 'Receivers are told where to send their daily reports.' })];
      const to = reportsTo(facts);
      // The record that PRK-03 asks for names none: where nobody sends, reports only satisfy curiosity.
      const meaning =
        'The record names no address for reports (rua=), so nobody sees who sends as you, or which of your own mail fails.';
      const steps =
        to.length > 0
          ? ['Any address that you read may stand in place of postmaster.']
          : ['Add "; rua=mailto:" and an address that receives mail.'];
      const fix = to.length > 0 ? mended(facts, undefined, steps) : { delete: [], set: [], steps };
      return [fails({ ...about, ...(isUnused(facts) && { severity: 'advice' }), meaning, fix })];
    }),
};
