/**
 * In the place of `node:fs`: how much room a simulated machine's disk has left, and the sync of the database's log, which takes its
 * time and may fail. Everything else is the real thing.
 */
import * as real from 'node:fs';
import type { Life } from '../machine.ts';
import { lifeOf, machineOf } from './machines.ts';

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

/** Who opened a file of the database. */
const openers = new Map<number, Life>();

export function openSync(path: string, flags: string, mode?: number): number {
  const life = /-(wal|shm)$/.test(path) ? lifeOf(path) : undefined;
  const descriptor = real.openSync(path, flags, mode);
  if (life) {
    openers.set(descriptor, life);
    life.machine.openFiles.add(descriptor);
  } else openers.delete(descriptor);
  return descriptor;
}

/** Descriptors of the simulated are closed with their machine: a dead process may not close what another has got in their place. */
export function closeSync(descriptor: number): void {
  if (!openers.has(descriptor)) real.closeSync(descriptor);
}

export function fdatasync(descriptor: number, told: (error: Error | null) => void): void {
  const life = openers.get(descriptor);
  if (!life) {
    real.fdatasync(descriptor, told);
    return;
  }
  const { machine } = life;
  life.call('sync the log');
  if (life.dead) return;
  const mark = machine.logMark();
  machine.schedule.after(0.05 + machine.random.float() * 2, () => {
    if (life.dead) return;
    if (machine.faults.failingCommits > 0) {
      machine.faults.failingCommits--;
      machine.trace.say(machine.name, 'a commit fails to sync');
      if (machine.random.float() < 0.25) return machine.crash('as a commit fails to sync');
      machine.noteLostSync();
      told(Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' }));
      return;
    }
    machine.noteLogSynced(mark);
    life.call('the log is synced');
    if (!life.dead) told(null);
  });
}
