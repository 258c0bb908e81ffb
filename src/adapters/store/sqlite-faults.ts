/**
 * What SQLite says when it fails, in the words of the `Db` port: a `Fault` with a code the callers can act on, and whether
 * the store may go on writing afterwards. Pure.
 */
import { Fault } from '../../base/outcome.ts';

/** SQLite's primary result codes (https://www.sqlite.org/rescode.html); an extended code holds one in its low octet. */
const SQLITE_PERM = 3;
const SQLITE_BUSY = 5;
const SQLITE_LOCKED = 6;
const SQLITE_READONLY = 8;
const SQLITE_IOERR = 10;
const SQLITE_CORRUPT = 11;
const SQLITE_FULL = 13;
const SQLITE_CANTOPEN = 14;
const SQLITE_CONSTRAINT = 19;
const SQLITE_NOTADB = 26;
/*
 * A used-up quota (EDQUOT) is a full disk everywhere else, but not here: SQLite's Unix layer turns only ENOSPC into SQLITE_FULL and
 * every other failed write into SQLITE_IOERR_WRITE; the errno behind it is known to sqlite3_system_errno() alone, which node:sqlite
 * does not hand out. It ends writing like a broken disk, on the safe side: nothing acknowledged is lost, and a restart goes on.
 */
/** The shared index of the write-ahead log could not grow: nothing was written, and the usual cause is a full disk. */
const SQLITE_IOERR_SHMSIZE = SQLITE_IOERR | (19 << 8);
const SQLITE_CONSTRAINT_FOREIGNKEY = SQLITE_CONSTRAINT | (3 << 8);
const SQLITE_CONSTRAINT_PRIMARYKEY = SQLITE_CONSTRAINT | (6 << 8);
const SQLITE_CONSTRAINT_UNIQUE = SQLITE_CONSTRAINT | (8 << 8);

/** The extended result code, or undefined when `error` did not come from SQLite. */
function sqliteCodeOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('code' in error) || error.code !== 'ERR_SQLITE_ERROR') return undefined;
  return 'errcode' in error && typeof error.errcode === 'number' ? error.errcode : undefined;
}

export function isBusy(error: unknown): boolean {
  const primary = (sqliteCodeOf(error) ?? 0) & 0xff;
  return primary === SQLITE_BUSY || primary === SQLITE_LOCKED;
}

/** Errors of SQLite become faults; everything else (a refusal's exception, a bug) stays what it is. */
export function faultFrom(error: unknown): unknown {
  const extended = sqliteCodeOf(error);
  if (extended === undefined || !(error instanceof Error)) return error;
  return new Fault(codeFor(extended), `${sayFor(codeFor(extended))} (SQLite ${extended}: ${error.message})`, {
    cause: error,
  });
}

function codeFor(extended: number): string {
  if (extended === SQLITE_IOERR_SHMSIZE) return 'ENOSPC';
  if (extended === SQLITE_CONSTRAINT_UNIQUE || extended === SQLITE_CONSTRAINT_PRIMARYKEY) return 'UNIQUE';
  if (extended === SQLITE_CONSTRAINT_FOREIGNKEY) return 'FOREIGN_KEY';
  switch (extended & 0xff) {
    case SQLITE_FULL:
      return 'ENOSPC';
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return 'STORE_BUSY';
    case SQLITE_IOERR:
      return 'STORE_IO';
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return 'STORE_BROKEN';
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
      return 'EACCES';
    case SQLITE_CONSTRAINT:
      return 'CONSTRAINT';
    default:
      return 'STORE_SQL';
  }
}

function sayFor(code: string): string {
  switch (code) {
    case 'ENOSPC':
      return 'the disk of the data folder is full';
    case 'STORE_BUSY':
      return 'another process holds the database for too long';
    case 'STORE_IO':
      return 'the disk of the data folder failed';
    case 'STORE_BROKEN':
      return 'the database is damaged or not a database';
    case 'EACCES':
      return 'the database cannot be opened or written';
    default:
      return 'the database refused a statement';
  }
}

/**
 * Whether a fault ends all writing until the process is started anew. After a failed fsync the kernel may have thrown the
 * dirty pages away and call the next fsync a success, so a second try proves nothing; a damaged file only gets worse.
 */
export function endsWriting(fault: unknown): fault is Fault {
  return fault instanceof Fault && (fault.code === 'STORE_IO' || fault.code === 'STORE_BROKEN');
}
