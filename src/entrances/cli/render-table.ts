/** Lists as columns. On a terminal a line that is too long loses the end of its last column; in a file nothing is cut. Pure. */
import { visible } from './render-timeline.ts';
import type { Style } from './style.ts';

export type Column<Row> = {
  readonly title: string;
  readonly text: (row: Row) => string;
  /** How the cell is marked; the width is that of the bare text. */
  readonly mark?: (row: Row, style: Style) => (text: string) => string;
};

const gap = '  ';

export function tableLines<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  style: Style,
  width: number | undefined,
): string[] {
  const cells = rows.map((row) => columns.map((column) => visible(column.text(row))));
  const widths = columns.map((column, at) =>
    Math.max(column.title.length, ...cells.map((row) => lengthOf(row[at] ?? ''))),
  );
  const before = widths.slice(0, -1).reduce((sum, one) => sum + one + gap.length, 0);
  const room = width === undefined ? Number.POSITIVE_INFINITY : Math.max(width - before, 8);
  const line = (texts: readonly string[], mark: (at: number) => (text: string) => string) =>
    texts
      .map((text, at) => {
        const isLast = at === texts.length - 1;
        const cut = isLast ? cutTo(text, room) : text;
        const padding = isLast ? '' : ' '.repeat(Math.max(0, (widths[at] ?? 0) - lengthOf(cut)));
        return `${mark(at)(cut)}${padding}`;
      })
      .join(gap)
      .trimEnd();
  return [
    line(
      columns.map((column) => column.title),
      () => style.dim,
    ),
    ...rows.map((row, index) =>
      line(cells[index] ?? [], (at) => columns[at]?.mark?.(row, style) ?? ((text: string) => text)),
    ),
  ];
}

function lengthOf(text: string): number {
  return [...text].length;
}

function cutTo(text: string, room: number): string {
  return lengthOf(text) <= room ? text : `${[...text].slice(0, room - 1).join('')}…`;
}

/** `2026-11-22T06:00:00.123Z` -> `2026-11-22 06:00:00`; the column's title says UTC. */
export function moment(iso: string): string {
  return iso.slice(0, 19).replace('T', ' ');
}

/** A label and its value, below each other. */
export function factLines(facts: readonly (readonly [string, string])[], style: Style): string[] {
  const width = Math.max(...facts.map(([label]) => label.length));
  return facts.map(([label, value]) => `  ${style.dim(label.padEnd(width))}  ${visible(value)}`);
}
