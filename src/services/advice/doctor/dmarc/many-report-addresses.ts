/** DMA-10: more addresses for reports than receivers have to serve. */
import { fails, passes } from '../judged.ts';
import type { Rule } from '../types.ts';
import { withRecord } from './own-record.ts';

const addressesServed = 2; // RFC 7489 §6.2: receivers must support two; RFC 9990 asks for no more

export const manyReportAddresses: Rule = {
  id: 'DMA-10',
  judge: (facts) =>
    withRecord(facts, ({ record: { rua }, about }) => {
      if (rua.length <= addressesServed)
        return [
          passes({
            ...about,
            meaning: `No more than ${addressesServed} addresses get reports, so every receiver serves them all.`,
          }),
        ];
      const meaning = `The record names ${rua.length} addresses for reports, and some receivers serve only the first ${addressesServed}.`;
      const steps = [`Put the ${addressesServed} that matter most first, or have one mailbox pass the reports on.`];
      return [fails({ ...about, meaning, fix: { delete: [], set: [], steps } })];
    }),
};
