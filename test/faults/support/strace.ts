/** strace: to see which system calls an office makes in which order, and to make some of them fail. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { Home } from './home.ts';
import { OfficeProcess, type StartWish } from './office.ts';
import type { Trial } from './trial.ts';

export function straceMissing(): string | undefined {
  const { error, status } = spawnSync('strace', ['-qq', '-e', 'trace=none', 'true'], { stdio: 'ignore' });
  if (error) return 'strace is not installed';
  return status === 0 ? undefined : 'strace may not trace here';
}

/** Octets of a written page that are shown: a whole one. */
const shownOctets = 4_200;

/** Starts an office under strace; `see` gets every line of the trace as it is written. */
export async function startTraced(
  trial: Trial,
  home: Home,
  calls: readonly string[],
  see: (line: string) => void,
): Promise<OfficeProcess> {
  // Through a pipe of its own (Node's are sockets, which strace cannot open): neither the disk nor the office's words are in the way.
  const wrap = [
    'strace',
    '-f',
    '-qq',
    '-yy',
    '--seccomp-bpf',
    '-s',
    String(shownOctets),
    '-o',
    '|exec cat >&3',
    '-e',
    `trace=${calls.join(',')}`,
  ];
  const wish: StartWish = {
    wrap,
    patienceMs: 60_000,
    also: (stream) => void createInterface({ input: stream }).on('line', see),
  };
  return OfficeProcess.start(trial, home, wish);
}

export type Tampering = {
  readonly call: string;
  readonly error: 'EIO' | 'ENOSPC' | 'EMFILE' | 'EDQUOT';
  /** `3`: the third call from now on; `3+`: that and all after it. */
  readonly when: string;
  /** Only calls on these files. */
  readonly files?: readonly string[];
};

export type Tamperer = {
  /** The calls that were made to fail, as strace writes them. */
  readonly failed: readonly string[];
  readonly stop: () => Promise<void>;
};

/** Attaches to an office that is serving. */
export async function tamper(
  trial: Trial,
  office: OfficeProcess,
  { call, error, when, files = [] }: Tampering,
): Promise<Tamperer> {
  const args = [
    '-f',
    '-yy',
    '-s',
    '64',
    '-p',
    String(office.pid),
    '-e',
    `trace=${call}`,
    '-e',
    `inject=${call}:error=${error}:when=${when}`,
  ];
  const child = spawn('strace', [...args, ...files.flatMap((file) => ['-P', file])], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const { pid } = child;
  if (pid === undefined) throw new Error('strace cannot be started');
  trial.adopt(pid);
  const failed: string[] = [];
  await attached(child, (line) => {
    if (line.includes('(INJECTED)')) failed.push(line.replace(/^(\[pid +\d+\] )?/, ''));
  });
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()));
  return {
    failed,
    stop: async () => {
      child.kill('SIGINT'); // it lets go of the office first
      await ended;
      trial.forget(pid);
    },
  };
}

function attached(child: ChildProcess, see: (line: string) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    child.on('close', () => reject(new Error('strace ended before it had attached')));
    createInterface({ input: child.stderr as Readable }).on('line', (line) => {
      if (/^strace: Process \d+ attached with \d+ threads/.test(line) || /^strace: Process \d+ attached$/.test(line))
        resolve();
      see(line);
    });
  });
}
