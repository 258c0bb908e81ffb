/** Scenarios with name servers run on demand: `npm run peers`, where the programs are installed. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** False when the scenario is to run, else the reason why it does not. */
export function skipDnsPeers(...programs: readonly string[]): false | string {
  if (process.env.POSTHORN_PEERS !== '1') return 'scenarios with foreign name servers run with `npm run peers`';
  const absent = programs.filter((program) => !isInstalled(program));
  return absent.length > 0 && `${absent.join(', ')} not installed`;
}

function isInstalled(program: string): boolean {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return folders.some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
