/** Many waits of one length: a single timer that looks at the oldest, since a timer for each cost more than most of them wait for. */
import type { Timers } from '../../base/clock.ts';

export class Deadlines {
  readonly #timers: Timers;
  readonly #ms: number;
  /** The oldest first. */
  readonly #due = new Set<{ readonly atMs: number; readonly run: () => void }>();
  #isArmed = false;

  constructor(timers: Timers, ms: number) {
    this.#timers = timers;
    this.#ms = ms;
  }

  /** Calls `run` once when the time is over; the answer cancels it. */
  add(run: () => void): () => void {
    const one = { atMs: this.#timers.monotonicMs() + this.#ms, run };
    this.#due.add(one);
    if (!this.#isArmed) this.#arm(this.#ms);
    return () => void this.#due.delete(one);
  }

  #arm(ms: number): void {
    this.#isArmed = true;
    this.#timers.after(ms, () => this.#fire());
  }

  #fire(): void {
    this.#isArmed = false;
    const nowMs = this.#timers.monotonicMs();
    for (const one of this.#due) {
      if (one.atMs > nowMs) {
        this.#arm(one.atMs - nowMs);
        return;
      }
      this.#due.delete(one);
      one.run();
    }
  }
}
