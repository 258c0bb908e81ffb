/** Small file work the store shares: system errors as faults, and folders made durable. */
import { closeSync, fsyncSync, openSync, statfsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { Fault } from '../../base/outcome.ts';

/** System errors carry their own code (`ENOSPC`, `EIO`, `ENOENT`); the sentence says what we were about. */
export function fileFault(error: unknown, doing: string): unknown {
  if (!(error instanceof Error) || !('code' in error)) return error;
  return new Fault(String(error.code), `${doing}: ${error.message}`, { cause: error });
}

export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}

/** A new or removed name is durable only once its folder is (MAIL_RULES 26). */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return; // folders cannot be opened there
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The same, for a moment when nothing else can be done meanwhile. */
export function syncFolderNow(folder: string): void {
  if (process.platform === 'win32') return;
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

export async function syncFile(file: string): Promise<void> {
  const handle = await open(file, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** False when the disk has no block or no inode left; some file systems count no inodes. */
export function hasRoomForFile(folder: string): boolean {
  const { bavail, files, ffree } = statfsSync(folder);
  return bavail > 0 && (files === 0 || ffree > 0);
}
