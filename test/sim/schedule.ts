/**
 * Virtual time and the order of everything: timers, octets that arrive, disk work that ends, and the turns of the event loop
 * (`setImmediate`). One thing happens at a time, and between two of them every promise that can settle has settled. Nothing here
 * waits in real time, and nothing outside decides an order: the same seed makes the same run.
 */
import type { Random } from '../../src/base/random.ts';

type Event = { readonly atMs: number; readonly order: number; readonly run: () => void; cancelled: boolean };

/** How often what is due now comes before a turn of the loop that somebody asked for: on a real machine sockets interleave so. */
const interleaveShare = 0.3;

export type Turns = {
  readonly setImmediate: (run: (...args: unknown[]) => void, ...args: unknown[]) => object;
  readonly clearImmediate: (turn: unknown) => void;
};

export class Schedule {
  readonly #random: Random;
  /** The loop of the real process: it runs everything that was promised before it calls. */
  readonly #realTurn: (run: () => void) => void;
  readonly #heap: Event[] = [];
  #turns: { run: (() => void) | undefined }[] = [];
  #order = 0;
  #nowMs = 0;
  #fingerprint = 0;
  #events = 0;
  /** For what is thrown where nobody catches it: in a real process that would be its end. */
  onError: (error: unknown) => void = (error) => {
    throw error;
  };

  constructor(random: Random, realTurn: (run: () => void) => void) {
    this.#random = random;
    this.#realTurn = realTurn;
  }

  /** Milliseconds since the beginning of the run, with fractions. */
  get nowMs(): number {
    return this.#nowMs;
  }

  get events(): number {
    return this.#events;
  }

  /** Of every moment at which anything happened so far. */
  get fingerprint(): number {
    return this.#fingerprint >>> 0;
  }

  mix(value: number): void {
    this.#fingerprint = (Math.imul(this.#fingerprint ^ value, 0x9e3779b1) + 0x7f4a7c15) | 0;
  }

  /** Calls once after `ms`; the answer cancels it. */
  after(ms: number, run: () => void): () => void {
    const event: Event = { atMs: this.#nowMs + Math.max(ms, 0), order: this.#order++, run, cancelled: false };
    this.#push(event);
    return () => {
      event.cancelled = true;
    };
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => void this.after(ms, resolve));
  }

  /** In the place of the real ones while a run goes on. */
  readonly turns: Turns = {
    setImmediate: (run, ...args) => {
      const turn = { run: () => run(...args) };
      this.#turns.push(turn);
      return turn;
    },
    clearImmediate: (turn) => {
      const held = turn as { run?: (() => void) | undefined } | undefined;
      if (held) held.run = undefined;
    },
  };

  /** Runs until `isOver`, or nothing is left to happen; answers whether it is over. */
  run(isOver: () => boolean): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const step = () => {
        try {
          if (isOver()) return resolve(true);
          if (!this.#stepOnce()) return resolve(false);
        } catch (error) {
          return reject(error);
        }
        this.#realTurn(step);
      };
      this.#realTurn(step);
    });
  }

  #stepOnce(): boolean {
    const next = this.#peek();
    if (this.#turns.length > 0) {
      const isDue = next !== undefined && next.atMs <= this.#nowMs + 0.05;
      if (!isDue || this.#random.float() >= interleaveShare) {
        const turn = this.#turns.shift();
        if (this.#turns.length === 0) this.#turns = [];
        this.#call(() => turn?.run?.());
        return true;
      }
    }
    if (next === undefined) return false;
    this.#pop();
    this.#nowMs = Math.max(this.#nowMs, next.atMs);
    this.#events++;
    this.mix(Math.floor(this.#nowMs * 1_000) | 0);
    this.mix(next.order);
    this.#call(next.run);
    return true;
  }

  #call(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.onError(error);
    }
  }

  #peek(): Event | undefined {
    while (this.#heap[0]?.cancelled) this.#pop();
    return this.#heap[0];
  }

  #push(event: Event): void {
    const heap = this.#heap;
    let at = heap.push(event) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || isBefore(parent, event)) break;
      heap[at] = parent;
      heap[above] = event;
      at = above;
    }
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    heap[0] = last;
    for (;;) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2]) {
        const one = heap[child];
        const best = heap[least];
        if (one !== undefined && best !== undefined && isBefore(one, best)) least = child;
      }
      const lower = heap[least];
      if (least === at || lower === undefined) return;
      heap[at] = lower;
      heap[least] = last;
      at = least;
    }
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
