/**
 * Reads what a server says, line by line, into replies. Strict: what is not exactly a reply is *nonsense*, which the client
 * never takes for a yes and never for a final no. Bounded: an endless reply is nonsense as soon as it passes a limit.
 */
import { isUtf8 } from 'node:buffer';
import { fromUtf8, latin1 } from '../../base/bytes.ts';
import { LineReader } from './line-reader.ts';

export type HeardReply = {
  /** 200 to 599. */
  readonly code: number;
  /** RFC 3463 status, when the text begins with one of the same class. */
  readonly enhanced?: string;
  /** The server's own words, lines joined with a space, without the codes. Data from outside: escape before showing. */
  readonly text: string;
  /** Line by line, as after the code; EHLO's keywords stand here. */
  readonly lines: readonly string[];
};

export const replyLimits = {
  /** All of one reply. */
  octets: 65_536,
  lines: 100,
} as const;

export const nonsenseReasons = {
  'no-code': 'a line that does not begin with a reply code',
  'bad-code': 'a reply code that does not exist',
  'mixed-codes': 'a reply whose lines disagree about the code',
  nul: 'a reply with a NUL octet',
  'bare-newline': 'a line that does not end in CRLF',
  'eight-bit': 'a reply that is neither ASCII nor UTF-8',
  'too-long': `a reply of more than ${replyLimits.octets} octets`,
  'too-many-lines': `a reply of more than ${replyLimits.lines} lines`,
} as const satisfies Record<string, string>;
export type NonsenseReason = keyof typeof nonsenseReasons;

export type Nonsense = { readonly why: NonsenseReason; readonly heard: string };

/** A reply of which only continuation lines have come. */
type PartialReply = { readonly code: string; readonly lines: readonly string[]; readonly octets: number };

export type Heard =
  | { readonly kind: 'reply'; readonly reply: HeardReply }
  | { readonly kind: 'nonsense'; readonly nonsense: Nonsense };

/** @param line without its CRLF */
function addReplyLine(
  before: PartialReply | undefined,
  line: Uint8Array,
): Heard | { readonly kind: 'more'; readonly partial: PartialReply } {
  if (line.includes(0)) return nonsenseAt('nul', line);
  if (!isUtf8(line)) return nonsenseAt('eight-bit', line);
  const octets = (before?.octets ?? 0) + line.length + 2;
  if (octets > replyLimits.octets) return nonsenseAt('too-long', line);
  // RFC 5321 §4.2: three digits, then a dash where lines follow, else a blank and text, or nothing.
  const shape = /^([0-9]{3})(?:([ -])(.*))?$/su.exec(fromUtf8(line)); // RFC 6531 §3.7.4.2 lets UTF-8 into the text
  const [, code = '', separator, text = ''] = shape ?? [];
  if (code === '') return nonsenseAt('no-code', line);
  if (!/^[2-5]/.test(code)) return nonsenseAt('bad-code', line); // RFC 5321 §4.2.1; an unknown code is read by its first digit
  if (before && before.code !== code) return nonsenseAt('mixed-codes', line); // RFC 5321 §4.2.1
  const lines = [...(before?.lines ?? []), text];
  if (lines.length > replyLimits.lines) return nonsenseAt('too-many-lines', line);
  if (separator === '-') return { kind: 'more', partial: { code, lines, octets } };
  return { kind: 'reply', reply: replyOf(code, lines) };
}

/** RFC 2034 §4: every line of a reply begins with the same enhanced code; a server that says it once is understood too. */
function replyOf(code: string, lines: readonly string[]): HeardReply {
  const enhanced = /^([245]\.\d{1,3}\.\d{1,3})(?: |$)/.exec(lines[0] ?? '')?.[1];
  if (enhanced === undefined || enhanced[0] !== code[0]) return { code: Number(code), text: joined(lines), lines };
  const bare = lines.map((line) =>
    line === enhanced || line.startsWith(`${enhanced} `) ? line.slice(enhanced.length + 1) : line,
  );
  return { code: Number(code), enhanced, text: joined(bare), lines };
}

function joined(lines: readonly string[]): string {
  return lines
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join(' ');
}

/** What of nonsense is kept for the timeline, one character per octet. */
const heardMax = 200;

function nonsenseAt(why: NonsenseReason, heard: Uint8Array): Heard & { kind: 'nonsense' } {
  return { kind: 'nonsense', nonsense: { why, heard: latin1(heard.subarray(0, heardMax)) } };
}

/** The replies in the octets of a connection. After nonsense nothing that follows can be read. */
export class ReplyReader {
  readonly #lines = new LineReader();
  #partial: PartialReply | undefined;

  /** Nothing waits: no reply, no part of one. */
  get isEmpty(): boolean {
    return this.#partial === undefined && this.#lines.unread.length === 0;
  }

  push(chunk: Uint8Array): void {
    this.#lines.push(chunk);
  }

  /** Undefined when more octets are needed. */
  next(): Heard | undefined {
    for (;;) {
      const before = this.#lines.unread;
      const line = this.#lines.next(replyLimits.octets - (this.#partial?.octets ?? 0));
      if (!line) return undefined;
      if (line.kind !== 'line') return nonsenseAt(line.kind === 'bare-newline' ? 'bare-newline' : 'too-long', before);
      const step = addReplyLine(this.#partial, line.octets);
      this.#partial = step.kind === 'more' ? step.partial : undefined;
      if (step.kind !== 'more') return step;
    }
  }

  /** Forgets what was said so far. */
  clear(): void {
    this.#lines.takeRest();
    this.#partial = undefined;
  }
}
