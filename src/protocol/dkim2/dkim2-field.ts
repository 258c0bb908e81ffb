/** What DKIM2-Signature and Message-Instance have in common: tags of ASCII, numbers, base64 with zero pad bits, lists, the form signed. */
import { isAscii, latin1 } from '../../base/bytes.ts';
import { fieldBody, type HeaderField, type MessageIndex, trimBlanks } from '../../format/message/message-index.ts';
import { parseTagList, type TagList, withoutBlanks } from '../../format/tag-list.ts';
import { decodeBase64 } from '../dkim/base64.ts';
import type { Dkim2Problem } from './problems.ts';

export type Reading<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problem: Dkim2Problem };

/**
 * dkim2-spec-03 §7: names in any case, any order, each once; unknown tags mean nothing.
 * dkim2-spec-03 §7: deviates: the grammar wants a semicolon behind the last tag too. Most of the published vectors have none, and nothing
 * is read otherwise for it.
 */
export function readDkim2Tags(index: MessageIndex, field: HeaderField): TagList | undefined {
  const written = latin1(index.bytes.subarray(field.start, field.bodyStart - 1));
  // Octets around the name that some readers skip make it another name, or none. dkim2-spec-03 §9.6: blanks before the colon may be there.
  if (trimBlanks(written).toLowerCase() !== field.name || /^[\t ]/.test(written)) return undefined;
  const text = latin1(fieldBody(index, field));
  if (!isAscii(text)) return undefined; // dkim2-spec-03 §7 (x-tag-char)
  const tags = parseTagList(text, { names: 'any-case' });
  return tags.ok ? tags.value : undefined;
}

/** The field's octets as they are signed: name in lower case, all white space gone, one CRLF. dkim2-spec-03 §9.6 */
export function signedForm(index: MessageIndex, field: HeaderField, value = latin1(fieldBody(index, field))): string {
  return `${field.name}:${withoutBlanks(value)}\r\n`;
}

/** 1 and up. Leading zeros are in the grammar. */
export function ordinalOf(text: string | undefined): number | undefined {
  if (text === undefined || !/^[0-9]{1,10}$/.test(text)) return undefined;
  const number = Number(text);
  return number > 0 ? number : undefined;
}

/** dkim2-spec-03 §2.14: padded, and with zero bits, so that there is one spelling of each value; folds anywhere. */
export function base64Of(text: string): Uint8Array | undefined {
  const plain = withoutBlanks(text);
  const octets = decodeBase64(plain);
  return octets !== undefined && Buffer.from(octets).toString('base64') === plain ? octets : undefined;
}

/** dkim2-spec-03 §2.14 (textstring) */
export function isTextString(text: string): boolean {
  return /^[A-Za-z0-9_-]+$/.test(text);
}

/** Folds around a word. */
export function withoutOuterBlanks(text: string): string {
  return trimBlanks(text.replaceAll('\r\n', ''));
}

/** An item of a list and where it stands in the text. */
export type Item = { readonly text: string; readonly start: number };

export function itemsOf(list: string, separator: ',' | ':'): Item[] {
  const items: Item[] = [];
  for (let start = 0; ; ) {
    const end = list.indexOf(separator, start);
    items.push({ text: end < 0 ? list.slice(start) : list.slice(start, end), start });
    if (end < 0) return items;
    start = end + 1;
  }
}
