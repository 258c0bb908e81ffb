/** Small disks: a tmpfs, or ext4 in a file. Mounted for one row, and gone with it. */
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  statfsSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Trial } from './trial.ts';

export type DiskKind = 'tmpfs' | 'ext4';

export function mountMissing(kind: DiskKind): () => string | undefined {
  return () => {
    if (process.getuid?.() !== 0) return 'mounting needs root';
    const folder = join(tmpdir(), `posthorn-mount-${process.pid}`);
    mkdirSync(folder, { recursive: true });
    const isMounted = tries(['mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder]);
    if (isMounted) tries(['umount', folder]);
    rmSync(folder, { recursive: true, force: true });
    if (!isMounted) return 'this machine does not let us mount';
    if (kind === 'tmpfs') return undefined;
    if (!tries(['mkfs.ext4', '-V'])) return 'mkfs.ext4 is not installed';
    return existsSync('/dev/loop-control') ? undefined : 'there are no loop devices';
  };
}

function tries([program = '', ...args]: readonly string[]): boolean {
  return spawnSync(program, args, { stdio: 'ignore' }).status === 0;
}

function does(command: readonly string[]): void {
  const [program = '', ...args] = command;
  const { status, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command.join(' ')}: ${stderr}`);
}

/** @param inodes of a tmpfs */
export function mountDisk(
  trial: Trial,
  kind: DiskKind,
  wish: { readonly megabytes: number; readonly inodes?: number },
): string {
  const folder = join(trial.folder, 'disk');
  mkdirSync(folder);
  if (kind === 'tmpfs') {
    const inodes = wish.inodes === undefined ? '' : `,nr_inodes=${wish.inodes}`;
    does(['mount', '-t', 'tmpfs', '-o', `size=${wish.megabytes}m${inodes}`, 'tmpfs', folder]);
  } else {
    const image = join(trial.folder, 'disk.img');
    const descriptor = openSync(image, 'w');
    ftruncateSync(descriptor, wish.megabytes * megabyte);
    closeSync(descriptor);
    does(['mkfs.ext4', '-q', '-F', '-m', '0', image]);
    does(['mount', '-o', 'loop', image, folder]);
  }
  // A process that has just died may hold it for a moment; then it is let go with the last of them.
  trial.later(() => does(['umount', '-l', folder]));
  return folder;
}

export const megabyte = 1024 * 1024;

export function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

/** Takes room away until so much is left. */
export function fillDisk(folder: string, leaveBytes: number): void {
  const descriptor = openSync(join(folder, 'filler'), 'a');
  const block = Buffer.alloc(64 * 1024, 1);
  try {
    for (let free = freeBytes(folder); free > leaveBytes; free = freeBytes(folder))
      writeSync(descriptor, block, 0, Math.min(block.length, Math.max(free - leaveBytes, 1)));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
  } finally {
    closeSync(descriptor);
  }
}

export function makeRoom(folder: string): void {
  rmSync(join(folder, 'filler'), { force: true });
}

/** Takes all inodes. */
export function takeInodes(folder: string): void {
  const crowd = join(folder, 'crowd');
  mkdirSync(crowd, { recursive: true });
  try {
    for (let nth = readdirSync(crowd).length; nth < inodesTriedMax; nth++) writeFileSync(join(crowd, String(nth)), '');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
  }
}

const inodesTriedMax = 10_000;

export function giveInodes(folder: string): void {
  rmSync(join(folder, 'crowd'), { recursive: true, force: true });
}
