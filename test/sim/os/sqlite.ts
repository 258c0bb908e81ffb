/**
 * In the place of `node:sqlite`: the real SQLite, whose process may die at each commit, and whose disk may be full. With
 * `synchronous = FULL` what COMMIT has answered is on the disk; with `NORMAL` what the log held when it was synced last
 * (`file-calls.ts`), as SQLite syncs it before it begins it anew. There SQLite is believed.
 */
import { type DatabaseSyncOptions, DatabaseSync as RealDatabase, type StatementSync } from 'node:sqlite';
import { Dead, type Life, type SyncMode } from '../machine.ts';
import { lifeOf } from './machines.ts';

export type { SQLInputValue, StatementSync } from 'node:sqlite';

/** https://www.sqlite.org/rescode.html */
const SQLITE_FULL = 13;
const SQLITE_IOERR_FSYNC = 1_034;

export class DatabaseSync extends RealDatabase {
  readonly #life: Life | undefined;
  readonly #file: string;
  /** Of the machine's own database, not of a lock beside it. */
  readonly #counts: boolean;

  constructor(file: string, options?: DatabaseSyncOptions) {
    const life = lifeOf(file);
    life?.callNow('open a database');
    super(file, options ?? {});
    this.#life = life;
    this.#file = file;
    this.#counts = file.endsWith('.db');
    life?.connections.add(this);
  }

  override exec(sql: string): void {
    const life = this.#life;
    if (life?.dead) throw new Dead(`exec on ${this.#file}`);
    if (life && /^PRAGMA synchronous\b/i.test(sql)) life.machine.noteSyncMode(syncModeOf(sql));
    if (life && /^PRAGMA wal_checkpoint/i.test(sql)) this.#maybeFailCheckpoint(life);
    if (life && this.#counts && /\bCOMMIT\s*;?$/i.test(sql)) this.#commit(life, () => super.exec(sql));
    else super.exec(sql);
  }

  override prepare(sql: string): StatementSync {
    const life = this.#life;
    if (life?.dead) throw new Dead(`prepare on ${this.#file}`);
    const statement = super.prepare(sql);
    if (!life || !this.#counts || !/^COMMIT$/i.test(sql)) return statement;
    const commit = () => this.#commit(life, () => super.exec(sql));
    return Object.defineProperties(statement, {
      run: { value: commit },
      get: { value: commit },
      all: { value: commit },
    });
  }

  override close(): void {
    this.#life?.connections.delete(this);
    super.close();
  }

  #commit(life: Life, run: () => void): void {
    const { machine } = life;
    if (life.dead) throw new Dead(`commit on ${this.#file}`);
    life.commit('commit');
    if (machine.takesNothing) {
      if (this.isTransaction && machine.random.float() < 0.5) super.exec('ROLLBACK');
      throw sqliteError(SQLITE_FULL, 'database or disk is full');
    }
    run();
    machine.committed();
    life.commit('committed');
  }

  #maybeFailCheckpoint({ machine }: Life): void {
    if (machine.faults.failingCheckpoints <= 0) return;
    machine.faults.failingCheckpoints--;
    throw sqliteError(SQLITE_IOERR_FSYNC, 'disk I/O error');
  }
}

function syncModeOf(sql: string): SyncMode {
  if (/FULL|EXTRA|[23]\s*$/i.test(sql)) return 'each commit';
  return /NORMAL|1\s*$/i.test(sql) ? 'the log' : 'never';
}

function sqliteError(errcode: number, message: string): Error {
  return Object.assign(new Error(message), { code: 'ERR_SQLITE_ERROR', errcode, errstr: message });
}
