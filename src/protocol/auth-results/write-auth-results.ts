/**
 * Writes Authentication-Results, RFC 8601 §2.2. Nothing that a stranger chose can become a result here: there are no
 * comments, a value is a token, an address or a quoted string, and what holds a control character or is not ASCII is left out.
 */
import { fromLatin1 } from '../../base/bytes.ts';
import { invariant } from '../../base/outcome.ts';
import type { AuthResult } from './types.ts';

const fieldName = 'Authentication-Results';
const lineOctetsMax = 998; // RFC 5322 §2.1.1
const lineOctets = 78; // RFC 5322 §2.1.1
const valueOctetsMax = 450; // our choice: a domain has up to 253, an address up to 320

/** The field's value: one line where it fits into one, else folded (CRLF and a blank) like the field. */
export function writeAuthenticationResults(authservId: string, results: readonly AuthResult[]): string {
  const parts = partsOf(authservId, results);
  const line = parts.map((words) => words.join(' ')).join(' ');
  return fieldName.length + 2 + line.length <= lineOctetsMax ? line : inLines(parts);
}

/** The value, a result per line. */
export function authenticationResultsLines(authservId: string, results: readonly AuthResult[]): string {
  return inLines(partsOf(authservId, results));
}

/** The whole field, a result per line, ending in CRLF: to be put above everything else. RFC 8601 §4 */
export function authenticationResultsField(authservId: string, results: readonly AuthResult[]): Uint8Array {
  return fromLatin1(`${fieldName}: ${authenticationResultsLines(authservId, results)}\r\n`);
}

/** Who says so, then each result, as words that a fold may separate; a semicolon ends each but the last. */
function partsOf(authservId: string, results: readonly AuthResult[]): string[][] {
  const id = written(authservId);
  invariant(id !== undefined && id !== '', 'an authserv-id is printable ASCII');
  if (results.length === 0) return [[`${id};`], ['none']]; // RFC 8601 §2.2 (no-result)
  const last = results.length - 1;
  return [[`${id};`], ...results.map((result, at) => resultWords(result, at === last ? '' : ';'))];
}

function resultWords({ method, result, reason, properties }: AuthResult, end: ';' | ''): string[] {
  invariant(isKeyword(method) && isKeyword(result), 'methods and results are keywords');
  const words = [`${method}=${result}`];
  const why = reason === undefined ? undefined : written(reason);
  if (why !== undefined) words.push(`reason=${why}`);
  for (const { type, name, value } of properties) {
    invariant(isKeyword(type) && isKeyword(name), 'property types and names are keywords');
    const plain = value === '' ? undefined : written(value);
    if (plain !== undefined) words.push(`${type}.${name}=${plain}`);
  }
  if (end !== '') words[words.length - 1] += end;
  return words;
}

/** RFC 8601 §2.2: letters and digits, dashes inside. */
function isKeyword(text: string): boolean {
  const last = text.length - 1;
  for (let at = 0; at <= last; at++) {
    const code = text.charCodeAt(at);
    const isDash = code === 0x2d && at > 0 && at < last;
    if (!isDash && !isLetterOrDigit(code)) return false;
  }
  return last >= 0;
}

function isLetterOrDigit(code: number): boolean {
  return (code >= 0x30 && code <= 0x39) || (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a);
}

/** A token, an address of plain atoms, or a quoted string; undefined when it can be none of them. */
function written(value: string): string | undefined {
  if (value.length > valueOctetsMax) return undefined;
  if (/^[!#$%&'*+\-.0-9A-Z^_`a-z{|}~]+$/.test(value)) return value; // RFC 2045 §5.1
  if (!/^[\x20-\x7e]*$/.test(value)) return undefined;
  if (/^[!#$%&'*+\-.0-9A-Z^_`a-z{|}~]*@[0-9A-Za-z._-]+$/.test(value)) return value; // RFC 8601 §2.2 (pvalue)
  return `"${value.replace(/["\\]/g, '\\$&')}"`;
}

/** No word is longer than a line may be: a value has at most 450 octets, twice that when each needs a backslash. */
function inLines(parts: readonly (readonly string[])[]): string {
  return parts.map(fold).join('\r\n ');
}

function fold(words: readonly string[]): string {
  const lines: string[] = [];
  let line = '';
  for (const word of words) {
    if (line !== '' && line.length + 2 + word.length > lineOctets) {
      lines.push(line);
      line = '';
    }
    line += line === '' ? word : ` ${word}`;
  }
  return [...lines, line].join('\r\n  ');
}
