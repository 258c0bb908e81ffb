/**
 * One office per data folder: a lock that the kernel gives back when its process dies, however it dies. It is SQLite's own
 * exclusive lock on an empty database (`office.lock`), since Node offers no file locks; `office.pid` only tells people who
 * holds it. Nobody else may open `office.lock`: POSIX locks of a process end when any descriptor of the file is closed.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Fault } from '../../base/outcome.ts';
import { SqliteConnection } from './sqlite-connection.ts';
import { faultFrom, isBusy } from './sqlite-faults.ts';

export interface OfficeLock {
  release(): void;
}

/** Throws `STORE_IN_USE` when another process (or another office of this one) has it. */
export function takeOfficeLock(folder: string): OfficeLock {
  const pidFile = join(folder, 'office.pid');
  const connection = new SqliteConnection(join(folder, 'office.lock'), { readOnly: false, busyTimeoutMs: 0 });
  try {
    connection.exec('BEGIN EXCLUSIVE');
    writeFileSync(pidFile, `${process.pid}\n`, { mode: 0o644 });
  } catch (error) {
    connection.close();
    if (!isBusy(error)) throw faultFrom(error);
    throw new Fault('STORE_IN_USE', `the data folder ${folder} is in use by ${holder(pidFile)}`, { cause: error });
  }
  return {
    release: () => {
      rmSync(pidFile, { force: true });
      connection.close();
    },
  };
}

function holder(pidFile: string): string {
  try {
    return `process ${readFileSync(pidFile, 'utf8').trim()}`;
  } catch {
    return 'another process'; // it has just taken the lock and not written its number yet
  }
}
