/**
 * Copies a data folder, also of a serving office, to a new folder that `serve` can start from: database and spool files of one
 * moment, all synced. The secret key is not copied: whoever keeps a backup keeps secret.key elsewhere.
 *
 * Spool files never change, but vanish when their message is done. So they get a second name first (hard links), then the
 * database is copied, then files that came in between get theirs; only then is anything copied at leisure.
 */
import { constants, existsSync, mkdirSync } from 'node:fs';
import { copyFile, link, mkdir, readdir, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { type Clock, systemClock } from '../../base/clock.ts';
import { Fault } from '../../base/outcome.ts';
import { leaveBackupNote } from './backup-note.ts';
import { isSpoolName, spoolFolder } from './blobs-schema.ts';
import { codeOf, fileFault, syncFile, syncFolder } from './files.ts';
import { takeFolderLock } from './folder-lock.ts';
import { SqliteConnection } from './sqlite-connection.ts';
import { databaseFile } from './sqlite-db.ts';
import { faultFrom } from './sqlite-faults.ts';

/** Tries to catch all files of one moment, should some vanish between the copy of the database and its look-up. */
const snapshotTriesMax = 5;

export type BackupReport = { readonly files: number };

/**
 * Throws a `Fault`: `BACKUP_EXISTS` when there is something at `to` already, `STORE_IN_USE` when another backup runs, `ENOSPC`.
 * Copies the database in one go, which blocks this process: meant for a command beside the office, not for the office itself.
 */
export async function backupStore(dataFolder: string, to: string, clock: Clock = systemClock): Promise<BackupReport> {
  const lock = takeFolderLock(dataFolder, 'backup');
  const stage = join(dataFolder, '.backup');
  let isOurs = false;
  try {
    makeNew(to);
    isOurs = true;
    await rm(stage, { recursive: true, force: true }); // of a backup that was killed
    await mkdir(stage, { mode: 0o700 });
    const madeAtMs = clock.nowMs(); // what ends from here on, the copy may not know
    const files = await snapshot(dataFolder, stage, to);
    await leaveBackupNote(to, { madeAtMs });
    await copyAll(stage, files, to);
    return { files: files.length };
  } catch (error) {
    if (isOurs) await rm(to, { recursive: true, force: true });
    throw fileFault(faultFrom(error), 'backing up');
  } finally {
    await rm(stage, { recursive: true, force: true });
    lock.release();
  }
}

function makeNew(to: string): void {
  try {
    mkdirSync(to, { mode: 0o700 });
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    throw new Fault('BACKUP_EXISTS', `${to} exists already; a backup never overwrites`, { cause: error });
  }
}

/** Answers the spool files that the copied database names; all of them have a second name in `stage`. */
async function snapshot(dataFolder: string, stage: string, to: string): Promise<string[]> {
  for (let tries = 1; ; tries++) {
    await linkAll(dataFolder, stage, await spoolNames(dataFolder));
    await rm(databaseFile(to), { force: true });
    copyDatabase(dataFolder, to);
    const named = filesNamedIn(databaseFile(to));
    const missing = await linkAll(dataFolder, stage, named);
    if (missing.length === 0) return named;
    if (tries === snapshotTriesMax)
      throw new Fault('BLOB_MISSING', `spool files named by the database are gone: ${missing.slice(0, 5).join(', ')}`);
  }
}

async function spoolNames(dataFolder: string): Promise<string[]> {
  try {
    return (await readdir(spoolFolder(dataFolder))).filter(isSpoolName);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}

/** Answers the names that have vanished and were not linked before. */
async function linkAll(dataFolder: string, stage: string, names: readonly string[]): Promise<string[]> {
  const missing: string[] = [];
  for (const name of names) {
    try {
      await link(join(spoolFolder(dataFolder), name), join(stage, name));
    } catch (error) {
      if (codeOf(error) === 'EEXIST') continue;
      if (codeOf(error) !== 'ENOENT') throw error;
      if (!existsSync(join(stage, name))) missing.push(name);
    }
  }
  return missing;
}

/** One state of the database, checked page by page as it is read, without what was deleted. */
function copyDatabase(dataFolder: string, to: string): void {
  const connection = new SqliteConnection(databaseFile(dataFolder), { readOnly: true });
  try {
    connection.run('VACUUM INTO ?', [databaseFile(to)]);
  } finally {
    connection.close();
  }
}

function filesNamedIn(file: string): string[] {
  const connection = new SqliteConnection(file, { readOnly: true });
  try {
    return connection.all('SELECT file FROM blobs WHERE file IS NOT NULL', []).map((row) => String(row.file));
  } finally {
    connection.close();
  }
}

async function copyAll(stage: string, files: readonly string[], to: string): Promise<void> {
  const spool = spoolFolder(to);
  await mkdir(spool, { mode: 0o700 });
  for (const name of files) {
    await copyFile(join(stage, name), join(spool, name), constants.COPYFILE_EXCL);
    await syncFile(join(spool, name));
  }
  await syncFile(databaseFile(to));
  for (const folder of [spool, to, dirname(resolve(to))]) await syncFolder(folder);
}
