/**
 * Whether the disk of the data folder is nearly full: then intake stops (452, 503) while reading and delivering go on, since
 * they need a little room themselves. Resumes by itself.
 */
import { statfsSync } from 'node:fs';
import type { Timers } from '../../base/clock.ts';

/** The larger of 5 % and 64 MB stays free; on a tiny disk a quarter of it, or nothing could ever be taken in. */
const reserveShare = 0.05;
const reserveBytesMin = 64 * 1024 * 1024;
const reserveShareMax = 0.25;

/** Asking costs 2 µs, but is a system call per message. */
const askAgainMs = 500;

export interface DiskReserve {
  /** True: take nothing new. */
  readonly isLow: () => boolean;
}

export function reserveBytes(totalBytes: number): number {
  return Math.min(Math.max(totalBytes * reserveShare, reserveBytesMin), totalBytes * reserveShareMax);
}

export function createDiskReserve(folder: string, timers: Timers): DiskReserve {
  let askedMs = Number.NEGATIVE_INFINITY;
  let low = false;
  return {
    isLow: () => {
      const nowMs = timers.monotonicMs();
      if (nowMs - askedMs < askAgainMs) return low;
      askedMs = nowMs;
      low = isLowNow(folder);
      return low;
    },
  };
}

function isLowNow(folder: string): boolean {
  try {
    const { bavail, blocks, bsize } = statfsSync(folder);
    return bavail * bsize < reserveBytes(blocks * bsize);
  } catch {
    return false; // the write itself will say what is wrong
  }
}
