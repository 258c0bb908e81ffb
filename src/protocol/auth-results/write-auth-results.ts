/**
 * Writes Authentication-Results, RFC 8601 §2.2. Nothing that a stranger chose can become a result here: there are no
 * comments, a value is a token, an address or a quoted string, and what holds a control character or is not ASCII is left out.
 */
import { fromLatin1 } from '../../base/bytes.ts';
import { invariant } from '../../base/outcome.ts';
import type { AuthProperty, AuthResult } from './types.ts';

const fieldName = 'Authentication-Results';
const lineOctetsMax = 998; // RFC 5322 §2.1.1
const lineOctets = 78; // RFC 5322 §2.1.1
const valueOctetsMax = 450; // our choice: a domain has up to 253, an address up to 320

/** The field's value: one line where it fits into one, else folded (CRLF and a blank) between the words. */
export function writeAuthenticationResults(authservId: string, results: readonly AuthResult[]): string {
  const words = wordsOf(authservId, results);
  const line = words.join(' ');
  return fieldName.length + 2 + line.length <= lineOctetsMax ? line : fold(words, 0);
}

/** The whole field, folded, ending in CRLF: to be put above everything else. RFC 8601 §4 */
export function authenticationResultsField(authservId: string, results: readonly AuthResult[]): Uint8Array {
  const name = `${fieldName}: `;
  return fromLatin1(`${name}${fold(wordsOf(authservId, results), name.length)}\r\n`);
}

/** Words that a fold may separate; each result starts a new one, the semicolon before it ends the one before. */
function wordsOf(authservId: string, results: readonly AuthResult[]): string[] {
  const id = written(authservId);
  invariant(id !== undefined && id !== '', 'an authserv-id is printable ASCII');
  if (results.length === 0) return [`${id};`, 'none']; // RFC 8601 §2.2 (no-result)
  const words = [id];
  for (const { method, result, reason, properties } of results) {
    words[words.length - 1] += ';';
    invariant(isKeyword(method) && isKeyword(result), 'methods and results are keywords');
    words.push(`${method}=${result}`);
    const why = reason === undefined ? undefined : written(reason);
    if (why !== undefined) words.push(`reason=${why}`);
    for (const property of properties) words.push(...propertyWord(property));
  }
  return words;
}

function propertyWord({ type, name, value }: AuthProperty): string[] {
  invariant(isKeyword(type) && isKeyword(name), 'property types and names are keywords');
  const plain = written(value);
  return plain === undefined || value === '' ? [] : [`${type}.${name}=${plain}`];
}

function isKeyword(text: string): boolean {
  return /^[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?$/.test(text);
}

/** A token, an address of plain atoms, or a quoted string; undefined when it can be none of them. */
function written(value: string): string | undefined {
  if (value.length > valueOctetsMax || !/^[\x20-\x7e]*$/.test(value)) return undefined;
  if (/^[!#$%&'*+\-.0-9A-Z^_`a-z{|}~]+$/.test(value)) return value; // RFC 2045 §5.1
  if (/^[!#$%&'*+\-.0-9A-Z^_`a-z{|}~]*@[0-9A-Za-z._-]+$/.test(value)) return value; // RFC 8601 §2.2 (pvalue)
  return `"${value.replace(/["\\]/g, '\\$&')}"`;
}

/** No word is longer than a line may be: a value has at most 450 octets, twice that when each needs a backslash. */
function fold(words: readonly string[], used: number): string {
  let text = '';
  let length = used;
  for (const word of words) {
    if (text === '') {
      text = word;
      length += word.length;
    } else if (length + 1 + word.length <= lineOctets) {
      text += ` ${word}`;
      length += 1 + word.length;
    } else {
      text += `\r\n ${word}`;
      length = 1 + word.length;
    }
  }
  return text;
}
