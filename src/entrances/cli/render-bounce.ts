/** What a receiver's refusal means, for people. Pure. */
import { type BounceExplanation, sendAgainWords } from '../../services/advice/advice.ts';
import { visible, wrapped } from './render-timeline.ts';
import type { Style } from './style.ts';

type Advice = {
  readonly meaning: string;
  readonly steps: readonly string[];
  readonly checks: readonly string[];
  readonly again: string;
};

const lasts: Readonly<Record<BounceExplanation['lasts'], string>> = {
  'for-now': 'refuses it for now',
  'for-good': 'refuses it for good',
  unknown: 'said this',
};

/** A file or a pipe gets pages of this width, too. */
const widthDefault = 80;

export function bounceLines(explanation: BounceExplanation, style: Style, columns = widthDefault): string[] {
  const { reply, receiver } = explanation;
  const codes = [reply.code, reply.enhanced].filter((one) => one !== undefined).join(' ');
  const who = receiver ?? reply.host ?? 'the receiver';
  const head = `${codes === '' ? '' : `${codes}: `}${visible(who)} ${lasts[explanation.lasts]}`;
  const to = reply.recipient === undefined ? [] : [`to ${visible(reply.recipient)}`];
  return [style.bold(head), ...to.map(style.dim), ...adviceLines(explanation, style, columns)];
}

/** Meaning, steps, checks, and whether to send again. */
export function adviceLines(advice: Advice, style: Style, columns: number | undefined): string[] {
  const { meaning, steps, checks, again } = advice;
  return [
    ...entry('', meaning, columns),
    ...steps.flatMap((step, at) => entry(at === 0 ? 'do' : '', step, columns, at + 1)),
    ...entry('then', (sendAgainWords as Readonly<Record<string, string>>)[again] ?? again, columns),
    ...(checks.length === 0 ? [] : entry('checks', checks.join(', '), columns)),
  ].map((line) => (line.startsWith('  checks') ? style.dim(line) : line));
}

const labelWidth = 8;

function entry(label: string, text: string, columns: number | undefined, number?: number): string[] {
  const first = label === '' && number === undefined ? '  ' : `  ${label.padEnd(labelWidth)}`;
  const mark = number === undefined ? '' : `${number}. `;
  const rest = ' '.repeat(first.length + mark.length);
  const width = columns === undefined ? undefined : columns - rest.length;
  return wrapped(visible(text), width).map((line, at) => `${at === 0 ? `${first}${mark}` : rest}${line}`);
}
