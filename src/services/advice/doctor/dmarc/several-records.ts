/** DMA-02: several records, so that none counts. */
import { fails, passes, plural } from '../judged.ts';
import type { Rule } from '../types.ts';
import { mended } from './mend-record.ts';
import { aboutRecord, unanswered, withRecord } from './own-record.ts';

/** RFC 9989 §4.10 */
export const severalRecords: Rule = {
  id: 'DMA-02',
  judge: (facts) => {
    const { texts, name } = facts.dmarc;
    if (texts.dmarc.length < 2 || unanswered(facts))
      return withRecord(facts, ({ about }) => [passes({ ...about, meaning: `One DMARC record stands at ${name}.` })]);
    const meaning = `${plural(texts.dmarc.length, 'DMARC record')} stand at ${name}: receivers then take none of them, as if there were no policy at all.`;
    return [
      fails({
        ...aboutRecord(facts),
        meaning,
        fix: mended(facts, undefined, ['The strongest of them stays, with all addresses for reports.']),
      }),
    ];
  },
};
