/**
 * Counting machinery for named limits; which limit has which value stands with its owner (`protocol/smtp/limits.ts`, ...).
 * Every structure here is bounded itself: a flood of new keys may not become a flood of memory.
 */
import type { Clock } from './clock.ts';

/** How many of something each key holds at the moment (connections per address). */
export class Holdings {
  readonly #held = new Map<string, number>();
  #total = 0;

  get total(): number {
    return this.#total;
  }

  of(key: string): number {
    return this.#held.get(key) ?? 0;
  }

  /** Takes one unless `key` already holds `most` or all keys together `mostInAll`; the answer gives it back (once). */
  take(key: string, most: number, mostInAll: number): (() => void) | undefined {
    const now = this.of(key);
    if (now >= most || this.#total >= mostInAll) return undefined;
    this.#held.set(key, now + 1);
    this.#total++;
    let returned = false;
    return () => {
      if (returned) return;
      returned = true;
      this.#total--;
      const left = this.of(key) - 1;
      if (left > 0) this.#held.set(key, left);
      else this.#held.delete(key);
    };
  }
}

/** Octets held in memory at one time. What is small goes through always: there its number is limited by others. */
export class OctetBudget {
  readonly #most: number;
  readonly #small: number;
  #taken = 0;

  constructor(options: { readonly most: number; readonly small: number }) {
    this.#most = options.most;
    this.#small = options.small;
  }

  /** Undefined when it would be too much, except for a first one; the answer gives them back (once). */
  take(octets: number): (() => void) | undefined {
    if (octets <= this.#small) return () => {};
    if (this.#taken > 0 && this.#taken + octets > this.#most) return undefined;
    this.#taken += octets;
    let returned = false;
    return () => {
      if (returned) return;
      returned = true;
      this.#taken -= octets;
    };
  }
}

/** Octets of many small parts, taken and given back one by one. */
export class OctetPool {
  readonly #most: number;
  #taken = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** False, and nothing taken, when it would be too much. Whoever takes gives back. */
  take(octets: number): boolean {
    if (this.#taken + octets > this.#most) return false;
    this.#taken += octets;
    return true;
  }

  give(octets: number): void {
    this.#taken -= octets;
  }
}

/** Events per key in a fixed window (wrong passwords per account and quarter of an hour). */
export class RateWindow {
  readonly #counts = new Map<string, number>();
  readonly #clock: Clock;
  readonly #windowMs: number;
  readonly #keysMax: number;
  #startedMs: number;

  constructor(clock: Clock, options: { readonly windowMs: number; readonly keysMax?: number }) {
    this.#clock = clock;
    this.#windowMs = options.windowMs;
    this.#keysMax = options.keysMax ?? 100_000;
    this.#startedMs = clock.nowMs();
  }

  #turn(): void {
    const now = this.#clock.nowMs();
    const age = now - this.#startedMs;
    if (age >= this.#windowMs || age < 0) {
      this.#counts.clear();
      this.#startedMs = now;
    }
  }

  count(key: string): number {
    this.#turn();
    return this.#counts.get(key) ?? 0;
  }

  add(key: string): number {
    this.#turn();
    if (!this.#counts.has(key) && this.#counts.size >= this.#keysMax) return this.#keysMax; // full: treat strangers as heavy
    const now = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, now);
    return now;
  }

  /** How long until every key begins at zero again. */
  endsInMs(): number {
    this.#turn();
    return this.#windowMs - (this.#clock.nowMs() - this.#startedMs);
  }
}
