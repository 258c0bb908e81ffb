/** Memory of another process, as the kernel counts it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { pause } from '../../faults/support/trial.ts';

const settleMs = 250;
const settleRounds = 24;

/** Octets resident now. */
function residentOf(pid: number): number {
  return inStatus(pid, 'VmRSS');
}

/** The most that was resident since the last `forgetPeak`. */
export function peakOf(pid: number): number {
  return inStatus(pid, 'VmHWM');
}

/** proc(5), clear_refs: 5 sets the peak back to what is resident now. */
export function forgetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
}

/** Waits until it stays the same for a second. */
export async function settled(pid: number): Promise<number> {
  let last = residentOf(pid);
  let quiet = 0;
  for (let round = 0; round < settleRounds && quiet < 4; round++) {
    await pause(settleMs);
    const now = residentOf(pid);
    quiet = Math.abs(now - last) < 262_144 ? quiet + 1 : 0;
    last = now;
  }
  return last;
}

export function megabytes(octets: number): string {
  return (octets / 1_000_000).toFixed(1);
}

function inStatus(pid: number, field: string): number {
  const kilobytes = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes) * 1_024;
}
