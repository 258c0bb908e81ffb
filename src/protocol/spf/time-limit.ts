/** The time that all lookups of an SPF check have together, RFC 7208 §4.6.4; whoever asked may end it earlier. */
import type { Timers } from '../../base/clock.ts';

type Running = { readonly ending: AbortController; readonly isUp: Promise<undefined>; readonly stop: () => void };

/** Runs from the first lookup on: a check that finds every answer at hand takes no time, and does without a timer. */
export class TimeLimit {
  readonly #timers: Timers;
  readonly #ms: number;
  readonly #caller: AbortSignal | undefined;
  #running: Running | undefined;

  /** @param caller ends it early */
  constructor(timers: Timers, ms: number, caller: AbortSignal | undefined) {
    this.#timers = timers;
    this.#ms = ms;
    this.#caller = caller;
  }

  get isOver(): boolean {
    return (this.#running?.ending.signal ?? this.#caller)?.aborted === true;
  }

  /** Aborts when it is over. */
  get signal(): AbortSignal {
    return this.#run().ending.signal;
  }

  /** Undefined when the time is up before. */
  within<T>(work: Promise<T>): Promise<T | undefined> {
    return Promise.race([work, this.#run().isUp]);
  }

  close(): void {
    this.#running?.stop();
  }

  #run(): Running {
    this.#running ??= start(this.#timers, this.#ms, this.#caller);
    return this.#running;
  }
}

function start(timers: Timers, ms: number, caller: AbortSignal | undefined): Running {
  const ending = new AbortController();
  let end = () => {};
  const isUp = new Promise<undefined>((resolve) => {
    end = () => {
      ending.abort();
      resolve(undefined);
    };
  });
  const cancel = timers.after(ms, end);
  if (caller?.aborted) end();
  caller?.addEventListener('abort', end, { once: true });
  const stop = () => {
    cancel();
    caller?.removeEventListener('abort', end);
  };
  return { ending, isUp, stop };
}
