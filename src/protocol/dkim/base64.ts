/** Base64 as signatures and keys carry it, exact. `Buffer` alone skips what it cannot read and takes the URL alphabet. */

/**
 * Undefined when a character or the padding is wrong, or there is nothing. RFC 6376 §2.10, RFC 4648 §4
 *
 * Every character that `Buffer` skips shortens what comes out, so the length tells whether all of them counted; this is ten
 * times as fast as a pattern.
 *
 * @param text without the blanks that may fold it
 */
export function decodeBase64(text: string): Uint8Array | undefined {
  if (text === '' || text.length % 4 !== 0 || text.includes('-') || text.includes('_')) return undefined;
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const octets = Buffer.from(text, 'base64');
  return octets.length === (text.length / 4) * 3 - padding ? octets : undefined;
}
