/** Reads the catalogue's data files from their folder; what they mean is not looked at here. */
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { SenderFile } from '../../services/setup/types.ts';

const senderFolder = fileURLToPath(new URL('../../services/setup/catalogue/senders/', import.meta.url));

/** In the order of their names. */
export async function readSenderFiles(folder: string = senderFolder): Promise<readonly SenderFile[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json')).sort();
  return Promise.all(
    names.map(async (name) => ({ path: `senders/${name}`, text: await readFile(`${folder}/${name}`, 'utf8') })),
  );
}
