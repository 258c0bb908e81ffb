/** A plan for people, by what is to be done now: decide, change, add, ask for, look again; then what is there, and what follows. Pure. */
import type { Plan, PlannedRecord } from '../../services/setup/types.ts';
import { visible, wrapped } from './render-timeline.ts';
import type { Style } from './style.ts';
import { foldedCommand } from './typed-line.ts';

export type PlanPage = {
  readonly style: Style;
  readonly columns: number | undefined;
  /** What to type to see it again. */
  readonly again: string;
  /** What to type to see what publishing it would change. */
  readonly publish: string;
};

const indent = '  ';
const typeWidth = 7;
const valueIndent = ' '.repeat(indent.length + typeWidth);
/** A file or a pipe gets pages of this width, too: they are read by people. */
const pageWidth = 80;

type Pen = { readonly style: Style; readonly width: number };

export function planLines(plan: Plan, { style, columns, again, publish }: PlanPage): string[] {
  const pen: Pen = { style, width: Math.max(40, columns ?? pageWidth) };
  const { domain, records, conflicts, notes, dropped } = plan;
  const ours = records.filter((record) => isOurs(record, domain));
  const at = (state: PlannedRecord['state']) => ours.filter((record) => record.state === state);
  const asked = notes.filter(({ code }) => code === 'parameter-missing');
  const told = notes.filter((note) => !asked.includes(note));
  const elsewhere = records.filter((record) => !isOurs(record, domain) && record.state !== 'present');
  return [
    ...headLines(plan, pen),
    ...section(pen, 'Decide first', conflicts, ({ name, say, fix }) => [
      ...paragraph(pen, say.includes(name) ? say : `${name}: ${say}`, { mark: style.bad, first: '! ' }),
      ...paragraph(pen, fix),
    ]),
    ...section(pen, 'Change', at('wrong'), (record) => recordLines(pen, record)),
    ...section(pen, 'Add', at('missing'), (record) => recordLines(pen, record)),
    ...section(pen, 'Remove', at('extra'), (record) => recordLines(pen, record)),
    ...section(pen, 'Ask for elsewhere', elsewhere, (record) => recordLines(pen, record)),
    ...section(pen, 'Not known: DNS did not answer', at('unknown'), (record) => recordLines(pen, record)),
    ...section(pen, 'There already', [...records.filter(({ state }) => state === 'present')], (record) =>
      presentLines(pen, record),
    ),
    ...section(pen, 'Left out', dropped, ({ term, why }) => paragraph(pen, `${term}: ${why}`)),
    ...section(pen, 'Needed from you', asked, ({ say }) => paragraph(pen, say)),
    ...section(pen, 'Good to know', told, ({ name, say }) =>
      paragraph(pen, `${say.includes(name) ? '' : `${name}: `}${say}`),
    ),
    ...stepLines(pen, plan),
    ...nextLines(plan, pen, at('unknown').length > 0 ? again : publish),
  ];
}

function isOurs({ name, type }: PlannedRecord, domain: string): boolean {
  return type !== 'PTR' && (name === domain || name.endsWith(`.${domain}`));
}

function headLines({ domain, records, conflicts }: Plan, { style, width }: Pen): string[] {
  const count = (state: PlannedRecord['state']) => records.filter((record) => record.state === state).length;
  const counted = [
    [conflicts.length, 'to decide'],
    [count('wrong'), 'to change'],
    [count('missing'), 'to add'],
    [count('extra'), 'to remove'],
    [count('unknown'), 'not known'],
    [count('present'), 'there already'],
  ] as const;
  const told = counted.flatMap(([number, what]) => (number > 0 ? [`${number} ${what}`] : []));
  const isDone = told.length > 0 && told.length === 1 && count('present') > 0;
  const say = told.length === 0 ? 'nothing is declared, so nothing is planned' : told.join(', ');
  return wrapped(`${domain}: ${isDone ? `all ${count('present')} records are there` : say}`, width).map((line) =>
    isDone ? style.good(line) : style.bold(line),
  );
}

function section<Item>(
  { style }: Pen,
  title: string,
  items: readonly Item[],
  lines: (item: Item) => readonly string[],
): string[] {
  return items.length === 0 ? [] : ['', style.bold(title), ...items.flatMap(lines)];
}

function recordLines(pen: Pen, record: PlannedRecord): string[] {
  const { style } = pen;
  const { name, type, value, why, sender, needed, replaces = [] } = record;
  const need = needed === 'required' ? '' : `, ${needed}`;
  return [
    `${indent}${type.padEnd(typeWidth)}${style.bold(visible(name))}`,
    ...cutLines(pen, value),
    ...replaces.flatMap((old) => cutLines(pen, `instead of  ${old}`).map(style.bad)),
    ...paragraph(pen, `${why} (${sender}${need})`, { mark: style.dim, indent: valueIndent }),
  ];
}

/** Values have no blanks to break at: they are cut, so that a terminal does not do it anywhere. */
function cutLines({ width }: Pen, value: string): string[] {
  const room = width - valueIndent.length;
  const shown = visible(value);
  const lines: string[] = [];
  for (let from = 0; from < shown.length || from === 0; from += room)
    lines.push(`${valueIndent}${shown.slice(from, from + room)}`);
  return lines;
}

function presentLines({ style, width }: Pen, { name, type, value }: PlannedRecord): string[] {
  const line = visible(`${type.padEnd(typeWidth)}${name}  ${value}`);
  const room = width - indent.length;
  return [`${indent}${style.dim(line.length > room ? `${line.slice(0, room - 1)}…` : line)}`];
}

type Paragraph = { readonly mark?: (text: string) => string; readonly first?: string; readonly indent?: string };

function paragraph(
  { width }: Pen,
  text: string,
  { mark, first = '', indent: left = indent }: Paragraph = {},
): string[] {
  const head = left.slice(0, left.length - first.length) + first;
  return wrapped(visible(text), width - left.length)
    .flatMap((line) => broken(line, width - left.length))
    .map((line, at) => `${at === 0 ? head : left}${mark ? mark(line) : line}`);
}

function broken(line: string, width: number): string[] {
  return line.match(new RegExp(`.{1,${width}}`, 'g')) ?? [''];
}

/** Of those who have something to do: the steps of the others are behind them. Where a value is needed, they say where to find it. */
function stepLines(pen: Pen, { steps, records, notes }: Plan): string[] {
  const lacks = (sender: string) =>
    notes.some(({ code, say }) => code === 'parameter-missing' && say.startsWith(`${sender} needs `));
  const busy = new Set(records.filter(({ state }) => state !== 'present').flatMap(({ sender }) => sender.split(', ')));
  const senders = [...new Set(steps.map(({ sender }) => sender))].filter((sender) => busy.has(sender) || lacks(sender));
  return senders.flatMap((sender) => [
    '',
    pen.style.bold(`Steps for ${visible(sender)}`),
    ...steps
      .filter((step) => step.sender === sender)
      .flatMap(({ say }, at) => paragraph(pen, say, { indent: '     ', first: `${String(at + 1).padStart(2)}. ` })),
  ]);
}

function nextLines({ records }: Plan, { width }: Pen, next: string): string[] {
  if (records.every(({ state }) => state === 'present')) return [];
  const isOpen = records.some(({ state }) => state === 'unknown');
  return [
    '',
    ...foldedCommand(next, '  next: ', width),
    isOpen ? '        (once the name servers answer)' : '        (or put it in yourself: plan --format zone)',
  ];
}
