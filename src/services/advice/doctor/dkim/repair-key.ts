/** What went wrong with a key record on its way into the DNS, and what it would be without that. Pure. RFC 6376 §3.6.1 */
import { type KeyRecord, parseKeyRecord } from '../../../../protocol/dkim/key-record.ts';

/** Characters behind `p=` of a whole RSA key, by its own first octets. */
type Cut = { readonly has: number; readonly wants: number };

/** The same key with marks of quotation, escapes, doubled beginnings and odd letters gone; undefined where no key comes out. */
export function repairedKey(text: string): string | undefined {
  const plain = text
    .replaceAll(/["'\u201c\u201d\u2018\u2019\\]|\xe2\x80[\x98\x99\x9c\x9d]/g, '')
    .replaceAll(/\bv\s*=\s*DKIM1\s*;?/gi, ' ');
  const p = lastKey(plain);
  if (p === undefined) return undefined;
  const type = /\bk\s*=\s*(rsa|ed25519)\b/i.exec(plain)?.[1]?.toLowerCase() ?? (p.length === 44 ? 'ed25519' : 'rsa');
  const repaired = `v=DKIM1; k=${type}; p=${p}`;
  return isKey(parseKeyRecord(repaired)) ? repaired : undefined;
}

function isKey(read: KeyRecord | string): read is KeyRecord {
  return typeof read !== 'string';
}

/** Behind the last `p=`, or alone; without what is no base64. */
function lastKey(text: string): string | undefined {
  const behind =
    /[\s\S]*\bp\s*=([^;]*)/i.exec(text)?.[1] ?? (text.includes('=') && text.includes(';') ? undefined : text);
  const letters = behind?.replaceAll(/[^A-Za-z0-9+/=]/g, '');
  return letters === '' ? undefined : letters;
}

/** RFC 3279 §2.3.1: a SubjectPublicKeyInfo says its own length in its first octets (30 81 ll, 30 82 hh ll). */
function cutOff(text: string): Cut | undefined {
  const base64 = lastKey(text) ?? '';
  const octets = Buffer.from(base64.slice(0, 8), 'base64');
  const [tag, form, high = 0, low = 0] = octets;
  if (tag !== 0x30 || (form !== 0x81 && form !== 0x82)) return undefined;
  const length = form === 0x81 ? high + 3 : (high << 8) + low + 4;
  const wants = Math.ceil(length / 3) * 4;
  return base64.length < wants ? { has: base64.length, wants } : undefined;
}

/** In words, for people. */
export function damageOf(text: string): string {
  const cut = cutOff(text);
  if (/["\u201c\u201d]|\xe2\x80[\x9c\x9d]/.test(text))
    return 'quotation marks stand inside the value, left over from copying it in pieces';
  if (text.includes('\\')) return 'backslashes stand inside the value';
  if (/v\s*=\s*DKIM1[\s\S]*v\s*=\s*DKIM1/i.test(text)) return 'the beginning of the record stands in it twice';
  if (/v\s*=\s*DKIM1/i.test(text) && !/^\s*v\s*=\s*DKIM1\s*;/.test(text))
    return 'v=DKIM1 is not written exactly so, at the very beginning, with a semicolon behind it';
  if (cut) return `the key was cut off: ${cut.has} of ${cut.wants} characters are there`;
  if (!/\bp\s*=/.test(text)) return 'the part with the key, p=, is missing';
  return 'the part with the key, p=, is not what it was: letters are missing or wrong';
}
