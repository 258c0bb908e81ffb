/** What will change in a zone, for people: each set with what goes (-), what comes (+) and what stays. Pure. */

import type { ZoneDiff } from '../../services/setup/publish/types.ts';
import type { RecordChange } from '../../services/setup/types.ts';
import { visible, wrapped } from './render-timeline.ts';
import type { Style } from './style.ts';

const typeWidth = 7;
const valueIndent = ' '.repeat(2 + typeWidth);
const pageWidth = 80;

export function diffLines(
  { changes, elsewhere, obstacles, raisedTtl }: ZoneDiff,
  style: Style,
  columns: number | undefined,
): string[] {
  const width = Math.max(40, columns ?? pageWidth);
  const said = (text: string) =>
    wrapped(visible(text), width - 2).map((line, at) => `${at === 0 ? '! ' : '  '}${line}`);
  return [
    ...changes.flatMap((change) => ['', ...changeLines(change, style, width)]),
    ...(raisedTtl === undefined
      ? []
      : [
          '',
          ...wrapped(`The host keeps no TTL below ${raisedTtl} s: shorter ones of the plan are raised to it.`, width),
        ]),
    ...section(
      'Not as planned',
      obstacles.flatMap(({ name, type, say }) => said(`${name} ${type}: ${say}`)),
      style.bad,
      style,
    ),
    ...section(
      'To be done elsewhere: not in this zone',
      elsewhere.flatMap(({ type, name, value }) => cut(`${type.padEnd(typeWidth)}${name}  ${value}`, '  ', width)),
      (text) => text,
      style,
    ),
  ];
}

function section(title: string, lines: readonly string[], mark: (text: string) => string, style: Style): string[] {
  return lines.length === 0 ? [] : ['', style.bold(title), ...lines.map(mark)];
}

/** `3 changes: 1 set changed, 2 added` */
export function countChanges(changes: readonly RecordChange[]): string {
  const count = (fits: (change: RecordChange) => boolean) => changes.filter(fits).length;
  const counted = [
    [count(({ before, after }) => before !== undefined && after !== undefined), 'to change'],
    [count(({ before }) => before === undefined), 'to add'],
    [count(({ after }) => after === undefined), 'to remove'],
  ] as const;
  return counted.flatMap(([number, what]) => (number > 0 ? [`${number} ${what}`] : [])).join(', ');
}

export function changeLines({ name, type, before, after }: RecordChange, style: Style, width: number): string[] {
  const sign = before === undefined ? '+' : after === undefined ? '-' : '~';
  const goes = (before?.values ?? []).filter((value) => !after?.values.includes(value));
  const comes = (after?.values ?? []).filter((value) => !before?.values.includes(value));
  const stays = (after?.values ?? []).filter((value) => before?.values.includes(value));
  const isTtl = before !== undefined && after !== undefined && before.ttl !== after.ttl;
  const ttl = isTtl ? `  TTL ${before.ttl} -> ${after.ttl}` : after && before === undefined ? `  TTL ${after.ttl}` : '';
  return [
    `${sign} ${type.padEnd(typeWidth)}${style.bold(visible(name))}${style.dim(ttl)}`,
    ...goes.flatMap((value) => marked('- ', value, width).map(style.bad)),
    ...comes.flatMap((value) => marked('+ ', value, width).map(style.good)),
    ...stays.flatMap((value) => marked('  ', value, width).slice(0, 1).map(style.dim)),
  ];
}

function marked(sign: string, value: string, width: number): string[] {
  const [first = '', ...rest] = cut(value, `${valueIndent}  `, width);
  return [`${valueIndent}${sign}${first.slice(valueIndent.length + 2)}`, ...rest];
}

/** Values have no blanks to break at: they are cut, so that a terminal does not do it anywhere. */
function cut(value: string, indent: string, width: number): string[] {
  const shown = visible(value);
  const room = width - indent.length;
  const lines: string[] = [];
  for (let from = 0; from < shown.length || from === 0; from += room)
    lines.push(`${indent}${shown.slice(from, from + room)}`);
  return lines;
}
