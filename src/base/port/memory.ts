/**
 * The port that knows how near the process is to what it may have: above the mark nothing new is taken in, while reading and
 * delivering go on. Who outgrows the limit is killed by the system, and with it everything under way.
 */
export interface Memory {
  /** The least of all limits that bind this process, in octets. */
  readonly limitBytes: number;
  readonly isShort: () => boolean;
  /** So many octets of a large body went by in buffers of their own, and are needed no more. */
  readonly wentBy: (octets: number) => void;
}

/** Where nothing binds: tests, and worlds within one process. */
export const plentyOfMemory: Memory = {
  limitBytes: Number.POSITIVE_INFINITY,
  isShort: () => false,
  wentBy: () => {},
};
