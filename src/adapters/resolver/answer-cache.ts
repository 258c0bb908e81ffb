/** Answers by lookup, each for as long as its TTL says; bounded by number and by octets, the longest unused leave first. */
import type { Timers } from '../../base/clock.ts';
import type { DnsAnswer, RecordData, RecordType } from '../../protocol/dns/types.ts';

export type AnyAnswer = DnsAnswer<RecordData[RecordType]>;

type Entry = { readonly answer: AnyAnswer; readonly expiresMs: number; readonly octets: number };

export type CacheLimits = {
  readonly cacheEntriesMax: number;
  /** Strangers decide how much their DNS answers hold. */
  readonly cacheOctetsMax: number;
  readonly ttlMaxSeconds: number;
  readonly negativeTtlMaxSeconds: number;
  readonly failureTtlSeconds: number;
};

/** What an entry takes besides the octets of its reply. (Estimate.) */
const entryOverheadOctets = 500;

export class AnswerCache {
  readonly #timers: Timers;
  readonly #limits: CacheLimits;
  readonly #entries = new Map<string, Entry>();
  #octets = 0;

  constructor(timers: Timers, limits: CacheLimits) {
    this.#timers = timers;
    this.#limits = limits;
  }

  /** With the seconds that are left as its TTL. */
  get(key: string): AnyAnswer | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    const leftMs = entry.expiresMs - this.#timers.monotonicMs();
    this.#delete(key, entry);
    if (leftMs <= 0) return undefined;
    this.#entries.set(key, entry); // the last one in leaves last
    this.#octets += entry.octets;
    const { answer } = entry;
    return answer.kind === 'failed' ? answer : { ...answer, ttlSeconds: Math.floor(leftMs / 1000) };
  }

  put(key: string, answer: AnyAnswer, replyOctets: number): void {
    const ttlSeconds = this.#ttlSeconds(answer);
    const octets = replyOctets + entryOverheadOctets;
    const before = this.#entries.get(key);
    if (before !== undefined) this.#delete(key, before);
    if (ttlSeconds <= 0 || octets > this.#limits.cacheOctetsMax || this.#limits.cacheEntriesMax < 1) return;
    this.#entries.set(key, { answer, expiresMs: this.#timers.monotonicMs() + ttlSeconds * 1000, octets });
    this.#octets += octets;
    for (const [oldest, entry] of this.#entries) {
      if (this.#entries.size <= this.#limits.cacheEntriesMax && this.#octets <= this.#limits.cacheOctetsMax) break;
      this.#delete(oldest, entry);
    }
  }

  #delete(key: string, entry: Entry): void {
    this.#entries.delete(key);
    this.#octets -= entry.octets;
  }

  #ttlSeconds(answer: AnyAnswer): number {
    if (answer.kind === 'failed') return this.#limits.failureTtlSeconds;
    const most = answer.kind === 'none' ? this.#limits.negativeTtlMaxSeconds : this.#limits.ttlMaxSeconds;
    return Math.min(answer.ttlSeconds, most);
  }
}
