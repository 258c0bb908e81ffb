/** Finds and reads the static configuration of a command: `--config`, else ./posthorn.toml when it is there; then POSTHORN_*, then flags. */
import { existsSync, readFileSync } from 'node:fs';
import { CliError } from '../entrances/cli/cli-error.ts';
import type { Place } from '../entrances/cli/cli-host.ts';
import { exits } from '../entrances/cli/exits.ts';
import { ConfigMistakes, type ConfigRead, readConfig } from './config.ts';
import type { SettingName } from './settings.ts';

export const usualFile = 'posthorn.toml';
/** Where an installed program keeps what must survive (Filesystem Hierarchy Standard 3.0 §5.8). */
const installedData = '/var/lib/posthorn';

export type ConfigSurroundings = {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** How this program is called, for the next step of an error. */
  readonly command: string;
  /** Installed as a package, not run from a clone. */
  readonly isInstalled: boolean;
};

/** Throws a `CliError` that names every mistake. */
export function loadConfig(
  place: Place,
  around: ConfigSurroundings,
  given: ReadonlyMap<string, string> = new Map(),
): ConfigRead {
  const flags = new Map<SettingName, unknown>([...given] as [SettingName, string][]);
  if (place.data !== undefined) flags.set('data', place.data);
  const file = readFile(place.config, around.command);
  const read = readConfig({ environment: around.environment, flags, ...(file && { file }) });
  if ('mistakes' in read) throw configError(new ConfigMistakes(read.mistakes), around.command);
  if (!around.isInstalled || read.origins.has('data')) return read;
  return { ...read, config: { ...read.config, data: installedData } };
}

export function configError(mistakes: ConfigMistakes, command: string): CliError {
  const [first] = mistakes.mistakes;
  const key = first?.key.replace(/ .*/, '') ?? '';
  const next = `${command} config explain${key === '' ? '' : ` ${key}`}`;
  return new CliError({ exit: exits.configuration, code: 'bad_config', say: mistakes.message, next });
}

function readFile(path: string | undefined, command: string): { path: string; text: string } | undefined {
  if (path === undefined && !existsSync(usualFile)) return undefined;
  const file = path ?? usualFile;
  try {
    return { path: file, text: readFileSync(file, 'utf8') };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'EIO';
    const say = `cannot be read (${code})`;
    throw configError(new ConfigMistakes([{ where: file, key: '', say }]), command);
  }
}
