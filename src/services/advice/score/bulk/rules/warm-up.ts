/** BLK-07: not more today than a sender of this age should. */
import { failed, passed, seen, skipped, steps } from '../../content/judged.ts';
import type { BulkRule } from '../types.ts';

export const warmUp: BulkRule<'BLK-07'> = {
  id: 'BLK-07',
  judge: ({ stream }) => {
    const subject = 'volume';
    const known = stream?.warmUp;
    if (known === undefined) return [skipped({ subject, meaning: 'No warm-up is under way.' })];
    const { sentToday, mayToday } = known;
    const evidence = [seen('messages today', `${sentToday} of ${mayToday}`)];
    if (sentToday <= mayToday)
      return [passed({ subject, meaning: `${sentToday} of ${mayToday} messages for today are sent.`, evidence })];
    const meaning = `${sentToday} messages went out today, and ${mayToday} would be right for a sender of this age.`;
    const fix = steps(`Send the other ${sentToday - mayToday} tomorrow and later, to those first who read you most.`);
    return [failed({ subject, meaning, evidence, fix })];
  },
};
