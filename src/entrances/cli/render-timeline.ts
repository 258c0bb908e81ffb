/** A message's timeline as lines of text. What remote servers said is shown with control characters made visible. Pure. */
import type { Style } from './style.ts';

export type ShownStep = {
  readonly atMs: number;
  readonly step: string;
  readonly recipient?: string;
  readonly say: string;
};

/** Steps of newer offices that are not listed here show their own name. */
const labels: Readonly<Record<string, string>> = { tls: 'TLS', bounce: 'bounced' };

const labelWidth = 10;
const timeWidth = 9;
const indent = 3 + labelWidth + timeWidth + 2;
/** Narrower terminals get lines that they break themselves. */
const textWidthMin = 30;

/** @param columns where lines end; without it they are as long as they are */
export function timelineLines(steps: readonly ShownStep[], style: Style, columns?: number): string[] {
  const startMs = steps[0]?.atMs ?? 0;
  const several = new Set(steps.flatMap(({ recipient }) => recipient ?? [])).size > 1;
  return steps.flatMap((step, at) => {
    const { recipient, say } = step;
    const isNext = several && recipient !== undefined && recipient !== steps[at - 1]?.recipient;
    const label = labels[step.step] ?? visible(step.step);
    return [
      ...(isNext ? [`   ${style.bold(visible(recipient))}`] : []),
      ...timelineEntry({ label, text: say, time: since(step.atMs - startMs) }, style, columns),
    ];
  });
}

type Entry = {
  readonly label: string;
  readonly text: string;
  readonly time?: string;
  /** How its words are marked. */
  readonly mark?: (text: string) => string;
};

/** One entry, with as many lines as it needs. */
export function timelineEntry({ label, text, time = '', mark }: Entry, style: Style, columns?: number): string[] {
  const width = columns === undefined ? undefined : columns - indent;
  return wrapped(visible(text), width).map((line, at) => {
    const head =
      at === 0 ? `   ${label.padEnd(labelWidth)}${style.dim(time.padStart(timeWidth))}  ` : ' '.repeat(indent);
    return `${head}${mark ? mark(line) : line}`.trimEnd();
  });
}

function since(ms: number): string {
  if (ms < 10_000) return `+${ms} ms`;
  if (ms < 600_000) return `+${Math.round(ms / 1_000)} s`;
  if (ms < 36_000_000) return `+${Math.round(ms / 60_000)} min`;
  return `+${Math.round(ms / 3_600_000)} h`;
}

/** At blanks; a word that is too long stays whole. */
export function wrapped(text: string, width: number | undefined): string[] {
  if (width === undefined || width < textWidthMin) return [text];
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

/** Control characters become their hexadecimal code: foreign text must not drive the terminal. Style it afterwards. */
export function visible(text: string): string {
  return text.replaceAll(
    /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}
