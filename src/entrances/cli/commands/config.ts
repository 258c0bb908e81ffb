/** `posthorn config explain [KEY]`: the static settings, their values in force and where each comes from. */
import type { Command } from 'commander';
import { nearest } from '../../../base/nearest.ts';
import { CliError } from '../cli-error.ts';
import type { CliHost, SettingFacts } from '../cli-host.ts';
import { exits } from '../exits.ts';
import type { Leaf } from '../leaf.ts';
import { tableLines } from '../render-table.ts';
import { visible } from '../render-timeline.ts';
import type { Style } from '../style.ts';

export function defineConfig(command: Command, leaf: Leaf, host: CliHost): void {
  const explain = command
    .command('explain')
    .argument('[key]', 'a setting, or the beginning of several: listen')
    .description('Settings with their values in force. Changes nothing.');
  leaf(explain, ['document', 'lines', 'data'], async (run, _options, key?: string) => {
    const all = await host.settings(run.place);
    const wanted = key === undefined ? all : all.filter(({ name }) => name === key || name.startsWith(`${key}.`));
    if (wanted.length === 0) throw noSetting(key ?? '', all, host.command);
    const documents = wanted.map(({ origin, ...facts }) => ({ ...facts, origin: origin ?? 'default' }));
    const only = wanted.length === 1 && key !== undefined ? wanted[0] : undefined;
    return {
      document: only ? documents[0] : { data: documents },
      rows: documents,
      value: only ? shown(only.value) : wanted.map(({ name }) => name).join('\n'),
      lines: (style, columns) => (only ? explainLines(only, style) : listLines(wanted, style, columns)),
    };
  });
}

function noSetting(key: string, all: readonly SettingFacts[], program: string): CliError {
  const like = nearest(key, [
    ...all.map(({ name }) => name),
    ...new Set(all.map(({ name }) => name.replace(/\..*/, ''))),
  ]);
  return new CliError({
    exit: exits.usage,
    code: 'unknown_setting',
    say: visible(`There is no setting ${key}${like === undefined ? '.' : `; did you mean ${like}?`}`),
    next: `${program} config explain${like === undefined ? '' : ` ${like}`}`,
  });
}

function listLines(settings: readonly SettingFacts[], style: Style, columns: number | undefined): string[] {
  return [
    ...tableLines(
      settings,
      [
        { title: 'setting', text: ({ name }) => name, mark: () => style.bold },
        { title: 'value', text: ({ value }) => shown(value) },
        { title: 'from', text: ({ origin }) => origin ?? 'default' },
      ],
      style,
      columns,
    ),
    '',
    style.dim('config explain KEY says what one of them is for.'),
  ];
}

function explainLines({ name, value, fallback, origin, environment, doc }: SettingFacts, style: Style): string[] {
  const [table, key] = name.includes('.') ? name.split('.') : [undefined, name];
  return [
    style.bold(name),
    `  ${doc}`,
    '',
    `  value        ${shown(value)}`,
    `  comes from   ${origin ?? 'default'}`,
    `  default      ${shown(fallback)}`,
    '',
    `  environment  ${environment}`,
    `  file         ${table === undefined ? '' : `[${table}] `}${key} = ...`,
    `  option       posthorn serve --${name} ...`,
  ];
}

function shown(value: unknown): string {
  return value === undefined ? '(not set)' : JSON.stringify(value);
}
