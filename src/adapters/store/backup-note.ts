/** A word that a backup leaves in its copy: whoever starts an office from it is to know that mail may go out a second time. */
import { readFileSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, fileFault, syncFile } from './files.ts';

const noteName = 'backup.json';

export type BackupNote = { readonly madeAtMs: number };

export async function leaveBackupNote(folder: string, { madeAtMs }: BackupNote): Promise<void> {
  const file = join(folder, noteName);
  await writeFile(file, `${JSON.stringify({ made_at: new Date(madeAtMs).toISOString() })}\n`, { mode: 0o600 });
  await syncFile(file);
}

/** Once: the folder is an office like any other from then on. */
export function takeBackupNote(folder: string): BackupNote | undefined {
  const file = join(folder, noteName);
  try {
    const text = readFileSync(file, 'utf8');
    rmSync(file);
    const made = /"made_at":"([^"]+)"/.exec(text)?.[1] ?? '';
    return { madeAtMs: Date.parse(made) };
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw fileFault(error, 'reading the note of a backup');
  }
}
