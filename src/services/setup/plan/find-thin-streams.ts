/** Mail on sub-domains of its own has a reputation of its own, good or bad: which of them have too little mail to earn one. Pure. */
import type { Declaration, PlanNote } from '../types.ts';

/** Fewer messages a week and receivers see a stranger each time. (Our choice: some 150 a day.) */
const weeklyMin = 1_000;
/** People, transactions and campaigns: more kinds than these are rarely told apart by anybody. (Our choice.) */
const streamsMax = 3;

export function findThinStreams({ domain, senders }: Declaration): readonly PlanNote[] {
  const streams = new Map<string, number | undefined>();
  for (const { parameters, perWeek } of senders) {
    const { subdomain } = parameters;
    if (subdomain === undefined) continue;
    const name = `${subdomain}.${domain}`;
    const before = streams.get(name);
    streams.set(name, perWeek === undefined ? before : (before ?? 0) + perWeek);
  }
  const thin = [...streams].flatMap(([name, perWeek]) =>
    perWeek === undefined || perWeek >= weeklyMin
      ? []
      : [
          {
            code: 'thin-stream',
            name,
            say: `${perWeek} messages a week are too few for ${name} to earn a name of its own with receivers: below ${weeklyMin} it does better on ${domain} itself or together with another stream.`,
          },
        ],
  );
  const isSplit = streams.size > streamsMax;
  const say = `${streams.size} sub-domains each begin without reputation; few senders have mail enough for more than ${streamsMax}.`;
  return isSplit ? [...thin, { code: 'many-streams', name: domain, say }] : thin;
}
