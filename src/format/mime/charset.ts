/**
 * Octets of a labelled charset to text, for showing. What the platform does not know (UTF-7, ISO-2022-KR) stays
 * unknown: guessing a stateful charset is how hidden text is smuggled past a filter.
 */
import { isUtf8 } from 'node:buffer';
import { asBuffer, fromLatin1, hasControlCharacter, isAscii } from '../../base/bytes.ts';

/** Undefined when the charset is not known. Broken octets become U+FFFD. */
export function decodeCharset(octets: Uint8Array, charset: string): string | undefined {
  const label = charset.trim().toLowerCase();
  // the common ones need no decoder object: tens of thousands of words stay cheap
  if (label === 'utf-8' || label === 'utf8') return asBuffer(octets).toString('utf8');
  if (label === 'us-ascii' || label === '') return decodeUtf8OrLatin1(octets);
  try {
    return new TextDecoder(label).decode(octets);
  } catch {
    return undefined; // RangeError: no such label (WHATWG Encoding)
  }
}

/** Latin1 text whose octets nobody labelled: UTF-8 when it is UTF-8, else one character per octet. */
export function decodeUnlabelled(text: string): string {
  if (isAscii(text) || /[^\x00-\xff]/.test(text)) return text;
  return decodeUtf8OrLatin1(fromLatin1(text));
}

/** Decoded text may not break out of its line, whatever it holds: a tab is a blank, other controls become U+FFFD. */
export function showControls(text: string): string {
  if (!hasControlCharacter(text)) return text;
  return text.replace(/\t/g, ' ').replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, '\ufffd');
}

function decodeUtf8OrLatin1(octets: Uint8Array): string {
  return asBuffer(octets).toString(isUtf8(octets) ? 'utf8' : 'latin1');
}
