/** Record values as DNS hosts spell them in JSON: zone text, mostly, with the freedoms that they take. */
import { isValueType, textOfValue, valueOfText } from '../../format/record-set.ts';
import type { SetupType } from '../../services/setup/types.ts';

export function isSetupType(type: string): type is SetupType {
  return isValueType(type);
}

/**
 * The value that a host's text means. A TXT record may come without quotes, which then is its whole text; what is beyond ASCII
 * stands for its UTF-8. Names without the final dot are absolute, or below `origin` where one is given.
 */
export function valueFromHost(type: SetupType, text: string, origin?: string): string | undefined {
  if (type !== 'TXT') return valueOfText(type, text, origin);
  const octets = octetsOf(text);
  if (!octets.startsWith('"')) return octets;
  const [, plain] = plainString.exec(octets) ?? [];
  if (plain !== undefined) return plain;
  return valueOfText('TXT', octets.replace(/[^\x20-\x7e]/g, escapedOctet));
}

/** One string without escapes, as most texts are: zones have thousands. */
const plainString = /^"([\x20\x21\x23-\x5b\x5d-\x7e]{0,255})"$/;

/** Zone text: absolute names with the final dot, TXT in quoted strings of at most 255 octets. The value was looked at before. */
export function textForHost(type: SetupType, value: string): string {
  return textOfValue(type, value) ?? value;
}

/** One character per octet; text beyond ASCII stands for its UTF-8. */
export function octetsOf(text: string): string {
  return /^[\x00-\x7f]*$/.test(text) ? text : Buffer.from(text, 'utf8').toString('latin1');
}

/** RFC 1035 §5.1 */
function escapedOctet(octet: string): string {
  return `\\${String(octet.charCodeAt(0)).padStart(3, '0')}`;
}
