/**
 * Reads the static configuration: posthorn.toml < POSTHORN_* < flags, each value against the table of `settings.ts`.
 * Every mistake is reported with its file, line, key and what is allowed; nothing unknown is ignored.
 */
import { parse as parseToml, TomlError } from 'smol-toml';
import { nearest } from '../base/nearest.ts';
import { isEqualOrBelow } from '../format/domain-name.ts';
import { type Config, type SettingName, settings } from './settings.ts';

export type ConfigSources = {
  readonly file?: { readonly path: string; readonly text: string };
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** By setting name. */
  readonly flags: ReadonlyMap<SettingName, unknown>;
};

export type ConfigRead = { readonly config: Config; readonly origins: ReadonlyMap<SettingName, string> };
export type ConfigMistake = { readonly where: string; readonly key: string; readonly say: string };

const names = Object.keys(settings) as SettingName[];

/** `retry.give_up_after` -> `POSTHORN_RETRY_GIVE_UP_AFTER` */
export function environmentName(name: SettingName): string {
  return `POSTHORN_${name.replaceAll('.', '_').toUpperCase()}`;
}

type Given = { readonly name: SettingName; readonly value: unknown; readonly where: string };

export function readConfig(sources: ConfigSources): ConfigRead | { readonly mistakes: readonly ConfigMistake[] } {
  const mistakes: ConfigMistake[] = [];
  const given: Given[] = [
    ...(sources.file ? fromFile(sources.file, mistakes) : []),
    ...names.flatMap((name) => {
      const value = sources.environment[environmentName(name)];
      return value === undefined || value === '' ? [] : [{ name, value, where: environmentName(name) }];
    }),
    ...[...sources.flags].map(([name, value]) => ({ name, value, where: `--${name}` })),
  ];
  mistakes.push(...unknownVariables(sources.environment));
  const values = new Map<SettingName, unknown>();
  const origins = new Map<SettingName, string>();
  for (const name of names) {
    const { fallback, read } = settings[name];
    if (fallback === undefined) continue;
    const value = read(fallback);
    if ('value' in value) values.set(name, value.value);
  }
  for (const { name, value, where } of given) {
    const read = settings[name].read(value);
    if ('value' in read) {
      values.set(name, read.value);
      origins.set(name, where);
    } else mistakes.push({ where, key: name, say: `must be ${read.allowed}` });
  }
  const config = Object.fromEntries(names.map((name) => [name, values.get(name)])) as Config;
  if (mistakes.length === 0) mistakes.push(...contradictions(config, origins));
  return mistakes.length > 0 ? { mistakes } : { config, origins };
}

/** Variables that begin like settings of ours and are none. Others that begin with POSTHORN_ may be anybody's. */
function unknownVariables(environment: ConfigSources['environment']): ConfigMistake[] {
  const known = names.map(environmentName);
  const sections = new Set(
    names.filter((name) => name.includes('.')).map((name) => name.replace(/\..*/, '').toUpperCase()),
  );
  return Object.keys(environment).flatMap((variable) => {
    const section = /^POSTHORN_([A-Z]+)_/.exec(variable)?.[1];
    if (section === undefined || !sections.has(section) || known.includes(variable)) return [];
    const like = nearest(variable, known);
    return [{ where: variable, key: '', say: `is not a setting${like ? `; did you mean ${like}?` : ''}` }];
  });
}

/** Values that are fine alone and wrong together. */
function contradictions(config: Config, origins: ReadonlyMap<SettingName, string>): ConfigMistake[] {
  const out: ConfigMistake[] = [];
  const shortest = Math.min(...config['retry.delays']);
  if (config['retry.delays'].length === 0) {
    out.push({ where: origins.get('retry.delays') ?? '', key: 'retry.delays', say: 'needs at least one delay' });
  } else if (shortest < 60_000 && !config['retry.test']) {
    out.push({
      where: origins.get('retry.delays') ?? '',
      key: 'retry.delays',
      say: 'holds a delay under 60s: other servers would take that for abuse. Only a test may do it, with retry.test = true',
    });
  }
  const [firstDelay = 0] = config['retry.delays'];
  if (config['retry.give_up_after'] < firstDelay && !config['retry.test']) {
    out.push({
      where: origins.get('retry.give_up_after') ?? origins.get('retry.delays') ?? '',
      key: 'retry.give_up_after',
      say: 'is shorter than the first of retry.delays: nothing would ever be tried a second time',
    });
  }
  out.push(...zoneMistakes(config, origins));
  if ((config['tls.certificate'] === undefined) !== (config['tls.key'] === undefined)) {
    const missing = config['tls.key'] === undefined ? 'tls.key' : 'tls.certificate';
    out.push({
      where: origins.get('tls.certificate') ?? origins.get('tls.key') ?? '',
      key: missing,
      say: 'is missing: certificate and key go together',
    });
  }
  return out;
}

/** Zones that nobody answers, or that nobody could find. */
function zoneMistakes(config: Config, origins: ReadonlyMap<SettingName, string>): ConfigMistake[] {
  const out: ConfigMistake[] = [];
  const add = (key: SettingName, say: string) => out.push({ where: origins.get(key) ?? '', key, say });
  const { 'dns.hosted_zone': hosted, 'dns.name_servers': servers, 'listen.dns': isAnswered } = config;
  const unanswered = 'is answered by nobody: set listen.dns too';
  if (config['dns.zones'].length > 0 && !isAnswered) add('dns.zones', unanswered);
  if (hosted === undefined) return out;
  if (!isAnswered) add('dns.hosted_zone', unanswered);
  if (servers.length === 0)
    add('dns.hosted_zone', 'needs dns.name_servers: the names under which listen.dns is reached from outside');
  const inside = servers.find((name) => isEqualOrBelow(name, hosted));
  if (inside !== undefined)
    add('dns.name_servers', `${inside} lies in dns.hosted_zone, where nobody would find its address`);
  return out;
}

function fromFile(file: { path: string; text: string }, mistakes: ConfigMistake[]): Given[] {
  let document: Record<string, unknown>;
  try {
    document = parseToml(file.text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const say = error.message.split('\n')[0]?.replace('Invalid TOML document: ', '') ?? 'not readable';
    mistakes.push({ where: `${file.path}:${error.line}`, key: '', say: `is not valid TOML: ${say}` });
    return [];
  }
  const out: Given[] = [];
  const walk = (prefix: string, table: Record<string, unknown>) => {
    for (const [key, value] of Object.entries(table)) {
      const name = prefix + key;
      const where = `${file.path}:${lineOf(file.text, name)}`;
      if (Object.hasOwn(settings, name)) out.push({ name: name as SettingName, value, where });
      else if (isTable(value) && names.some((known) => known.startsWith(`${name}.`))) walk(`${name}.`, value);
      else {
        const like = nearest(name, names);
        mistakes.push({ where, key: name, say: `is not a setting${like ? `; did you mean ${like}?` : ''}` });
      }
    }
  };
  walk('', document);
  return out;
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

/** The line on which `name` is set, by looking for its last part after its table's header; 1 when it hides in an odd spelling. */
function lineOf(text: string, name: string): number {
  const parts = name.split('.');
  const key = parts.at(-1) ?? '';
  const table = parts.slice(0, -1).join('.');
  let current = '';
  for (const [index, line] of text.split('\n').entries()) {
    const header = /^\s*\[([^[\]]+)\]/.exec(line);
    if (header?.[1] !== undefined) {
      current = header[1].trim();
      if (current === name) return index + 1;
    }
    const left = /^\s*("?)([^"=#[\]]+?)\1\s*=/.exec(line)?.[2];
    if (left !== undefined && ((current === table && left === key) || (current === '' && left === name)))
      return index + 1;
  }
  return 1;
}

/** Thrown where a configuration that cannot be used ends the command (exit 78). */
export class ConfigMistakes extends Error {
  override readonly name = 'ConfigMistakes';
  readonly mistakes: readonly ConfigMistake[];
  constructor(mistakes: readonly ConfigMistake[]) {
    super(describeMistakes(mistakes));
    this.mistakes = mistakes;
  }
}

/** One line per mistake, for stderr, whatever stands in a quoted key or in the name of a variable. */
export function describeMistakes(mistakes: readonly ConfigMistake[]): string {
  return mistakes
    .map((mistake) => [mistake.where, mistake.key, mistake.say].filter((part) => part !== '').join(': '))
    .map((line) => line.toWellFormed().replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, '\ufffd'))
    .join('\n');
}
