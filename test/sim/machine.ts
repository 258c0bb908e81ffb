/**
 * A simulated machine: a disk that keeps what was synced, processes (*lives*) that may end at any instant, and a wall clock that may
 * be set wrong. The database file is a real one on a memory file system, under the real SQLite; large bodies lie in files of our own.
 *
 *   off -boot-> alive -crash: the process dies, or the power fails-> off -boot-> ...
 *
 * A dead life goes on computing for a moment, as its promises settle, but none of its calls reaches the disk, the net or a timer.
 */
import { closeSync, cpSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type { Timers } from '../../src/base/clock.ts';
import { type Random, seededRandom } from '../../src/base/random.ts';
import type { Schedule } from './schedule.ts';
import type { Trace } from './trace.ts';

/** Thrown by calls of a dead process that cannot wait for ever; it reaches nobody who lives. */
export class Dead extends Error {
  override readonly name = 'Dead';
}

export const never = new Promise<never>(() => {});

/**
 * Waits that end in a look at what nobody else changes here: the store's for writes of other processes (twice a second), and the
 * queue's for what nobody woke it for. Through days of retries they would be most of what a run does, so they come seldom.
 */
const foreignWritePollMs = 500;
const idleMs = 30_000;
const seldomMs = { foreignWritePoll: 600_000, idle: 240_000 };

/** One run of the office's process. */
export class Life {
  readonly machine: Machine;
  readonly number: number;
  readonly startedMs: number;
  readonly connections = new Set<DatabaseSync>();
  readonly #ends = new Set<() => void>();
  readonly #timers = new Set<object>();
  dead = false;
  /** It was told to stop; from there on nothing may be left open. */
  stopped = false;
  /** Calls of the system left until it is killed; and commits, right before or behind which it is. */
  callsLeft = Infinity;
  commitsLeft = Infinity;

  constructor(machine: Machine, number: number, startedMs: number) {
    this.machine = machine;
    this.number = number;
    this.startedMs = startedMs;
  }

  get openTimers(): number {
    return this.#timers.size;
  }

  /** A call of the system, just before or after its effect: the only instants that differ for anybody outside. */
  call(what: string): void {
    if (this.dead) return;
    if (--this.callsLeft <= 0) this.machine.crash(`at ${what}`);
  }

  /** Between a commit and what follows from it lies most of what can be lost or done twice. */
  commit(what: string): void {
    if (--this.commitsLeft <= 0) this.callsLeft = 1;
    this.callNow(what);
  }

  /** For calls that cannot wait. */
  callNow(what: string): void {
    this.call(what);
    if (this.dead) throw new Dead(what);
  }

  /** What happens with everything it holds when the process dies. */
  onDeath(run: () => void): () => void {
    this.#ends.add(run);
    return () => void this.#ends.delete(run);
  }

  die(): void {
    this.dead = true;
    for (const end of [...this.#ends]) end();
    this.#ends.clear();
    this.#timers.clear();
  }

  get timers(): Timers {
    const { schedule } = this.machine;
    const after = (ms: number, run: () => void) => {
      const timer = {};
      this.#timers.add(timer);
      // Whole milliseconds, one at least, as Node's
      const waitMs = ms === foreignWritePollMs ? seldomMs.foreignWritePoll : Math.max(1, Math.ceil(ms));
      const cancel = schedule.after(waitMs, () => {
        if (this.dead || !this.#timers.delete(timer)) return;
        run();
      });
      return () => {
        this.#timers.delete(timer);
        cancel();
      };
    };
    return {
      nowMs: () => this.machine.wallMs,
      monotonicMs: () => schedule.nowMs - this.startedMs,
      after,
      sleep: (ms, signal) =>
        new Promise((resolve) => {
          if (this.dead) return;
          if (signal?.aborted) return resolve();
          const done = () => {
            cancel();
            signal?.removeEventListener('abort', done);
            resolve();
          };
          const cancel = after(ms === idleMs ? seldomMs.idle : ms, done);
          signal?.addEventListener('abort', done, { once: true });
        }),
    };
  }
}

/** A body in a file: what was written, and what of it is on the disk. */
export type SimFile = { content: Uint8Array; synced: Uint8Array | undefined; nameSynced: boolean; mtimeMs: number };

/** `used-up`: there is room, and not for us; nobody can see that before he writes. */
export type DiskState = 'fine' | 'low' | 'full' | 'used-up';

/** What a power failure leaves of commits: all, those that our own sync of the log has covered, or nothing that is sure. */
export type SyncMode = 'each commit' | 'the log' | 'never';

/** How far the log of the database goes: which log it is (it is begun anew at times), and its last committed frame. */
export type LogMark = { readonly salt: string; readonly frames: number };

/** Which system call fails next, and how; each fault is used up by the call that meets it. */
export type DiskFaults = { failingCommits: number; failingCheckpoints: number; failingFileSyncs: number };

export class Machine {
  readonly name: string;
  readonly folder: string;
  readonly schedule: Schedule;
  readonly trace: Trace;
  readonly random: Random;
  readonly files = new Map<string, SimFile>();
  /** Names taken away, and not yet so on the disk. */
  readonly removed = new Map<string, SimFile>();
  readonly faults: DiskFaults = { failingCommits: 0, failingCheckpoints: 0, failingFileSyncs: 0 };
  disk: DiskState = 'fine';
  life: Life | undefined;
  /** When the clock was set ahead last. */
  steppedAheadMs = -Infinity;
  /** Wall clock against the schedule's time. */
  #offsetMs: number;
  #lives = 0;
  #commits = 0;
  #syncs: SyncMode = 'each commit';
  /** Of the log, what is on the disk for sure. */
  #synced: LogMark = emptyLog;
  /** Descriptors of the database's files, which Node opened for the product. */
  readonly openFiles = new Set<number>();
  /** After every commit of the office that no failure of power takes away. */
  onCommit: () => void = () => {};
  onIncident: (what: string) => void = () => {};
  onCrash: (kind: 'kill' | 'power') => void = () => {};

  constructor(
    name: string,
    folder: string,
    parts: {
      readonly schedule: Schedule;
      readonly trace: Trace;
      readonly seed: number;
      readonly startsAtMs: number;
    },
  ) {
    this.name = name;
    this.folder = folder;
    this.schedule = parts.schedule;
    this.trace = parts.trace;
    this.random = seededRandom(parts.seed);
    this.#offsetMs = parts.startsAtMs;
  }

  get wallMs(): number {
    return Math.floor(this.schedule.nowMs + this.#offsetMs);
  }

  get commits(): number {
    return this.#commits;
  }

  get takesNothing(): boolean {
    return this.disk === 'full' || this.disk === 'used-up';
  }

  setClock(byMs: number): void {
    this.#offsetMs += byMs;
    if (byMs > 0) this.steppedAheadMs = this.schedule.nowMs;
    this.trace.say(this.name, `clock set by ${byMs / 3_600_000} h`);
  }

  boot(): Life {
    if (this.life && !this.life.dead) this.life.die();
    this.life = new Life(this, ++this.#lives, this.schedule.nowMs);
    this.trace.say(this.name, `starts (life ${this.life.number})`);
    return this.life;
  }

  /** Everything unsaved is gone: of a process what is in memory, of a machine without power also what was not synced. */
  crash(why: string): void {
    const life = this.life;
    if (!life || life.dead) return;
    const kind = this.random.float() < 0.5 ? 'kill' : 'power';
    this.trace.say(this.name, `dies: ${kind === 'kill' ? 'killed' : 'no power'} ${why}`);
    this.onCrash(kind);
    life.die();
    // SQLite moves the log into the database when it is closed; a machine without power does not.
    const isLost = kind === 'power' && this.#losesCommits();
    if (isLost) this.#save('power');
    for (const connection of life.connections) if (connection.isOpen) connection.close();
    life.connections.clear();
    if (isLost) this.#restore('power', this.#synced);
    if (kind === 'power') this.#losePower();
  }

  /** What was not synced may have reached the disk by itself. */
  #losesCommits(): boolean {
    if (this.#syncs !== 'the log') return false;
    const { salt, frames } = this.logMark();
    return (salt !== this.#synced.salt || frames > this.#synced.frames) && this.random.float() < 0.7;
  }

  #losePower(): void {
    if (this.#syncs === 'never') this.#restore('synced');
    for (const [path, file] of this.removed) if (this.random.float() < 0.5) this.files.set(path, file);
    this.removed.clear();
    for (const [path, file] of [...this.files]) {
      // What was not synced may be there or not, in whole or in part.
      if (!file.nameSynced && this.random.float() < 0.5) this.files.delete(path);
      const most = file.content.length;
      const kept = file.synced ?? file.content.slice(0, Math.floor(this.random.float() * most));
      file.content = kept;
      file.synced = kept;
      file.nameSynced = true;
    }
  }

  noteSyncMode(syncs: SyncMode): void {
    // What SQLite does not sync is, at worst, what this was before.
    if (syncs === 'never' && this.#syncs !== 'never') this.#save('synced');
    if (syncs === 'the log') this.#synced = this.logMark(); // until now each commit was synced
    this.#syncs = syncs;
  }

  noteLogSynced(mark: LogMark): void {
    this.#synced = mark;
    this.#isDurable();
  }

  /** The kernel has thrown the pages away, and calls the next sync a success. */
  noteLostSync(): void {
    this.noteSyncMode('never');
    cutLog(`${this.#path('posthorn.db-wal')}.synced`, this.#synced);
  }

  /** https://www.sqlite.org/walformat.html §2.2: the log's index. */
  logMark(): LogMark {
    const index = this.#path('posthorn.db-shm');
    if (!existsSync(index)) return emptyLog;
    const header = readFileSync(index).subarray(0, 48);
    return { salt: header.toString('hex', 32, 40), frames: header.readUInt32LE(16) };
  }

  closeFiles(): void {
    for (const descriptor of this.openFiles) closeSync(descriptor);
    this.openFiles.clear();
  }

  #path(file: string): string {
    return join(this.folder, file);
  }

  #save(name: string): void {
    for (const file of databaseFiles) {
      const from = this.#path(file);
      if (existsSync(from)) cpSync(from, `${from}.${name}`);
    }
  }

  #restore(name: string, upTo?: LogMark): void {
    for (const file of [...databaseFiles, 'posthorn.db-shm']) {
      const saved = `${this.#path(file)}.${name}`;
      rmSync(this.#path(file), { force: true });
      if (existsSync(saved)) cpSync(saved, this.#path(file));
    }
    if (upTo) cutLog(this.#path('posthorn.db-wal'), upTo);
  }

  /** Where the log is synced by us, it is durable only then. */
  committed(): void {
    if (this.#syncs !== 'the log') this.#isDurable();
  }

  #isDurable(): void {
    this.#commits++;
    this.onCommit();
  }
}

const databaseFiles = ['posthorn.db', 'posthorn.db-wal'];
const emptyLog: LogMark = { salt: '', frames: 0 };

/** walformat.html §2.1: what is behind the mark is not there; of a log that was begun anew since, nothing is. */
function cutLog(file: string, { salt, frames }: LogMark): void {
  if (!existsSync(file) || statSync(file).size < 32) return;
  const log = readFileSync(file);
  const frameBytes = 24 + log.readUInt32BE(8);
  // The index holds the salts as they stand in the log.
  const kept = log.toString('hex', 16, 24) === salt ? frames : 0;
  writeFileSync(file, log.subarray(0, 32 + kept * frameBytes));
}
