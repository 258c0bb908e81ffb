/**
 * `tag=value; tag=value` lists: DKIM signatures and keys, ARC sets, and the DNS records that borrowed the form (DMARC,
 * MTA-STS, TLS-RPT). Gives each tag with its place in the text, because a verifier has to empty `b=` there and nowhere else.
 * What a tag's value means is the business of its engine.
 */
import { accept, type Outcome, refuse } from '../base/outcome.ts';

type Tag = {
  /** Without the white space around it; folds inside stay (`withoutBlanks` removes them where a tag allows). */
  readonly value: string;
  /** Offset after the `=`. */
  readonly start: number;
  /** Offset of the `;` that ends the tag, or of the end: [start, end) is the value with all white space around it. */
  readonly end: number;
};

/** In order of appearance: `tags.keys().next().value` is the first tag's name. */
export type TagList = ReadonlyMap<string, Tag>;

export type TagListRefusal = 'bad-tag' | 'duplicate-tag' | 'bare-line-end' | 'no-tags';

export type TagListOptions = {
  /** DKIM and ARC: `exact` (RFC 6376 §3.2). DMARC: `any-case`, names are lower-cased (RFC 9989 §4.8, quoted strings of ABNF). */
  readonly names?: 'exact' | 'any-case';
  /** `skip` leaves out what is no tag=value (RFC 9989 §4.8: syntax errors behind the version are discarded). Default `refuse`. */
  readonly broken?: 'refuse' | 'skip';
};

const sentences = {
  'bad-tag': 'a part of the list is not tag=value',
  'duplicate-tag': 'a tag appears twice',
  'bare-line-end': 'a CR or LF that folds no line stands in the list',
  'no-tags': 'the list holds no tag',
} as const satisfies Record<TagListRefusal, string>;

/**
 * RFC 6376 §3.2: VALCHAR and the white space between. Octets above 0x7f are let through, since internationalized mail
 * has them in `d=`, `i=` and `s=` (RFC 8616 §5); the tag's reader decides.
 */
const noValueCharacter = /[^\t\r\n \x21-\x7e\x80-\xff]/;

/** Neither a fold nor part of one. */
const bareLineEnd = /\r(?!\n[\t ])|(?<!\r)\n/;

/** @param text one character per octet: the raw body of a header field, or the strings of a TXT record joined */
export function parseTagList(text: string, options: TagListOptions = {}): Outcome<TagList, TagListRefusal> {
  if (hasBareLineEnd(text)) return no('bare-line-end');
  const isClean = !noValueCharacter.test(text); // one look at the whole is cheaper than one at each value
  const tags = new Map<string, Tag>();
  for (let start = 0, semicolon = 0; semicolon >= 0; start = semicolon + 1) {
    semicolon = text.indexOf(';', start);
    const end = semicolon < 0 ? text.length : semicolon;
    const read = readTag(text, start, end, isClean);
    if (read === undefined) {
      const isAfterLastSemicolon = start > 0 && semicolon < 0 && startOfText(text, start, end) === end;
      if (options.broken === 'skip' || isAfterLastSemicolon) continue;
      return no('bad-tag');
    }
    const name = options.names === 'any-case' ? read.name.toLowerCase() : read.name;
    if (tags.has(name)) return no('duplicate-tag'); // RFC 6376 §3.2: the whole list is invalid
    tags.set(name, read.tag);
  }
  return tags.size === 0 ? no('no-tags') : accept(tags);
}

/** Drops all white space: base64 values and lists may be folded anywhere. */
export function withoutBlanks(text: string): string {
  return text.replace(/[\t\r\n ]+/g, '');
}

/** DNS records have no line ends at all. */
function hasBareLineEnd(text: string): boolean {
  return (text.includes('\n') || text.includes('\r')) && bareLineEnd.test(text);
}

/** `name = value` between two places of the text. */
function readTag(
  text: string,
  start: number,
  end: number,
  isClean: boolean,
): { readonly name: string; readonly tag: Tag } | undefined {
  const nameStart = startOfText(text, start, end);
  let nameEnd = nameStart;
  while (nameEnd < end && isNameCharacter(text.charCodeAt(nameEnd))) nameEnd++;
  const equals = startOfText(text, nameEnd, end);
  if (equals === end || text.charCodeAt(equals) !== EQUALS) return undefined;
  if (nameEnd === nameStart || !isLetter(text.charCodeAt(nameStart))) return undefined;
  const value = text.slice(startOfText(text, equals + 1, end), endOfText(text, equals + 1, end));
  if (!isClean && noValueCharacter.test(value)) return undefined;
  return { name: text.slice(nameStart, nameEnd), tag: { value, start: equals + 1, end } };
}

/** Where text begins between two places, or the second when all is blank. CR and LF stand in folds only, that was checked. */
function startOfText(text: string, start: number, end: number): number {
  let at = start;
  while (at < end && isBlank(text.charCodeAt(at))) at++;
  return at;
}

/** A scan, because a pattern for the end is quadratic on runs of blanks. */
function endOfText(text: string, start: number, end: number): number {
  let at = end;
  while (at > start && isBlank(text.charCodeAt(at - 1))) at--;
  return at;
}

const EQUALS = 0x3d;
const UNDERSCORE = 0x5f;

/** RFC 6376 §3.2: tag-name = ALPHA *ALNUMPUNC */
function isNameCharacter(code: number): boolean {
  return isLetter(code) || (code >= 0x30 && code <= 0x39) || code === UNDERSCORE;
}

function isLetter(code: number): boolean {
  return (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0d || code === 0x0a;
}

function no(code: TagListRefusal): Outcome<never, TagListRefusal> {
  return refuse(code, sentences[code]);
}
