/**
 * How fast this machine is at this moment, beside the one that the strength of the floods was chosen on. Machines that are rented
 * differ by more than twice from hour to hour: 970 connections a second are a flood for one and more than the whole of another.
 */
import { createHash } from 'node:crypto';
import { quantile } from '../../faults/support/trial.ts';

/** What `work` took there: AMD EPYC, 2 vCPU, 23 November 2026. */
const referenceMs = 6;
/** Until it is compiled as well as it will be. */
const warmUps = 100;
const tries = 31;
const block = Buffer.alloc(5_000, 'a');

/** @returns at most 1: a faster machine is not flooded harder. Takes a second, in which this process does nothing else. */
export function machineSpeed(): number {
  for (let nth = 0; nth < warmUps; nth++) work();
  const tookMs = Array.from({ length: tries }, () => {
    const begunMs = performance.now();
    work();
    return performance.now() - begunMs;
  });
  return Math.min(1, referenceMs / quantile(tookMs, 0.25)); // some were held up by a neighbour of the moment
}

/** Strings, a map, young objects and hashes: what a mail server's main thread does. */
function work(): void {
  const lines = new Map<string, string>();
  for (let nth = 0; nth < 60_000; nth++) {
    const name = `k${(nth * 7_919) % 4_096}`;
    const line = (lines.get(name) ?? '') + String.fromCharCode(97 + (nth % 26));
    lines.set(name, line.length > 64 ? '' : line);
  }
  const sha256 = createHash('sha256');
  for (let nth = 0; nth < 400; nth++) sha256.update(block);
  sha256.digest();
}
