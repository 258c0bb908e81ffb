/**
 * One row of the table of faults, and what it gets to work with: a folder of its own, a seeded chance, a place for what it finds,
 * and the care that every process and socket it opened is gone afterwards, whatever happens.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Random, seededRandom } from '../../../src/base/random.ts';

export type Options = {
  /** Of the kill loop. */
  readonly kills: number;
  /** Acknowledgements looked at under strace. */
  readonly acknowledgements: number;
  readonly soakSeconds: number;
  /** Messages in the full queue. */
  readonly queued: number;
  /** System calls made to fail one after the other, at most, per kind of call. */
  readonly failures: number;
};

export type Fault = {
  readonly name: string;
  readonly fault: string;
  /** What is done about it here. */
  readonly done: string;
  /** Why this machine cannot do it. */
  readonly missing?: () => string | undefined;
  /** It measures time: nothing else runs beside it. */
  readonly alone?: boolean;
  readonly limitSeconds: (options: Options) => number;
  readonly run: (trial: Trial) => Promise<void>;
};

export class Trial {
  readonly seed: number;
  readonly random: Random;
  readonly options: Options;
  readonly folder = mkdtempSync(join(tmpdir(), 'posthorn-fault-'));
  readonly figures: string[] = [];
  readonly failures: string[] = [];
  /** Aborts when the row's time is up. */
  readonly signal: AbortSignal;
  readonly #progress: (text: string) => void;
  #toldAtMs = performance.now();
  readonly #closers: (() => Promise<unknown> | unknown)[] = [];
  readonly #pids = new Set<number>();

  constructor(
    seed: number,
    options: Options,
    runner: { readonly signal: AbortSignal; readonly progress: (text: string) => void },
  ) {
    this.seed = seed;
    this.random = seededRandom(seed);
    this.options = options;
    this.signal = runner.signal;
    this.#progress = runner.progress;
  }

  /** For whoever waits; now and then, however often it is called. */
  progress(text: string): void {
    if (performance.now() - this.#toldAtMs < progressEveryMs) return;
    this.#toldAtMs = performance.now();
    this.#progress(text);
  }

  /** Notes what does not hold; the row goes on, for more to be seen. */
  check(holds: boolean, what: string): void {
    if (!holds && this.failures.length < failuresMax) this.failures.push(what);
  }

  figure(text: string): void {
    this.figures.push(text);
  }

  later(close: () => Promise<unknown> | unknown): void {
    this.#closers.push(close);
  }

  /** A process of this row: killed with it. */
  adopt(pid: number): void {
    this.#pids.add(pid);
  }

  forget(pid: number): void {
    this.#pids.delete(pid);
  }

  /** Synchronous, for the end of the runner itself. */
  killAll(): void {
    for (const pid of this.#pids) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // gone already
      }
    }
    this.#pids.clear();
  }

  async close(): Promise<void> {
    for (const close of this.#closers.splice(0).toReversed()) {
      try {
        await close();
      } catch (error) {
        this.check(false, `cleaning up: ${String(error)}`);
      }
    }
    this.killAll();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** An integer from `least` to `most`. */
  between(least: number, most: number): number {
    return least + Math.floor(this.random.float() * (most - least + 1));
  }

  pick<T>(items: readonly T[]): T {
    return items[this.between(0, items.length - 1)] as T;
  }

  /** Looks again and again until there is something to see; undefined when there is nothing within `patienceMs`. */
  async until<T>(patienceMs: number, look: () => Promise<T | undefined> | T | undefined): Promise<T | undefined> {
    for (const endMs = performance.now() + patienceMs; ; ) {
      const found = await look();
      if (found !== undefined) return found;
      if (performance.now() > endMs || this.signal.aborted) return undefined;
      await pause(napMs);
    }
  }
}

/** More of the same tell nothing new. */
const failuresMax = 20;
const napMs = 25;
const progressEveryMs = 15_000;

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** The value below which `share` of all lie. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
