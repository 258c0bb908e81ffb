/**
 * The `Db` port on SQLite: one file, `posthorn.db`, in the data folder. Writes go through group commit on one connection,
 * reads through connections of their own, each seeing one committed state. Left to others: bodies (`blobs.ts`), checking
 * (`fsck.ts`), copying (`backup.ts`).
 */
import { mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Kysely } from 'kysely';
import { systemClock, type Timers } from '../../base/clock.ts';
import { Fault } from '../../base/outcome.ts';
import type { Db, Migration, Reader, Tx, WriteEnd } from '../../base/port/db.ts';
import { type Signals, silentSignals } from '../../base/port/signals.ts';
import { fileFault, hasRoomForFile, syncFolderNow } from './files.ts';
import { type FolderLock, takeFolderLock } from './folder-lock.ts';
import { GroupCommit } from './group-commit.ts';
import { type LogSync, openLogSync } from './log-sync.ts';
import { applyMigrations, pendingMigrations } from './migrate.ts';
import { createQueryBuilder } from './query-builder.ts';
import { ReaderPool } from './reader-pool.ts';
import { SqliteConnection } from './sqlite-connection.ts';
import { faultFrom } from './sqlite-faults.ts';

/** While opening: another process may just be recovering or migrating the file. */
const openPatienceMs = 5_000;

/** How often a database with listeners is asked whether another process has written. */
const foreignWritePollMs = 500;

/**
 * The write-ahead log is reused from its start after a checkpoint and keeps its size, as overwriting synced bytes is twice as
 * fast as growing a file (7,000 against 3,600 a second) and steady under foreign load. Only an outgrown log is cut back.
 */
const logKeptBytes = 64 * 1024 * 1024;

/** Of the writer, which alone keeps what it has read; SQLite's own 2,000 are read again after each checkpoint. */
const cacheKilobytes = 8_000;

export type SqliteOptions = {
  /** The schema, all services' steps in the order they are to run. */
  readonly migrations: readonly Migration[];
  /**
   * `take`: this process is the office (`serve`, the sandbox); a second one is refused with `STORE_IN_USE`.
   * `beside`: a command that may run while the office serves; it migrates only when no office runs.
   */
  readonly office: 'take' | 'beside';
  readonly timers?: Timers;
  readonly signals?: Signals;
};

export interface SqliteDb extends Db, AsyncDisposable {
  readonly file: string;
  /** Why nothing is written any more (after an I/O error or damage); undefined while all is well. */
  readonly refusal: Fault | undefined;
  /** A sync beside the database failed: what this disk calls written is not to be trusted any more. */
  endWriting(cause: Fault): void;
  /** Finishes running reads and waiting writes, then gives file and lock back. */
  close(): Promise<void>;
}

export function databaseFile(folder: string): string {
  return join(folder, 'posthorn.db');
}

/**
 * Throws a `Fault`: `STORE_IN_USE`, `STORE_NEWER`, `STORE_BROKEN`, `EACCES`, `ENOSPC`.
 * @param folder the data folder; made (0700) when it does not exist
 */
export async function openSqlite(folder: string, options: SqliteOptions): Promise<SqliteDb> {
  makeDataFolder(folder);
  let lock: FolderLock | undefined;
  let writer: SqliteConnection | undefined;
  try {
    if (options.office === 'take') lock = takeFolderLock(folder, 'office');
    writer = openWriter(databaseFile(folder));
    bringUpToDate(writer, folder, options);
    syncNames(folder);
    return new OpenSqlite(databaseFile(folder), writer, lock, options);
  } catch (error) {
    writer?.close();
    lock?.release();
    throw explained(error, folder);
  }
}

/** SQLite says of a file that it cannot make only that it cannot; where there is no room for one more file, that is why. */
function explained(error: unknown, folder: string): unknown {
  if (!(error instanceof Fault) || error.code !== 'EACCES') return error;
  const hasRoom = hasRoomForFile(folder);
  const why = hasRoom ? error.message : 'the disk has no room for another file (octets or inodes)';
  return new Fault(hasRoom ? error.code : 'ENOSPC', `the data folder ${folder} cannot be used: ${why}`, {
    cause: error,
  });
}

/** Made for its owner only, durable before anything is put into it. Throws a `Fault` (`EACCES`, `ENOSPC`, ...). */
export function makeDataFolder(folder: string): void {
  try {
    const first = mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (first !== undefined) syncNewFolders(first, folder);
  } catch (error) {
    throw fileFault(error, `the data folder ${folder} cannot be made`);
  }
}

/** Nobody else syncs the folders above. `first` is the topmost new one. */
function syncNewFolders(first: string, folder: string): void {
  for (let at = resolve(folder); at.length >= resolve(first).length; at = dirname(at)) {
    syncFolderNow(dirname(at));
    if (at === dirname(at)) return;
  }
}

/**
 * The names of the database and its log, before anything is put into them: SQLite syncs their folder too, with the first commit,
 * but goes on when that fails.
 */
function syncNames(folder: string): void {
  try {
    syncFolderNow(folder);
  } catch (error) {
    throw fileFault(error, `the data folder ${folder} cannot be made durable`);
  }
}

function openWriter(file: string): SqliteConnection {
  const connection = new SqliteConnection(file, { readOnly: false, busyTimeoutMs: openPatienceMs });
  try {
    const mode = connection.first('PRAGMA journal_mode = WAL', [])?.journal_mode;
    if (mode !== 'wal') throw new Fault('STORE_IO', `the file system of ${file} cannot hold a write-ahead log`);
    connection.exec('PRAGMA synchronous = FULL'); // while the schema is brought up to date
    connection.exec('PRAGMA wal_autocheckpoint = 0'); // see checkpointBytes in group-commit.ts
    connection.exec(`PRAGMA journal_size_limit = ${logKeptBytes}`);
    // What undoing a savepoint would need stays in memory: in temporary files it was 30 of 47 writes for each message.
    connection.exec('PRAGMA temp_store = MEMORY');
    connection.exec(`PRAGMA cache_size = -${cacheKilobytes}`);
    connection.exec('PRAGMA trusted_schema = OFF');
    return connection;
  } catch (error) {
    connection.close();
    throw faultFrom(error);
  }
}

function bringUpToDate(writer: SqliteConnection, folder: string, options: SqliteOptions): void {
  const pending = pendingMigrations(writer, options.migrations);
  if (pending.length > 0) {
    // A command of a newer version beside a running office may not change the schema under it.
    const lock = options.office === 'beside' ? takeFolderLock(folder, 'office') : undefined;
    try {
      applyMigrations(writer, pending, options.timers ?? systemClock);
    } finally {
      lock?.release();
    }
  }
  writer.exec('PRAGMA busy_timeout = 0'); // from here on the writer waits without blocking the thread
}

class OpenSqlite implements SqliteDb {
  readonly file: string;
  readonly #writer: SqliteConnection;
  readonly #commits: GroupCommit;
  readonly #log: LogSync;
  readonly #readers: ReaderPool;
  readonly #lock: FolderLock | undefined;
  readonly #timers: Timers;
  readonly #signals: Signals;
  readonly #listeners = new Map<string, Set<() => void>>();
  readonly #builder = createQueryBuilder<unknown>();
  #stopPolling: (() => void) | undefined;
  #dataVersion: unknown;
  #closed: Promise<void> | undefined;

  constructor(file: string, writer: SqliteConnection, lock: FolderLock | undefined, options: SqliteOptions) {
    this.file = file;
    this.#writer = writer;
    this.#lock = lock;
    this.#timers = options.timers ?? systemClock;
    this.#signals = options.signals ?? silentSignals;
    this.#readers = new ReaderPool(file);
    this.#log = openLogSync(file);
    writer.exec('PRAGMA synchronous = NORMAL'); // the rest is log-sync.ts's (MAIL_RULES 26: durable before 250/202)
    const ports = { timers: this.#timers, signals: this.#signals, log: this.#log, reads: this.#readers };
    this.#commits = new GroupCommit(writer, ports);
  }

  get refusal(): Fault | undefined {
    return this.#commits.refusal;
  }

  endWriting(cause: Fault): void {
    this.#commits.endWriting(cause);
  }

  queries<Tables>(): Kysely<Tables> {
    return this.#builder as Kysely<Tables>;
  }

  read<T>(work: (reader: Reader) => Promise<T>): Promise<T> {
    if (this.#closed !== undefined) return Promise.reject(new Fault('STORE_CLOSED', 'the database is closed'));
    return this.#readers.read(work);
  }

  write<T>(work: (tx: Tx) => Promise<T>, until: WriteEnd = 'durable'): Promise<T> {
    return this.#commits.write(work, until);
  }

  notify(channel: string): void {
    for (const listener of [...(this.#listeners.get(channel) ?? [])]) this.#call(listener);
  }

  onNotify(channel: string, listener: () => void): () => void {
    const listeners = this.#listeners.get(channel) ?? new Set();
    this.#listeners.set(channel, listeners.add(listener));
    this.#pollForForeignWrites();
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#listeners.get(channel) === listeners) this.#listeners.delete(channel);
    };
  }

  #call(listener: () => void): void {
    try {
      listener();
    } catch (error) {
      this.#signals.emit('error', 'store.listener_failed', { error: String(error) });
    }
  }

  /** SQLite has no notification across processes, but knows whether another connection wrote since this one looked last. */
  #pollForForeignWrites(): void {
    if (this.#stopPolling !== undefined || this.#closed !== undefined) return;
    this.#dataVersion ??= this.#readDataVersion();
    this.#stopPolling = this.#timers.after(foreignWritePollMs, () => {
      this.#stopPolling = undefined;
      if (this.#listeners.size === 0) return;
      const version = this.#readDataVersion();
      if (version !== this.#dataVersion) {
        this.#dataVersion = version;
        for (const channel of [...this.#listeners.keys()]) this.notify(channel);
      }
      this.#pollForForeignWrites();
    });
  }

  #readDataVersion(): unknown {
    try {
      return this.#writer.first('PRAGMA data_version', [])?.data_version;
    } catch {
      return this.#dataVersion; // a hint only: whoever waits polls as well
    }
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#stopPolling?.();
    this.#listeners.clear();
    await this.#commits.close();
    await this.#readers.close();
    this.#writer.close();
    this.#log.close();
    this.#lock?.release();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
