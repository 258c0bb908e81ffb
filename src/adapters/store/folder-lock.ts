/**
 * Locks on a data folder that the kernel gives back when their process dies, however it dies: `office` for the one process that
 * serves, `backup` for the one that copies. Each is SQLite's own exclusive lock on an empty database, since Node offers no file
 * locks; the `.pid` beside it only tells people who holds it. Nobody else may open a `.lock` file: a process loses its POSIX
 * locks on a file when it closes any descriptor of it.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Fault } from '../../base/outcome.ts';
import { SqliteConnection } from './sqlite-connection.ts';
import { faultFrom, isBusy } from './sqlite-faults.ts';

export interface FolderLock {
  release(): void;
}

/** Throws `STORE_IN_USE` when another process (or another office of this one) has it. */
export function takeFolderLock(folder: string, name: 'office' | 'backup'): FolderLock {
  const pidFile = join(folder, `${name}.pid`);
  const connection = new SqliteConnection(join(folder, `${name}.lock`), { readOnly: false, busyTimeoutMs: 0 });
  try {
    connection.exec('BEGIN EXCLUSIVE');
    writeFileSync(pidFile, `${process.pid}\n`, { mode: 0o644 });
  } catch (error) {
    connection.close();
    if (!isBusy(error)) throw faultFrom(error);
    const say = `the data folder ${folder} is in use (${name}) by ${holder(pidFile)}`;
    throw new Fault('STORE_IN_USE', say, { cause: error });
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
