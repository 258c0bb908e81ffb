/**
 * Header fields of the form `value; name=value; ...` (Content-Type, Content-Disposition): RFC 2045 §5.1 with the
 * parameter values of RFC 2231, read as leniently as mail readers do, in linear time, never by pattern backtracking.
 */
import { decodeCharset, decodeUnlabelled, showControls } from './charset.ts';
import { decodeWords } from './encoded-word.ts';

export type Parameterised = {
  /** What stands before the first semicolon, lower case, without blanks and comments. */
  readonly value: string;
  /** Names in lower case; values decoded, without control characters. The first of two equal names counts. */
  readonly parameters: ReadonlyMap<string, string>;
};

/** RFC 2231 §3 continuations beyond this are not joined; the largest value is then some 60 KB. */
const segmentsMax = 1_000;

/** Encoded words in a parameter are wrong (RFC 2047 §5 (3)) and common where it is a file name. */
const fileNames: ReadonlySet<string> = new Set(['filename', 'name']);

/** `text` is the unfolded body of the field, one character per octet. */
export function parseParameterised(text: string): Parameterised {
  const raw = new Map<string, string>();
  const value = readUntilSemicolon(text, 0);
  let at = value.next;
  while (at < text.length) {
    const parameter = readParameter(text, at);
    at = parameter.next;
    if (parameter.name !== '' && !raw.has(parameter.name)) raw.set(parameter.name, parameter.value);
  }
  return { value: value.text.replace(/[\t ]/g, '').toLowerCase(), parameters: decodeParameters(raw) };
}

/** RFC 2045 §5.2: what has no or an unreadable Content-Type is plain text. */
export function parseContentType(text: string | undefined, fallback = 'text/plain'): Parameterised {
  const parsed = parseParameterised(text ?? '');
  return /^[!#-'*+.0-9^-z|~-]+\/[!#-'*+.0-9^-z|~-]+$/.test(parsed.value) ? parsed : { ...parsed, value: fallback };
}

type Read = { readonly text: string; readonly next: number };

/** Text up to the next semicolon outside of comments, comments left out; `next` is after the semicolon. */
function readUntilSemicolon(text: string, from: number): Read {
  let out = '';
  let at = from;
  while (at < text.length && text[at] !== ';') {
    if (text[at] === '(') at = skipComment(text, at);
    else out += text[at++];
  }
  return { text: out, next: at + 1 };
}

/** Offset after the comment that opens at `from` (RFC 5322 §3.2.2); the end of the text when it never closes. */
function skipComment(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    const character = text[at];
    if (character === '\\') at++;
    else if (character === '(') depth++;
    else if (character === ')' && --depth === 0) return at + 1;
  }
  return text.length;
}

function skipBlanks(text: string, from: number): number {
  let at = from;
  while (text[at] === ' ' || text[at] === '\t') at++;
  return at;
}

function readParameter(text: string, from: number): { name: string; value: string; next: number } {
  let at = from;
  let name = '';
  while (at < text.length && text[at] !== '=' && text[at] !== ';') {
    if (text[at] === '(') at = skipComment(text, at);
    else name += text[at++];
  }
  name = name.replace(/[\t ]/g, '').toLowerCase();
  if (text[at] !== '=') return { name: '', value: '', next: at + 1 };
  at = skipBlanks(text, at + 1);
  if (text[at] === '"') {
    const quoted = readQuoted(text, at + 1);
    return { name, value: quoted.text, next: readUntilSemicolon(text, quoted.next).next };
  }
  const plain = readUntilSemicolon(text, at);
  return { name, value: trimEnd(plain.text), next: plain.next };
}

/** RFC 5322 §3.2.4; a quote that never closes ends with the text. */
function readQuoted(text: string, from: number): Read {
  let out = '';
  let at = from;
  while (at < text.length && text[at] !== '"') {
    if (text[at] === '\\' && at + 1 < text.length) at++;
    out += text[at++];
  }
  return { text: out, next: at + 1 };
}

function trimEnd(text: string): string {
  let end = text.length;
  while (end > 0 && (text[end - 1] === ' ' || text[end - 1] === '\t')) end--;
  return text.slice(0, end);
}

type Segment = { readonly text: string; readonly extended: boolean };

function decodeParameters(raw: ReadonlyMap<string, string>): Map<string, string> {
  const decoded = new Map<string, string>();
  const segmented = new Map<string, Map<number, Segment>>();
  for (const [name, value] of raw) {
    const match = /^([^*]+)\*(?:(0|[1-9]\d{0,3})(\*)?)?$/.exec(name);
    if (match === null) {
      decoded.set(name, fileNames.has(name) ? decodeWords(value) : showControls(decodeUnlabelled(value)));
      continue;
    }
    const segments = segmented.get(match[1] as string) ?? new Map<number, Segment>();
    segmented.set(match[1] as string, segments);
    segments.set(Number(match[2] ?? 0), { text: value, extended: match[2] === undefined || match[3] === '*' });
  }
  // RFC 2231: the extended form says more than the plain one beside it
  for (const [name, segments] of segmented) {
    const value = joinSegments(segments);
    if (value !== undefined) decoded.set(name, value);
  }
  return decoded;
}

/** RFC 2231 §4.1: segments count from 0; the charset stands in the first one. */
function joinSegments(segments: ReadonlyMap<number, Segment>): string | undefined {
  const first = segments.get(0);
  if (first === undefined) return undefined;
  const label = first.extended ? /^([^']*)'[^']*'/.exec(first.text) : null;
  const octets: Buffer[] = [];
  for (let number = 0; number < segmentsMax; number++) {
    const segment = segments.get(number);
    if (segment === undefined) break;
    const text = number === 0 && label !== null ? segment.text.slice(label[0].length) : segment.text;
    octets.push(Buffer.from(segment.extended ? decodePercents(text) : text, 'latin1'));
  }
  const joined = Buffer.concat(octets);
  return showControls(decodeCharset(joined, label?.[1] ?? '') ?? joined.toString('latin1'));
}

function decodePercents(text: string): string {
  return text.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
