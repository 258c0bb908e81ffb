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

const tagName = /^[A-Za-z][A-Za-z0-9_]*$/; // RFC 6376 §3.2

/**
 * RFC 6376 §3.2: VALCHAR and the white space between. Octets above 0x7f are let through, since internationalized mail
 * has them in `d=`, `i=` and `s=` (RFC 8616 §5); the tag's reader decides.
 */
const noValueCharacter = /[^\t\r\n \x21-\x3a\x3c-\x7e\x80-\xff]/;

/** Neither a fold nor part of one. */
const bareLineEnd = /\r(?!\n[\t ])|(?<!\r)\n/;

/** @param text one character per octet: the raw body of a header field, or the strings of a TXT record joined */
export function parseTagList(text: string, options: TagListOptions = {}): Outcome<TagList, TagListRefusal> {
  if (bareLineEnd.test(text)) return no('bare-line-end');
  const tags = new Map<string, Tag>();
  const parts = text.split(';');
  let start = 0;
  for (const [index, part] of parts.entries()) {
    const end = start + part.length;
    const read = readTag(part, start);
    start = end + 1;
    if (read === undefined) {
      const isAfterLastSemicolon = index > 0 && index === parts.length - 1 && trimBlanks(part) === '';
      if (options.broken === 'skip' || isAfterLastSemicolon) continue;
      return no('bad-tag');
    }
    const name = options.names === 'any-case' ? read.name.toLowerCase() : read.name;
    if (tags.has(name)) return no('duplicate-tag'); // RFC 6376 §3.2: the whole list is invalid
    tags.set(name, { value: read.value, start: read.valueStart, end });
  }
  return tags.size === 0 ? no('no-tags') : accept(tags);
}

/** Drops all white space: base64 values and lists may be folded anywhere. */
export function withoutBlanks(text: string): string {
  return text.replace(/[\t\r\n ]+/g, '');
}

function readTag(part: string, start: number): { name: string; value: string; valueStart: number } | undefined {
  const equals = part.indexOf('=');
  if (equals < 0) return undefined;
  const name = trimBlanks(part.slice(0, equals));
  const value = trimBlanks(part.slice(equals + 1));
  if (!tagName.test(name) || noValueCharacter.test(value)) return undefined;
  return { name, value, valueStart: start + equals + 1 };
}

/** A scan, because a pattern for the end is quadratic on runs of blanks. CR and LF stand in folds only, that was checked. */
function trimBlanks(text: string): string {
  let from = 0;
  let to = text.length;
  while (from < to && isBlank(text.charCodeAt(from))) from++;
  while (to > from && isBlank(text.charCodeAt(to - 1))) to--;
  return text.slice(from, to);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0d || code === 0x0a;
}

function no(code: TagListRefusal): Outcome<never, TagListRefusal> {
  return refuse(code, sentences[code]);
}
