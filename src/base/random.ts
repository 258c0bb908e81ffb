/** Randomness as a parameter: cryptographic in the office, seeded in simulations and tests. */
import { randomBytes } from 'node:crypto';

export interface Random {
  /** `count` unpredictable octets. */
  readonly bytes: (count: number) => Uint8Array;
  /** Uniform in [0, 1); for jitter and order, never for secrets. */
  readonly float: () => number;
}

export const systemRandom: Random = {
  bytes: (count) => randomBytes(count),
  float: () => Math.random(),
};

/** The same octets, each given out once, fetched some at a time: asking the system costs more than hundreds of them. */
export function drawnAhead(random: Random): Random {
  let block: Uint8Array = new Uint8Array();
  let used = 0;
  const bytes = (count: number) => {
    if (count > blockOctets) return random.bytes(count);
    if (used + count > block.length) {
      block = random.bytes(blockOctets);
      used = 0;
    }
    used += count;
    return block.subarray(used - count, used);
  };
  return { bytes, float: random.float };
}

const blockOctets = 1_024;

/** Same seed, same sequence (mulberry32). Predictable: never for secrets. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const float = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  return {
    float,
    bytes: (count) => Uint8Array.from({ length: count }, () => Math.floor(float() * 256)),
  };
}

/** A new array in random order (Fisher-Yates). */
export function shuffle<T>(random: Random, items: readonly T[]): T[] {
  const out = [...items];
  for (let i = out.length - 1; i > 0; i--) {
    const j = Math.floor(random.float() * (i + 1));
    const held = out[i] as T;
    out[i] = out[j] as T;
    out[j] = held;
  }
  return out;
}
