/** One DNS record, part by part, for people. Pure. */
import type { ExplainedRecord } from '../../services/advice/advice.ts';
import { visible, wrapped } from './render-timeline.ts';
import type { Style } from './style.ts';

const indent = '      ';
/** A key is longer than anybody reads. */
const valueMax = 60;
const marks = { good: '+', bad: '-', note: '.' } as const;

export function recordLines(record: ExplainedRecord, style: Style, columns: number | undefined): string[] {
  const below = (text: string, mark = '') => {
    const lines = wrapped(visible(text), columns === undefined ? undefined : columns - indent.length);
    return lines.map((line, at) => `${at === 0 ? `    ${mark}`.padEnd(indent.length) : indent}${line}`);
  };
  const paint = { good: style.good, bad: style.bad, note: style.dim };
  return [
    `${style.bold(record.kind)}  ${style.dim(record.at)}`,
    ...record.parts.flatMap(({ tag, value, say }) => [
      `  ${style.bold(visible(value === '' ? tag : `${tag}=${cut(value)}`))}`,
      ...below(say),
    ]),
    ...record.remarks.flatMap(({ kind, say }) => below(say, marks[kind]).map(paint[kind])),
  ];
}

function cut(text: string): string {
  return text.length <= valueMax ? text : `${text.slice(0, valueMax - 1)}…`;
}
