/** BLK-08: when the whole domain becomes a bulk sender, for good. */
import { failed, passed, seen, skipped, steps } from '../../content/judged.ts';
import type { BulkRule } from '../types.ts';

/** Gmail and Microsoft, per day and receiver, all sub-domains together. */
const bulkFrom = 5_000;
const daysAhead = 30;
/** Fewer days make no trend. */
const daysMin = 7;
/** Gmail says "close to 5,000". */
const closePercent = 80;

export const bulkThreshold: BulkRule<'BLK-08'> = {
  id: 'BLK-08',
  judge: ({ stream }) => {
    const known = stream?.volume;
    if (known === undefined || known.perDay.length === 0)
      return [skipped({ subject: 'volume', meaning: 'How much the domain sends is not known here.' })];
    const { receiver: subject, perDay } = known;
    const most = perDay.reduce((max, one) => Math.max(max, one), 0);
    const evidence = [seen('most in a day', `${most} messages in ${perDay.length} days`)];
    const fix = steps(
      'Meet the rules for bulk senders now: SPF and DKIM, DMARC, one-click unsubscribe, fewer than 0.10 % complaints.',
    );
    if (most * 100 >= bulkFrom * closePercent) {
      const meaning = `The domain sent ${most} messages to ${subject} in one day: it counts as a bulk sender there from now on.`;
      return [failed({ subject, meaning, evidence, fix })];
    }
    const days = daysUntilBulk(perDay);
    if (days === undefined)
      return [
        passed({
          subject,
          meaning: `At most ${most} messages a day go to ${subject}, and it will not be 5,000 soon.`,
          evidence,
        }),
      ];
    const meaning = `At this rate the domain sends 5,000 messages a day to ${subject} in about ${days} days.`;
    return [failed({ subject, severity: 'advice', meaning, evidence, fix })];
  },
};

/** By the line that fits the days best; undefined when it does not get there within a month. */
function daysUntilBulk(perDay: readonly number[]): number | undefined {
  const days = perDay.length;
  if (days < daysMin) return undefined;
  const middle = (days - 1) / 2;
  const mean = perDay.reduce((sum, one) => sum + one, 0) / days;
  const spread = perDay.reduce((sum, _, day) => sum + (day - middle) ** 2, 0);
  const slope = perDay.reduce((sum, one, day) => sum + (day - middle) * (one - mean), 0) / spread;
  if (slope <= 0) return undefined;
  const left = Math.ceil((bulkFrom - mean) / slope + middle) - (days - 1);
  return left > daysAhead ? undefined : Math.max(left, 1);
}
