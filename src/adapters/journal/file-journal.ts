/** The journal of publications in a file, where there is no office: a JSON line each, on the disk before anything is changed. */
import { open, readFile } from 'node:fs/promises';
import { asBuffer } from '../../base/bytes.ts';
import { Fault } from '../../base/outcome.ts';
import type { JournalLine, JournalLines } from '../../services/setup/publish/types.ts';

export function fileJournal(path: string): JournalLines {
  return {
    where: path,
    append: async (line) => {
      // A line that a crash cut off ends before the next one begins.
      const text = `${(await endsInside(path)) ? '\n' : ''}${JSON.stringify(line)}\n`;
      const file = await open(path, 'a', 0o600).catch((error: unknown) => {
        throw faultOf(error, path);
      });
      try {
        await file.writeFile(text);
        await file.sync();
      } finally {
        await file.close();
      }
    },
    read: async (domain) => (await linesIn(path)).filter((line) => line.domain === domain),
  };
}

async function endsInside(path: string): Promise<boolean> {
  const octets = await contentOf(path);
  return octets.length > 0 && octets[octets.length - 1] !== 0x0a;
}

async function linesIn(path: string): Promise<readonly JournalLine[]> {
  const text = asBuffer(await contentOf(path)).toString('utf8');
  return text.split('\n').flatMap((line) => {
    try {
      return [JSON.parse(line) as JournalLine];
    } catch {
      return []; // cut off by a crash: what it told of had not begun
    }
  });
}

async function contentOf(path: string): Promise<Uint8Array> {
  return readFile(path).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return new Uint8Array();
    throw faultOf(error, path);
  });
}

function faultOf(error: unknown, path: string): unknown {
  if (!(error instanceof Error) || !('code' in error)) return error;
  return new Fault(String(error.code), `the journal ${path}: ${error.message}`, { cause: error });
}
