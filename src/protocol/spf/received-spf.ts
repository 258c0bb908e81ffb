/**
 * The Received-SPF field, for those who want one beside Authentication-Results: RFC 7208 §9.1. Without a comment, since whatever stood there
 * would hold words of the client; every value is a dot-atom or a quoted string of printable ASCII.
 */
import { fromLatin1 } from '../../base/bytes.ts';
import { parseIpAddress } from '../../format/ip-address.ts';
import type { SpfResult, SpfSession } from './types.ts';

const lineOctets = 78; // RFC 5322 §2.1.1
const valueOctetsMax = 320; // an address: 64, the @ and 255 (RFC 5321 §4.5.3.1)

/** The whole field, ending in CRLF: to be put below our Authentication-Results, above all else. */
export function receivedSpfField(spf: SpfResult, session: SpfSession): Uint8Array {
  const pairs = [
    ['receiver', session.receiver ?? ''],
    ['client-ip', parseIpAddress(session.remoteAddress)?.text ?? ''],
    ['envelope-from', session.mailFrom],
    ['helo', session.helo],
    ['identity', session.mailFrom === '' ? 'helo' : 'mailfrom'],
    ['mechanism', spf.matched ?? ''],
    ['problem', spf.reason ?? ''],
  ] as const;
  const words = [`Received-SPF: ${spf.result}`];
  for (const [name, value] of pairs) {
    const plain = value === '' ? undefined : written(value);
    if (plain !== undefined) words.push(`${name}=${plain};`);
  }
  return fromLatin1(`${fold(words)}\r\n`);
}

/** RFC 7208 §9.1: dot-atom or quoted-string; undefined where it can be neither, which leaves the pair out. */
function written(value: string): string | undefined {
  if (value.length > valueOctetsMax || !/^[\x20-\x7e]*$/.test(value)) return undefined;
  if (/^[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*$/.test(value)) return value;
  return `"${value.replace(/["\\]/g, '\\$&')}"`;
}

function fold(words: readonly string[]): string {
  const lines: string[] = [];
  let line = '';
  for (const word of words) {
    if (line !== '' && line.length + 1 + word.length > lineOctets) {
      lines.push(line);
      line = '';
    }
    line += line === '' ? word : ` ${word}`;
  }
  return [...lines, line].join('\r\n ');
}
