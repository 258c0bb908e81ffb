/** What a command found, in every form it may be asked for: a page for people, one document, lines, or the one value scripts want. */
import { asBuffer, fromUtf8 } from '../../base/bytes.ts';
import type { ExitCode } from './exits.ts';
import { visible } from './render-timeline.ts';
import type { Style } from './style.ts';

export type Answer = {
  /** 0 unless said. */
  readonly exit?: ExitCode;
  /** For `--json`. */
  readonly document: unknown;
  /** For `--jsonl`, where the document is a list. */
  readonly rows?: readonly unknown[];
  /** For people. Text of strangers is made `visible` by whoever puts it in. */
  readonly lines: (style: Style, columns: number | undefined) => readonly string[];
  /** For a file or a pipe, in place of the lines. */
  readonly octets?: Uint8Array;
  /** For `--quiet`: the id or the key alone; nothing when there is no such thing. */
  readonly value?: string;
};

export type Format = 'text' | 'json' | 'jsonl';

export type PrintOptions = {
  readonly format: Format;
  readonly quiet: boolean;
  readonly style: Style;
  readonly columns: number | undefined;
};

export function printAnswer(answer: Answer, options: PrintOptions): string | Uint8Array {
  if (options.format === 'json') return json(answer.document);
  if (options.format === 'jsonl') return (answer.rows ?? [answer.document]).map(jsonLine).join('');
  if (answer.octets && options.columns === undefined) return answer.octets;
  if (options.quiet) return answer.value === undefined ? '' : `${answer.value}\n`;
  return answer
    .lines(options.style, options.columns)
    .map((line) => `${line}\n`)
    .join('');
}

export function json(document: unknown): string {
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

export function jsonLine(document: unknown): string {
  return `${JSON.stringify(document)}\n`;
}

/** A whole message: its octets for files and pipes, made harmless on a terminal, base64 in JSON. */
export function rawAnswer(id: string, octets: Uint8Array): Answer {
  return {
    document: { id, message: asBuffer(octets).toString('base64') },
    octets,
    lines: () =>
      fromUtf8(octets)
        .replace(/\r?\n$/, '')
        .split(/\r?\n/)
        .map((line) => line.split('\t').map(visible).join('\t')),
  };
}
