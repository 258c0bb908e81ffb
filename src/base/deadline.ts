/**
 * A time limit that is set again and again and hardly ever reached: one timer, which looks when it fires whether the limit has moved
 * on meanwhile. A timer for each of the 16 waits of a message took as long as its body's hash.
 */
import type { Timers } from './clock.ts';

export class Deadline {
  readonly #timers: Timers;
  #limit: { readonly atMs: number; readonly run: () => void } | undefined;
  #timer: { readonly firesAtMs: number; readonly cancel: () => void } | undefined;

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  /** `run` is called once after `ms`, unless the limit is set anew or cleared before. */
  set(ms: number, run: () => void): void {
    const atMs = this.#timers.monotonicMs() + ms;
    this.#limit = { atMs, run };
    if (this.#timer && this.#timer.firesAtMs <= atMs) return;
    this.#timer?.cancel();
    this.#arm(ms, atMs);
  }

  /** Nobody waits; the timer may fire in vain. */
  clear(): void {
    this.#limit = undefined;
  }

  /** For good: no timer is left. */
  close(): void {
    this.clear();
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #arm(ms: number, firesAtMs: number): void {
    this.#timer = { firesAtMs, cancel: this.#timers.after(ms, () => this.#fired()) };
  }

  #fired(): void {
    this.#timer = undefined;
    if (!this.#limit) return;
    const { atMs, run } = this.#limit;
    const leftMs = atMs - this.#timers.monotonicMs();
    if (leftMs > 0) this.#arm(leftMs, atMs);
    else {
      this.#limit = undefined;
      run();
    }
  }
}

/** Resolves when somebody is asked to stop. */
export function stopped(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    else signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
}
