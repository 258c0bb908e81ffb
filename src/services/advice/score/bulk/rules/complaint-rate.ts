/** BLK-04: how many call it spam. */
import { failed, passed, seen, skipped, steps, unknown } from '../../content/judged.ts';
import type { BulkRule } from '../types.ts';

/** In ten-thousandths, as Gmail and Yahoo publish them: 0.10 % is the aim, 0.30 % the end. */
const aim = 10;
const end = 30;
/** Below this one complaint would be a catastrophe on paper. */
const deliveredMin = 1_000;

export const complaintRate: BulkRule<'BLK-04'> = {
  id: 'BLK-04',
  judge: ({ stream }) => {
    const known = stream?.complaints;
    if (known === undefined)
      return [
        skipped({
          subject: 'complaints',
          meaning:
            'How many complained is not known: receivers tell it in reports, and Posthorn does not read those yet.',
        }),
      ];
    const { receiver: subject, delivered, complaints } = known;
    const evidence = [seen('complaints', `${complaints} of ${delivered} messages`)];
    if (delivered < deliveredMin)
      return [unknown({ subject, meaning: `${delivered} messages are too few to tell.`, evidence })];
    const rate = (complaints * 10_000) / delivered;
    const percent = `${(rate / 100).toFixed(2)} %`;
    if (rate < aim)
      return [passed({ subject, meaning: `${percent} of the readers complain; below 0.10 % is good.`, evidence })];
    const meaning =
      rate >= end
        ? `${percent} of the readers complain: from 0.30 % on ${subject} junks or refuses all mail of the domain.`
        : `${percent} of the readers complain; it must stay below 0.30 % and should be below 0.10 %.`;
    const fix = steps(
      'Stop writing to those who have not opened anything for half a year.',
      'Write only to people who asked for it, and say why they get it.',
      'Make unsubscribing easier to find than the spam button.',
    );
    return [failed({ subject, severity: rate >= end ? 'critical' : 'warn', meaning, evidence, fix })];
  },
};
