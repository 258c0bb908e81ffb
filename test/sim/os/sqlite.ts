/**
 * In the place of `node:sqlite`: the real SQLite, whose process may die at each commit, whose disk may be full, and whose sync may
 * fail. With `synchronous = FULL` what COMMIT has answered is on the disk, and what it has not is not: there SQLite is believed.
 */
import { type DatabaseSyncOptions, DatabaseSync as RealDatabase, type StatementSync } from 'node:sqlite';
import { Dead, type Life } from '../machine.ts';
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
    if (!life) {
      super.exec(sql);
      return;
    }
    if (life.dead) throw new Dead(`exec on ${this.#file}`);
    if (/^PRAGMA synchronous\b/i.test(sql)) life.machine.noteSyncMode(/FULL|EXTRA|[23]\s*$/i.test(sql));
    if (sql === 'COMMIT' && this.#counts && this.isTransaction) {
      this.#commit(life);
      return;
    }
    if (/^PRAGMA wal_checkpoint/i.test(sql)) this.#maybeFailCheckpoint(life);
    super.exec(sql);
  }

  override prepare(sql: string): StatementSync {
    if (this.#life?.dead) throw new Dead(`prepare on ${this.#file}`);
    return super.prepare(sql);
  }

  override close(): void {
    this.#life?.connections.delete(this);
    super.close();
  }

  #commit(life: Life): void {
    const { machine } = life;
    life.commit('commit');
    if (machine.disk === 'full') {
      if (machine.random.float() < 0.5) super.exec('ROLLBACK');
      throw sqliteError(SQLITE_FULL, 'database or disk is full');
    }
    if (machine.faults.failingCommits > 0) {
      machine.faults.failingCommits--;
      // What was written and not synced may be there at the next start all the same.
      const stays = machine.random.float() < 0.5;
      super.exec(stays ? 'COMMIT' : 'ROLLBACK');
      machine.trace.say(machine.name, `a commit fails to sync (${stays ? 'and stays' : 'and is lost'})`);
      if (stays) machine.committed();
      throw sqliteError(SQLITE_IOERR_FSYNC, 'disk I/O error');
    }
    super.exec('COMMIT');
    machine.committed();
    life.commit('committed');
  }

  #maybeFailCheckpoint({ machine }: Life): void {
    if (machine.faults.failingCheckpoints <= 0) return;
    machine.faults.failingCheckpoints--;
    throw sqliteError(SQLITE_IOERR_FSYNC, 'disk I/O error');
  }
}

function sqliteError(errcode: number, message: string): Error {
  return Object.assign(new Error(message), { code: 'ERR_SQLITE_ERROR', errcode, errstr: message });
}
