/** In the place of `node:fs`: how much room a simulated machine's disk has left. Everything else is the real thing. */
import * as real from 'node:fs';
import { machineOf } from './machines.ts';

export * from 'node:fs';

const blocks = 1_000_000;
const blockBytes = 4_096;
const free = { fine: 500_000, low: 10_000, full: 0, 'used-up': 500_000 } as const;

export function statfsSync(path: string): Pick<real.StatsFs, 'bavail' | 'blocks' | 'bsize' | 'files' | 'ffree'> {
  const machine = machineOf(path);
  if (!machine) return real.statfsSync(path);
  machine.life?.callNow('statfs');
  return { bavail: free[machine.disk], blocks, bsize: blockBytes, files: 0, ffree: 0 };
}
