/** Octets and their spellings. Message bytes are `Uint8Array`; text of octets is latin1, never UTF-8, unless it says so. */
import { timingSafeEqual } from 'node:crypto';

export const CR = 0x0d;
export const LF = 0x0a;

export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** One character per octet, 0..255. */
export function latin1(bytes: Uint8Array): string {
  return asBuffer(bytes).toString('latin1');
}

export function fromLatin1(text: string): Uint8Array {
  return Buffer.from(text, 'latin1');
}

export function utf8(text: string): Uint8Array {
  return Buffer.from(text, 'utf8');
}

export function fromUtf8(bytes: Uint8Array): string {
  return asBuffer(bytes).toString('utf8');
}

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  return parts.length === 1 ? (parts[0] as Uint8Array) : Buffer.concat(parts);
}

export function equalConstantTime(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

export function isAscii(text: string): boolean {
  return /^[\x00-\x7f]*$/.test(text);
}

/** C0 controls, DEL, C1 controls and the Unicode line separators: nothing of these may reach a header, command or log line. */
export function hasControlCharacter(text: string): boolean {
  return /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(text);
}

export function isWellFormed(text: string): boolean {
  return text.isWellFormed();
}

const base32Alphabet = '0123456789abcdefghjkmnpqrstvwxyz'; // Crockford, lower case: sorts like the octets

/** Crockford base32, lower case, without padding; keeps the order of the octets. */
export function base32(bytes: Uint8Array): string {
  let out = '';
  let held = 0;
  let bits = 0;
  for (let at = 0; at < bytes.length; at++) {
    held = (held << 8) | (bytes[at] as number); // an iterator's results were 2 KB for each id
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      out += base32Alphabet[(held >>> bits) & 31];
    }
    held &= (1 << bits) - 1;
  }
  return bits > 0 ? out + base32Alphabet[(held << (5 - bits)) & 31] : out;
}
