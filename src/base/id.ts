/** Ids: a prefix that says what they name, then a UUID v7 (RFC 9562 §5.7) in base32. They sort by time within a prefix. */
import { base32 } from './bytes.ts';
import type { Clock } from './clock.ts';
import type { Random } from './random.ts';

export type Id<Prefix extends string> = `${Prefix}_${string}`;

export interface Ids {
  readonly next: <Prefix extends string>(prefix: Prefix) => Id<Prefix>;
}

/** Strictly growing even within one millisecond and when the clock steps back: the first 60 bits count on. */
export function createIds(clock: Clock, random: Random): Ids {
  let lastMs = 0;
  let counter = 0;
  return {
    next: (prefix) => {
      const nowMs = Math.max(clock.nowMs(), lastMs);
      counter = nowMs === lastMs ? counter + 1 : (random.bytes(1)[0] ?? 0);
      lastMs = nowMs;
      if (counter > 0xfff) {
        lastMs += 1; // 4,096 ids within one millisecond: borrow the next one
        counter = 0;
      }
      const bytes = new Uint8Array(16);
      new DataView(bytes.buffer).setBigUint64(0, (BigInt(lastMs) << 16n) | 0x7000n | BigInt(counter));
      bytes.set(random.bytes(8), 8);
      bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
      return `${prefix}_${base32(bytes)}`;
    },
  };
}

/** Whether `text` has the shape of an id with this prefix. */
export function isId<Prefix extends string>(prefix: Prefix, text: string): text is Id<Prefix> {
  return text.startsWith(`${prefix}_`) && /^[0-9a-hjkmnp-tv-z]{26}$/.test(text.slice(prefix.length + 1));
}
