/** How long to wait before the next try. Pure. */

export type Backoff = {
  /** Gap after the first, second, ... failed try; the last one repeats. */
  readonly delaysMs: readonly number[];
  /** 0.2 = up to 20 % longer, so that what failed together does not return together. */
  readonly jitter: number;
};

/** @param tries failed tries so far (1 after the first); @param uniform a number in [0, 1) */
export function delayAfterMs(backoff: Backoff, tries: number, uniform: number): number {
  const last = backoff.delaysMs.length - 1;
  const delay = backoff.delaysMs[Math.min(Math.max(tries, 1) - 1, last)] ?? 0;
  return Math.round(delay * (1 + backoff.jitter * uniform));
}
