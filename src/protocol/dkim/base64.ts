/** Base64 as signatures and keys carry it: folded anywhere, otherwise exact. `Buffer` alone would skip what it cannot read. */
import { withoutBlanks } from '../../format/tag-list.ts';

/** Undefined when a character or the padding is wrong, or there is nothing. RFC 6376 §2.10, RFC 4648 §4 */
export function decodeBase64(text: string): Uint8Array | undefined {
  const plain = withoutBlanks(text);
  if (plain === '' || plain.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(plain)) return undefined;
  return Buffer.from(plain, 'base64');
}
