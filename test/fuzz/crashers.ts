/** Inputs for which something once did not hold: a file each, `crashers/<target>/<hash>`, fed again by every test run. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const folder = fileURLToPath(new URL('./crashers/', import.meta.url));

export type Crasher = { readonly target: string; readonly file: string; readonly input: Uint8Array };

export function readCrashers(): Crasher[] {
  return listed(folder).flatMap((target) =>
    listed(join(folder, target)).map((file) => ({ target, file, input: readFileSync(join(folder, target, file)) })),
  );
}

function listed(path: string): string[] {
  return existsSync(path) ? readdirSync(path).sort() : [];
}

/** Answers the file's path from the root of the repository. */
export function writeCrasher(target: string, input: Uint8Array): string {
  const name = createHash('sha256').update(input).digest('hex').slice(0, 16);
  mkdirSync(join(folder, target), { recursive: true });
  writeFileSync(join(folder, target, name), input);
  return relative(root, join(folder, target, name));
}

/** The line that shows the failure again. */
export function replayLine(target: string, path: string): string {
  return `node test/fuzz/fuzz.ts --target ${target} --replay ${path}`;
}
