/** Time that moves only when told to: for waits of minutes in tests of milliseconds. */
import type { Timers } from '../../src/base/clock.ts';
import { isDiskBusy } from './disk-busy.ts';

export type ManualTimers = Timers & {
  /** Lets `ms` pass: what is due runs, in order; whoever was woken has run when it resolves. */
  readonly pass: (ms: number) => Promise<void>;
};

type Due = { readonly atMs: number; readonly run: () => void };

/** Long enough for a chain of promises and socket callbacks to settle, and for the disk to have done what it was asked for. */
async function settle(): Promise<void> {
  for (let calm = 0; calm < 20; calm = isDiskBusy() ? 0 : calm + 1)
    await new Promise((resolve) => setImmediate(resolve));
}

export function createManualTimers(startMs = Date.UTC(2026, 0, 1)): ManualTimers {
  let nowMs = startMs;
  const waiting = new Set<Due>();
  const after = (ms: number, run: () => void) => {
    const due = { atMs: nowMs + Math.max(ms, 0), run };
    waiting.add(due);
    return () => {
      waiting.delete(due);
    };
  };
  return {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs - startMs,
    after,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve();
        const cancel = after(ms, resolve);
        signal?.addEventListener('abort', () => {
          cancel();
          resolve();
        });
      }),
    pass: async (ms) => {
      const untilMs = nowMs + ms;
      await settle();
      for (;;) {
        const next = [...waiting].filter((due) => due.atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0];
        if (!next) break;
        waiting.delete(next);
        nowMs = Math.max(nowMs, next.atMs);
        next.run();
        await settle();
      }
      nowMs = untilMs;
      await settle();
    },
  };
}
