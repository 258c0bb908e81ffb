/** Lists as columns. On a terminal long cells lose their end, those of the last column first; in a file nothing is cut. Pure. */
import { visible } from './render-timeline.ts';
import type { Style } from './style.ts';

export type Column<Row> = {
  readonly title: string;
  readonly text: (row: Row) => string;
  /** How the cell is marked; the width is that of the bare text. */
  readonly mark?: (row: Row, style: Style) => (text: string) => string;
};

const gap = '  ';
/** No column is cut below this. */
const widthMin = 12;

export function tableLines<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  style: Style,
  width: number | undefined,
): string[] {
  const cells = rows.map((row) => columns.map((column) => visible(column.text(row))));
  const natural = columns.map((column, at) =>
    Math.max(column.title.length, ...cells.map((row) => lengthOf(row[at] ?? ''))),
  );
  const widths = width === undefined ? natural : fitted(natural, width - gap.length * (columns.length - 1));
  const line = (texts: readonly string[], mark: (at: number) => (text: string) => string) =>
    texts
      .map((text, at) => {
        const cut = cutTo(text, widths[at] ?? 0);
        return `${mark(at)(cut)}${' '.repeat(Math.max(0, (widths[at] ?? 0) - lengthOf(cut)))}`;
      })
      .join(gap)
      .trimEnd();
  const titles = columns.map((column) => column.title);
  return [
    line(titles, () => style.dim),
    ...rows.map((row, index) =>
      line(cells[index] ?? [], (at) => columns[at]?.mark?.(row, style) ?? ((text: string) => text)),
    ),
  ];
}

/** Takes what is too much from the last column first, then from those before it; the first one, often an id to copy, stays whole. */
function fitted(natural: readonly number[], room: number): number[] {
  const widths = [...natural];
  let over = widths.reduce((sum, one) => sum + one, 0) - room;
  for (let at = widths.length - 1; at > 0 && over > 0; at--) {
    const cut = Math.min(over, Math.max(0, (widths[at] ?? 0) - widthMin));
    widths[at] = (widths[at] ?? 0) - cut;
    over -= cut;
  }
  return widths;
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
