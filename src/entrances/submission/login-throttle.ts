/**
 * Makes guessing passwords slow. After a few failures tries wait, longer with each failure of the account or of the client's
 * network, and tries of one network queue up behind each other, so that many connections guess no faster than one. Nobody is
 * locked out by the guesses of strangers, only slowed down, and the wait says nothing about whether an account exists.
 */
import type { Timers } from '../../base/clock.ts';
import { RateWindow } from '../../base/limits.ts';

/** Our choice: mistakes of people are free, a dictionary costs 15 seconds a word. */
export const throttleLimits = {
  windowMs: 15 * 60_000,
  freeFailures: 3,
  firstDelayMs: 250,
  delayMaxMs: 15_000,
  /** Who would have to wait longer in the queue of its network is told to come back. */
  waitMaxMs: 60_000,
  networksMax: 100_000,
} as const;

export type LoginThrottle = {
  /** Waits as long as this try must. False: not now, whatever the password. */
  readonly admit: (network: string, login: string) => Promise<boolean>;
  readonly failed: (network: string, login: string) => void;
};

export function createLoginThrottle(timers: Timers): LoginThrottle {
  const networks = new RateWindow(timers, throttleLimits);
  const logins = new RateWindow(timers, throttleLimits);
  /** When the last queued try of a network is due. Only networks with failures stand here. */
  const queues = new Map<string, number>();
  return {
    admit: async (network, login) => {
      const nowMs = timers.monotonicMs();
      const ofLogin = delayAfter(logins.count(nameOf(login)));
      const ofNetwork = delayAfter(networks.count(network));
      const atMs = Math.max(queues.get(network) ?? 0, nowMs) + ofNetwork;
      const waitMs = Math.max(atMs - nowMs, ofLogin);
      if (waitMs > throttleLimits.waitMaxMs) return false;
      if (ofNetwork === 0) queues.delete(network);
      else if (queues.has(network) || queues.size < throttleLimits.networksMax) queues.set(network, atMs);
      if (waitMs > 0) await timers.sleep(waitMs);
      return true;
    },
    failed: (network, login) => {
      networks.add(network);
      logins.add(nameOf(login));
    },
  };
}

/** No login is longer (RFC 5321 §4.5.3.1.3); a hundred thousand names of 9 KB each would be a gigabyte. */
const nameMax = 254;

/** Spellings of one login are one login. */
function nameOf(login: string): string {
  return login.slice(0, nameMax).normalize('NFC').toLowerCase();
}

export function delayAfter(failures: number): number {
  const { freeFailures, firstDelayMs, delayMaxMs } = throttleLimits;
  if (failures <= freeFailures) return 0;
  return Math.min(firstDelayMs * 2 ** (failures - freeFailures - 1), delayMaxMs);
}
