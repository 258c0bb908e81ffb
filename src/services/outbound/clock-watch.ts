/**
 * Notices when the wall clock is set while the office runs: it then goes another way than the monotonic one. What waits for a time
 * would wait too long after a step back; and what ends by time would end all at once after a step ahead, or after a start with a
 * wrong clock. Small steps (NTP, leap seconds) are followed silently.
 */
import type { Timers } from '../../base/clock.ts';

/** Shorter than the shortest usual gap between two tries: a smaller step delays or hastens nothing that matters. */
const stepMinMs = 60_000;

export class ClockWatch {
  readonly #timers: Timers;
  readonly #calmMs: number;
  /** Wall clock minus monotonic one, when looked at last. */
  #offsetMs: number;
  /** By the monotonic clock. */
  #calmFromMs: number;
  #setBackMs = 0;

  /** @param calmMs how long the clock has to go on undisturbed, from the start too, before anything ends by it */
  constructor(timers: Timers, calmMs: number) {
    this.#timers = timers;
    this.#calmMs = calmMs;
    this.#offsetMs = timers.nowMs() - timers.monotonicMs();
    this.#calmFromMs = timers.monotonicMs() + calmMs;
  }

  /** Whole milliseconds, as all times in the queue. For so long nothing may end by the wall clock; 0 when it has gone on undisturbed for long enough. */
  get doubtMs(): number {
    this.#look();
    return Math.ceil(Math.max(0, this.#calmFromMs - this.#timers.monotonicMs()));
  }

  /** By how much the clock was set back, and nobody has allowed for it yet (`allowedFor`). */
  get setBackMs(): number {
    this.#look();
    return this.#setBackMs;
  }

  allowedFor(ms: number): void {
    this.#setBackMs -= ms;
  }

  #look(): void {
    const nowMs = this.#timers.monotonicMs();
    const offsetMs = this.#timers.nowMs() - nowMs;
    const stepMs = offsetMs - this.#offsetMs;
    this.#offsetMs = offsetMs;
    if (stepMs >= stepMinMs) this.#calmFromMs = nowMs + this.#calmMs;
    if (stepMs <= -stepMinMs) this.#setBackMs -= Math.round(stepMs);
  }
}
