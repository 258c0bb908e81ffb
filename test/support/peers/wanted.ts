/** Whether scenarios with foreign servers run at all, and why one does not. */
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Debian keeps servers where a user's PATH does not look. */
const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin'];

export function programPath(name: string): string | undefined {
  return folders.map((folder) => join(folder, name)).find(isProgram);
}

export function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** False when there is what it looks for, else a sentence. */
export type Need = () => false | string;

/** False when the scenarios may run, else the reason to skip them; loud, where they were asked for. */
export function peersMissing(...needs: readonly Need[]): false | string {
  if (process.env.POSTHORN_PEERS !== '1') return 'foreign servers: run by `npm run peers`';
  const lacking = needs.map((need) => need()).filter((need) => need !== false);
  if (lacking.length === 0) return false;
  const reason = `${lacking.join('; ')} (\`.ci/install-peers\` installs them)`;
  process.stderr.write(`posthorn: scenarios are skipped: ${reason}\n`);
  return reason;
}

export function noProgram(name: string): Need {
  return () => (programPath(name) === undefined ? `${name} is not installed` : false);
}

export const notRoot: Need = () => (process.getuid?.() === 0 ? false : 'a mail server has to be started as root');

/** Of a file that its owner may not have made yet, and that nobody else may make for him. */
export function textIn(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}
