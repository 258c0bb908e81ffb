/** `posthorn serve` as a process: started, listened to, killed by its number, measured from outside. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Home } from './home.ts';
import { SmtpTalk } from './smtp-talk.ts';
import type { Trial } from './trial.ts';

export const launcher = fileURLToPath(new URL('../../../posthorn', import.meta.url));

export type Ports = {
  readonly http: number;
  readonly mx: number;
  readonly submission: number;
  readonly submissions: number;
};
export type Ended = { readonly code: number | null; readonly signal: string | null };
export type Usage = {
  readonly residentBytes: number;
  readonly cpuMs: number;
  /** Its main thread could have worked, and other work had the processors. */
  readonly heldUpMs: number;
  readonly descriptors: number;
};

export type StartWish = {
  /** A program with its arguments that starts it: `strace -f ...`. */
  readonly wrap?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly patienceMs?: number;
  /** Gets what is written into a further pipe, descriptor 3. */
  readonly also?: (stream: Readable) => void;
};

type LogLine = { readonly level: number; readonly signal: string; readonly [field: string]: unknown };

/** pino's number for it */
const errorLevel = 50;
const linesMax = 200_000;
/** Of `/proc/PID/stat`: USER_HZ is 100 on every Linux that Node runs on. */
const tickMs = 10;

/** It ended before it served. */
export class NotServing extends Error {
  readonly ended: Ended;
  readonly words: string;

  constructor(ended: Ended, words: string) {
    super(`the office ended (${ended.signal ?? ended.code}) before it served: ${words}`);
    this.ended = ended;
    this.words = words;
  }
}

export class OfficeProcess {
  readonly home: Home;
  readonly ports: Ports;
  /** Of the office itself, also where another program started it. */
  readonly pid: number;
  readonly spawnedAtMs: number;
  readonly ended: Promise<Ended>;
  readonly #words: readonly string[];
  readonly #trial: Trial;
  #isOver = false;

  private constructor(
    trial: Trial,
    home: Home,
    facts: { ports: Ports; pid: number; spawnedAtMs: number; ended: Promise<Ended>; words: readonly string[] },
  ) {
    this.#trial = trial;
    this.home = home;
    this.ports = facts.ports;
    this.pid = facts.pid;
    this.spawnedAtMs = facts.spawnedAtMs;
    this.#words = facts.words;
    this.ended = facts.ended.then((ended) => {
      this.#isOver = true;
      trial.forget(facts.pid);
      return ended;
    });
  }

  /** Resolves when it says that it serves; rejects with `NotServing` when it ends before. */
  static async start(trial: Trial, home: Home, wish: StartWish = {}): Promise<OfficeProcess> {
    const [program = launcher, ...args] = [...(wish.wrap ?? []), launcher, 'serve', '--config', home.config];
    const spawnedAtMs = performance.now();
    const child = spawn(program, args, {
      env: { ...ownEnvironment(), ...wish.environment },
      stdio: ['ignore', 'ignore', 'pipe', ...(wish.also ? ['pipe' as const] : [])],
    });
    wish.also?.(child.stdio[3] as Readable);
    const { pid } = child;
    if (pid === undefined) throw new Error(`${program} cannot be started`);
    trial.adopt(pid);
    const words: string[] = [];
    const ended = endOf(child).then((end) => {
      trial.forget(pid);
      return end;
    });
    const ports = await listening(child, words, ended, wish.patienceMs ?? 30_000);
    const own = wish.wrap ? Number.parseInt(readFileSync(join(home.data, 'office.pid'), 'utf8'), 10) : pid;
    trial.adopt(own);
    return new OfficeProcess(trial, home, { ports, pid: own, spawnedAtMs, ended, words });
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** What it said on stderr, log lines and all. */
  get words(): string {
    return this.#words.join('\n');
  }

  get log(): LogLine[] {
    return this.#words.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as LogLine);
  }

  /** Log lines at level error. */
  get errors(): LogLine[] {
    return this.log.filter((line) => line.level >= errorLevel);
  }

  said(signal: string): LogLine[] {
    return this.log.filter((line) => line.signal === signal);
  }

  /** From the start of the process to the first octets of its banner, in milliseconds. */
  async firstBanner(): Promise<number> {
    const talk = await SmtpTalk.open(this.ports.mx);
    const afterMs = performance.now() - this.spawnedAtMs;
    talk.destroy();
    return afterMs;
  }

  async kill(): Promise<Ended> {
    this.#send('SIGKILL');
    return this.ended;
  }

  /** As a service manager asks; killed when it does not end within half a minute. */
  async stop(): Promise<Ended> {
    this.#send('SIGTERM');
    const cut = setTimeout(() => {
      this.#trial.check(false, 'the office did not stop within 30 s of SIGTERM');
      this.#send('SIGKILL');
    }, 30_000);
    const ended = await this.ended;
    clearTimeout(cut);
    return ended;
  }

  #send(signal: NodeJS.Signals): void {
    if (this.#isOver) return;
    try {
      process.kill(this.pid, signal);
    } catch {
      // it has just ended
    }
  }

  usage(): Usage {
    const folder = `/proc/${this.pid}`;
    const fields = readFileSync(`${folder}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    const resident = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`${folder}/status`, 'utf8'))?.[1];
    return {
      residentBytes: Number(resident) * 1024,
      cpuMs: (Number(fields[11]) + Number(fields[12])) * tickMs,
      heldUpMs: heldUpMs(folder),
      descriptors: readdirSync(`${folder}/fd`).length,
    };
  }

  /** An answer of the HTTP API; status 0 when there was none. */
  async api(method: 'GET' | 'POST', path: string, body?: unknown): Promise<{ status: number; body: ApiBody }> {
    try {
      const response = await fetch(`http://127.0.0.1:${this.ports.http}${path}`, {
        method,
        headers: {
          Authorization: `Bearer ${this.home.apiKey}`,
          ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(20_000),
      });
      const text = await response.text();
      return { status: response.status, body: text.startsWith('{') ? (JSON.parse(text) as ApiBody) : { text } };
    } catch {
      return { status: 0, body: {} };
    }
  }
}

/** The kernel's Documentation/scheduler/sched-stats: the second figure is time spent waiting on a run queue, in nanoseconds. */
function heldUpMs(folder: string): number {
  try {
    return Number(readFileSync(`${folder}/schedstat`, 'utf8').split(' ')[1]) / 1e6;
  } catch {
    return 0; // a kernel without them
  }
}

type ApiBody = { readonly [member: string]: unknown };

/** Nothing of the caller's own settings. */
export function ownEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(POSTHORN_|NODE_OPTIONS$|LD_PRELOAD$)/.test(name));
  return { ...Object.fromEntries(kept), NO_COLOR: '1' };
}

function endOf(child: ChildProcess): Promise<Ended> {
  return new Promise((resolve) => child.on('close', (code, signal) => resolve({ code, signal })));
}

function listening(child: ChildProcess, words: string[], ended: Promise<Ended>, patienceMs: number): Promise<Ports> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`not serving after ${patienceMs} ms: ${words.join('\n')}`)),
      patienceMs,
    );
    void ended.then((end) => {
      clearTimeout(timer);
      reject(new NotServing(end, words.join('\n')));
    });
    const stderr = child.stderr;
    if (!stderr) throw new Error('stderr is a pipe');
    const found = new Map<string, number[]>();
    createInterface({ input: stderr }).on('line', (line) => {
      if (words.length < linesMax) words.push(line);
      const [, what] = /^ {2}(HTTP API|MX|submission|data) +/.exec(line) ?? [];
      if (what === undefined) return;
      found.set(
        what,
        [...line.matchAll(/127\.0\.0\.1:(\d+)/g)].map((match) => Number(match[1])),
      );
      if (what !== 'data') return; // the last line of the greeting
      clearTimeout(timer);
      const [submission = 0, submissions = 0] = found.get('submission') ?? [];
      resolve({ http: found.get('HTTP API')?.[0] ?? 0, mx: found.get('MX')?.[0] ?? 0, submission, submissions });
    });
  });
}
