/**
 * API keys and app passwords as text: prefix, random octets in base32, and six characters of checksum, so that a key that was
 * mistyped or cut off is told from a wrong one, and scanners for leaked secrets find ours without false alarms. Pure.
 */
import { createHash } from 'node:crypto';
import { base32, utf8 } from '../../base/bytes.ts';
import type { Random } from '../../base/random.ts';

/** Prefix -> random octets. Both are far above the 128 bits that make a plain SHA-256 a safe way to store them. */
const kinds = {
  ph_live_: 20,
  ph_test_: 20,
  ph_app_: 32, // MAIL_RULES 29: generated 256-bit app passwords
} as const;

export type TokenKind = keyof typeof kinds;

const checksumLength = 6; // 30 of 32 bits: one typo in a thousand million goes unnoticed, and is then simply unknown

export function createToken(kind: TokenKind, random: Random): string {
  const body = kind + base32(random.bytes(kinds[kind]));
  return body + checksumOf(body);
}

/** The kind of a well-formed token, whether it was ever given out or not. */
export function tokenKindOf(text: string): TokenKind | undefined {
  const kind = (Object.keys(kinds) as TokenKind[]).find((prefix) => text.startsWith(prefix));
  if (kind === undefined) return undefined;
  const length = kind.length + Math.ceil((kinds[kind] * 8) / 5) + checksumLength;
  const body = text.slice(0, -checksumLength);
  return text.length === length && checksumOf(body) === text.slice(-checksumLength) ? kind : undefined;
}

/** As it is stored. */
export function tokenHash(token: string): string {
  return createHash('sha256').update(token, 'utf8').digest('hex');
}

function checksumOf(body: string): string {
  return base32(createHash('sha256').update(utf8(body)).digest().subarray(0, 4)).slice(0, checksumLength);
}
