/**
 * How the office is, for `/readyz` and the gauges. Counting the queue reads the index of all that waits, and whoever asks for
 * `/readyz` needs no key: one count answers everybody for a second, however often and however many at once they ask.
 */
import type { Timers } from '../base/clock.ts';
import type { Memory } from '../base/port/memory.ts';
import type { OfficeHealth } from '../entrances/http/http-entrance.ts';
import type { Office } from './compose.ts';

type Counts = Awaited<ReturnType<Office['outbound']['counts']>>;
type Watched = {
  readonly outbound: Pick<Office['outbound'], 'counts'>;
  readonly db: Pick<Office['db'], 'refusal'>;
  readonly disk: Pick<Office['disk'], 'isLow'>;
  readonly memory?: Pick<Memory, 'isShort'>;
};

/** Nobody scrapes more often. */
const countKeptMs = 1_000;

export type OfficeWatch = {
  readonly counts: () => Promise<Counts>;
  readonly health: () => Promise<OfficeHealth>;
};

export function watchOffice(office: Watched, timers: Pick<Timers, 'monotonicMs'>): OfficeWatch {
  let last: { readonly counts: Promise<Counts>; readonly atMs: number } | undefined;
  const counts = () => {
    const nowMs = timers.monotonicMs();
    if (last && nowMs - last.atMs < countKeptMs) return last.counts;
    const now = { counts: office.outbound.counts(), atMs: nowMs };
    now.counts.catch(() => {
      if (last === now) last = undefined;
    });
    last = now;
    return now.counts;
  };
  return { counts, health: async () => healthOf(office, await counts()) };
}

function healthOf({ db, disk, memory }: Watched, counts: Counts): OfficeHealth {
  const { refusal } = db;
  const low = disk.isLow();
  const short = memory?.isShort() === true;
  return [
    { name: 'store', ok: refusal === undefined, say: refusal === undefined ? 'writes are durable' : refusal.message },
    { name: 'disk', ok: !low, say: low ? 'below the reserve: nothing new is taken in' : 'enough room' },
    { name: 'memory', ok: !short, say: short ? 'near its limit: nothing new is taken in' : 'enough room' },
    { name: 'queue', ok: true, say: `${counts.open} deliveries open, ${counts.ready} waiting for a slot` },
  ];
}
