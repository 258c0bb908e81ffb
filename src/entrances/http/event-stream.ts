/**
 * Events as server-sent events (HTML standard, "Server-sent events"): one at a time, as fast as the client reads them. A comment
 * now and then keeps the connection alive and tells a gone client from a silent log.
 */
import { utf8 } from '../../base/bytes.ts';
import type { Timers } from '../../base/clock.ts';
import type { EventRecord } from '../../services/events/types.ts';
import { showEvent } from './show.ts';

/** Proxies close what is silent for a minute; some after half of it. */
const heartbeatMs = 15_000;
/** What a browser waits before it comes back. */
const reconnectMs = 2_000;

export type EventStreamOptions = {
  /** Not called before somebody reads. */
  readonly follow: (signal: AbortSignal) => AsyncIterator<EventRecord, void, undefined>;
  readonly timers: Timers;
  /** Ends the stream. */
  readonly signal: AbortSignal;
  /** Called once, when the stream has ended in whatever way. */
  readonly release: () => void;
};

export function eventStream({ follow, timers, signal, release }: EventStreamOptions): ReadableStream<Uint8Array> {
  const gone = new AbortController();
  const ended = AbortSignal.any([signal, gone.signal]);
  let events: AsyncIterator<EventRecord, void, undefined> | undefined;
  let next: Promise<IteratorResult<EventRecord, void>> | undefined;

  const read = async (): Promise<Uint8Array | undefined> => {
    if (!events) {
      events = follow(ended);
      return utf8(`retry: ${reconnectMs}\n\n`);
    }
    next ??= events.next();
    const result = await withHeartbeat(next, timers);
    if (result === 'heartbeat') return utf8(': still here\n\n');
    next = undefined;
    return result.done ? undefined : writeEvent(result.value);
  };

  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        // When the log cannot be read the stream just ends: the client comes back with its Last-Event-ID, and is told then.
        const chunk = await read().catch(() => undefined);
        if (chunk) return controller.enqueue(chunk);
        release();
        controller.close();
      },
      cancel() {
        gone.abort();
        release();
      },
    },
    { highWaterMark: 0 },
  );
}

async function withHeartbeat<T>(next: Promise<T>, timers: Timers): Promise<T | 'heartbeat'> {
  const answered = new AbortController();
  const alarm = timers.sleep(heartbeatMs, answered.signal).then(() => 'heartbeat' as const);
  try {
    return await Promise.race([next, alarm]);
  } finally {
    answered.abort();
  }
}

/** JSON has no line ends of its own, so one data line holds it. */
function writeEvent(event: EventRecord): Uint8Array {
  return utf8(`id: ${event.id}\nevent: ${event.type}\ndata: ${JSON.stringify(showEvent(event))}\n\n`);
}
