/** A file that people keep under version control: TOML, or a JSON object. */
import { parse as parseToml } from 'smol-toml';
import { fromUtf8 } from '../../base/bytes.ts';
import { bad } from './read-options.ts';
import type { Run } from './run.ts';

export type Table = Readonly<Record<string, unknown>>;

/** @param what it should have been: `a declaration` */
export async function readTableFile(run: Run, path: string, what: string): Promise<Table> {
  const text = fromUtf8(await run.host.readFile(path));
  const value = /^\s*\{/.test(text) ? parseJson(text) : tomlOf(path, text);
  if (isTable(value)) return value;
  throw bad('bad_file', `${path} is not ${what}: neither TOML nor a JSON object.`, [`correct ${path}`]);
}

export function isTable(value: unknown): value is Table {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Undefined for what is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function tomlOf(path: string, text: string): unknown {
  try {
    return parseToml(text);
  } catch (error) {
    const [say = 'it cannot be read'] = error instanceof Error ? error.message.split('\n') : [];
    throw bad('bad_file', `${path}: ${say}.`, [`correct ${path}`]);
  }
}
