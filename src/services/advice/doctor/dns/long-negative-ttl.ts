/** DNS-09: how long a new record stays invisible. Pure. */
import { recordsIn, whyUnanswered } from '../ask.ts';
import { fails, passes, plural, skips, staysUnknown } from '../judged.ts';
import type { DomainFacts, Judged } from '../types.ts';

/** RFC 2308 §5: one to three hours have been found to work well. */
const negativeTtlMaxSeconds = 3 * 3600;
const negativeTtlGoodSeconds = 3600;

export function longNegativeTtl({ dns: { zone, isZoneText }, show }: DomainFacts): readonly Judged[] {
  const { soa, top } = zone;
  const evidence = [show(top, 'SOA')];
  const [record] = recordsIn(soa);
  if (soa.kind === 'none' && isZoneText)
    return [
      skips({ subject: top, meaning: 'The zone file has no SOA record, which says how soon new records are seen.' }),
    ];
  if (soa.kind !== 'found' || record === undefined) {
    const why = soa.kind === 'failed' ? whyUnanswered(soa) : 'no SOA record is shown';
    const meaning = `How long resolvers remember that a name of ${top} does not exist could not be seen: ${why}.`;
    return [staysUnknown({ subject: top, meaning, evidence })];
  }
  const seconds = Math.min(soa.ttlSeconds, record.minimum); // RFC 2308 §5
  if (seconds <= negativeTtlMaxSeconds) {
    const meaning = `A record that is added to ${top} is seen by everybody within ${spoken(seconds)}.`;
    return [passes({ subject: top, meaning, evidence })];
  }
  return [
    fails({
      subject: top,
      meaning: `Resolvers remember for ${spoken(seconds)} that a name of ${top} does not exist: a record that is added now stays invisible for as long.`,
      evidence,
      fix: {
        delete: [],
        set: [],
        steps: [
          `In the SOA record of ${top} set the last number (minimum, "negative TTL") from ${record.minimum} to ${negativeTtlGoodSeconds}.`,
          'Do so a day before the next records are added.',
        ],
      },
    }),
  ];
}

function spoken(seconds: number): string {
  const hours = Math.round(seconds / 3600);
  return hours > 0 ? plural(hours, 'hour') : plural(Math.max(1, Math.round(seconds / 60)), 'minute');
}
