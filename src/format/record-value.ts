/**
 * The value of a record as people write it and plans hold it: names absolute, in lower case and without the final dot, a TXT
 * record's strings joined and unquoted with one character per octet. To and from the fields of `dns-record.ts`, and from the zone
 * text in which DNS hosts hand values out.
 */
import { readOctet } from './dns-name.ts';
import type { ShapedData, ShapedType } from './dns-record.ts';
import { dataText, parseZoneText } from './zone-file.ts';

const stringOctetsMax = 255; // RFC 1035 §3.3.14

const endsInName: readonly ShapedType[] = ['CNAME', 'MX', 'NS', 'PTR', 'SRV'];

export function recordValueOf(data: ShapedData): string {
  if (data.type === 'TXT') return data.strings.join('');
  const text = dataText(data);
  if (!endsInName.includes(data.type)) return text;
  return text.toLowerCase().replace(/(?<=[^ ])\.$/, ''); // `0 .` keeps its dot. RFC 7505 §3
}

/** `value` of `type`, or undefined when it is none. Names without a final dot are absolute, or below `origin` when one is given. */
export function parseRecordValue(type: ShapedType, value: string, origin?: string): ShapedData | undefined {
  if (type === 'TXT') return /^[\x00-\xff]*$/.test(value) ? { type, strings: stringsOf(value) } : undefined;
  if (/[\r\n]/.test(value)) return undefined;
  const text = parseZoneText(`${origin === undefined ? '' : `$ORIGIN ${origin}.\n`}x. 1 IN ${type} ${value}\n`);
  const [record, ...others] = text.ok ? text.value.records : [];
  return record?.data.type === type && others.length === 0 ? record.data : undefined;
}

function stringsOf(value: string): readonly string[] {
  const strings: string[] = [];
  for (let at = 0; at < value.length; at += stringOctetsMax) strings.push(value.slice(at, at + stringOctetsMax));
  return strings.length === 0 ? [''] : strings;
}

/** Zone text for `value`: `10 mx.example.com.`, a TXT record in quoted strings of at most 255 octets. */
export function textOfValue(type: ShapedType, value: string): string | undefined {
  const data = parseRecordValue(type, value);
  return data === undefined ? undefined : dataText(data);
}

/** The value that zone text means, or undefined. A TXT record may come without quotes, which then is its whole text. */
export function valueOfText(type: ShapedType, text: string, origin?: string): string | undefined {
  if (type === 'TXT') return text.startsWith('"') ? unquoted(text) : octetsOf(text);
  const data = parseRecordValue(type, text, origin);
  return data === undefined ? undefined : recordValueOf(data);
}

/** Character-strings in quotes, with blanks between them. RFC 1035 §5.1 */
function unquoted(text: string): string | undefined {
  let value = '';
  let inside = false;
  const octets = octetsOf(text);
  for (let at = 0; at < octets.length; ) {
    if (octets[at] === '"') {
      inside = !inside;
      at++;
      continue;
    }
    if (!inside && octets[at] !== ' ' && octets[at] !== '\t') return undefined;
    const read = octets[at] === '\\' ? readOctet(octets, at) : { octet: octets.charAt(at), next: at + 1 };
    if (read === undefined) return undefined;
    if (inside) value += read.octet;
    at = read.next;
  }
  return inside ? undefined : value;
}

/** One character per octet; text beyond ASCII stands for its UTF-8. */
function octetsOf(text: string): string {
  return /^[\x00-\x7f]*$/.test(text) ? text : Buffer.from(text, 'utf8').toString('latin1');
}
