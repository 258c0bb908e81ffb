/** DMA-23: while the policy is being raised, a step back would take long to be seen. */
import { stageOf } from '../../../setup/setup.ts';
import { fails, passes, skips } from '../judged.ts';
import type { Rule } from '../types.ts';
import { mended, ttlWanted } from './mend-record.ts';
import { withRecord } from './own-record.ts';

export const slowToChange: Rule = {
  id: 'DMA-23',
  judge: (facts) =>
    withRecord(facts, ({ record, about }) => {
      const { answer } = facts.dmarc;
      if (record.usable !== 'yes')
        return [skips({ ...about, meaning: 'The record asks for nothing that could be seen: DMA-05 tells why.' })];
      const ttl = answer.kind === 'found' ? answer.ttlSeconds : 0;
      const isThere = stageOf(record) === 'reject';
      if (isThere || ttl <= ttlWanted)
        return [
          passes({
            ...about,
            meaning: isThere
              ? 'The record has arrived at its last stage and may be kept for long.'
              : `A change of the record is seen everywhere within ${spell(ttlWanted)}.`,
          }),
        ];
      const meaning = `Receivers keep the record for ${spell(ttl)} (its TTL): should a stronger policy hit your own mail, the way back takes as long.`;
      return [fails({ ...about, meaning, fix: mended(facts) })];
    }),
};

function spell(seconds: number): string {
  const hours = Math.round(seconds / 3600);
  if (hours < 2) return hours < 1 ? `${Math.ceil(seconds / 60)} minutes` : 'an hour';
  return hours < 48 ? `${hours} hours` : `${Math.round(hours / 24)} days`;
}
