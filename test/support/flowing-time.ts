/** Time that stands still while anybody has something to do, and then jumps to the next timer. */
import type { Timers } from '../../src/base/clock.ts';
import { isDiskBusy } from './disk-busy.ts';

export type FlowingTime = Timers & {
  /** Lets time pass and runs what becomes due, in order. */
  readonly advance: (ms: number) => void;
  /** Sets the wall clock, as an operator or NTP does: nothing becomes due by that. */
  readonly setWall: (nowMs: number) => void;
  /**
   * Waits for `promise` and lets time jump to the next timer whenever everybody sleeps. Gives up (rejects) when `promise` is still
   * open after `mostMs` of this time.
   */
  readonly flowUntil: <T>(promise: Promise<T>, mostMs?: number) => Promise<T>;
};

type Pending = { readonly atMs: number; readonly run: () => void };

/** Turns of the event loop, while the disk rests, after which whoever had something to do has done it. */
const quietTurns = 25;
/** What goes on that long in real time goes on for ever. */
const realPatienceMs = 30_000;

export function flowingTime(startMs: number): FlowingTime {
  const pending = new Set<Pending>();
  let wallMs = startMs;
  let passedMs = 0;

  const after = (ms: number, run: () => void) => {
    const entry = { atMs: passedMs + Math.max(ms, 0), run };
    pending.add(entry);
    return () => {
      pending.delete(entry);
    };
  };
  const next = () => [...pending].sort((a, b) => a.atMs - b.atMs)[0];
  const advance = (ms: number) => {
    const untilMs = passedMs + ms;
    for (let due = next(); due && due.atMs <= untilMs; due = next()) {
      wallMs += Math.max(due.atMs - passedMs, 0);
      passedMs = Math.max(due.atMs, passedMs);
      pending.delete(due);
      due.run();
    }
    wallMs += untilMs - passedMs;
    passedMs = untilMs;
  };

  return {
    nowMs: () => wallMs,
    monotonicMs: () => passedMs,
    after,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve();
        const done = () => {
          cancel();
          signal?.removeEventListener('abort', done);
          resolve();
        };
        const cancel = after(ms, done);
        signal?.addEventListener('abort', done, { once: true });
      }),
    advance,
    setWall: (nowMs) => {
      wallMs = nowMs;
    },
    flowUntil: async (promise, mostMs = 10 * 86_400_000) => {
      const untilMs = passedMs + mostMs;
      const realEndMs = performance.now() + realPatienceMs;
      let settled = false;
      const done = () => {
        settled = true;
      };
      promise.then(done, done);
      for (;;) {
        for (let quiet = 0; quiet < quietTurns && !settled; quiet = isDiskBusy() ? 0 : quiet + 1)
          await new Promise((resolve) => setImmediate(resolve));
        if (settled) return promise;
        const due = next();
        if (!due || due.atMs > untilMs || performance.now() > realEndMs)
          throw new Error(`still waiting after ${mostMs} ms of this time`);
        advance(due.atMs - passedMs);
      }
    },
  };
}
