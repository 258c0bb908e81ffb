/**
 * Time as a parameter. Due times and dates use the wall clock (`nowMs`), durations the monotonic one (`monotonicMs`),
 * and everything that waits goes through `sleep` or `after`, so that a simulation can own time.
 */

export interface Clock {
  /** Milliseconds since 1970-01-01T00:00Z; may jump when the machine's clock is set. */
  readonly nowMs: () => number;
}

export interface Timers extends Clock {
  /** Milliseconds from an arbitrary start; never jumps. */
  readonly monotonicMs: () => number;
  /** Resolves after `ms`, or at once (without throwing) when `signal` aborts. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** Calls `run` once after `ms`; the answer cancels it. Does not keep the process alive. */
  readonly after: (ms: number, run: () => void) => () => void;
}

/** setTimeout takes 32-bit delays; a longer one would fire at once. */
const timeoutMaxMs = 2 ** 31 - 1;

export const systemClock: Timers = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const done = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, Math.min(Math.max(ms, 0), timeoutMaxMs));
      signal?.addEventListener('abort', done, { once: true });
    }),
  after: (ms, run) => {
    const timer = setTimeout(run, Math.min(Math.max(ms, 0), timeoutMaxMs));
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/** A clock that stands still at `atMs`: for `--clock` and tests. */
export function fixedClock(atMs: number): Clock {
  return { nowMs: () => atMs };
}
