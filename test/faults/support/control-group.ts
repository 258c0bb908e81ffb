/** A control group with a limit of memory, of either version: made for one row, and gone with it. Whoever outgrows it is killed. */
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pause, type Trial } from './trial.ts';

type Kind = { readonly root: string; readonly limit: string; readonly peak: string };

const kinds: readonly Kind[] = [
  { root: '/sys/fs/cgroup', limit: 'memory.max', peak: 'memory.peak' },
  { root: '/sys/fs/cgroup/memory', limit: 'memory.limit_in_bytes', peak: 'memory.max_usage_in_bytes' },
];

export function groupMissing(): string | undefined {
  const found = kinds.map((kind) => tryGroup(kind));
  return found.includes(true) ? undefined : 'no control group of memory may be made here (root, cgroup file system)';
}

function tryGroup(kind: Kind): boolean {
  const folder = join(kind.root, `posthorn-try-${process.pid}`);
  try {
    mkdirSync(folder);
  } catch {
    return false;
  }
  try {
    return existsSync(join(folder, kind.limit));
  } finally {
    rmdirSync(folder);
  }
}

export type Group = {
  /** Starts a program within it. */
  readonly wrap: readonly string[];
  /** The most that was ever taken, page cache and all; undefined where the system does not tell. */
  readonly peakBytes: () => number | undefined;
};

export function makeGroup(trial: Trial, limitBytes: number): Group {
  const kind = kinds.find(tryGroup);
  if (!kind) throw new Error('no control group of memory may be made here');
  const folder = join(kind.root, `posthorn-fault-${process.pid}-${trial.seed}`);
  mkdirSync(folder);
  trial.later(async () => {
    trial.killAll(); // after a failure the office may still live in it
    // Its last process leaves a moment after it has died.
    const isEmpty = () => readFileSync(join(folder, 'cgroup.procs'), 'utf8') === '';
    for (const endMs = performance.now() + 5_000; !isEmpty() && performance.now() < endMs; ) await pause(25);
    rmdirSync(folder);
  });
  writeFileSync(join(folder, kind.limit), String(limitBytes));
  return {
    wrap: ['sh', '-c', `echo $$ > ${join(folder, 'cgroup.procs')}; exec "$@"`, 'sh'],
    peakBytes: () => {
      const file = join(folder, kind.peak);
      return existsSync(file) ? Number(readFileSync(file, 'utf8')) : undefined;
    },
  };
}
