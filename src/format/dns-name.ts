/**
 * Names as the DNS has them: labels of arbitrary octets. Every octet survives, a dot inside a label too, because a label is a
 * string of one character per octet (latin1) and the dots between labels are never stored. What comes in: zone text, wire
 * names, query names; what goes out: escaped text. Whether a name is fit for mail is `domain-name.ts`'s question.
 */
import { isAscii } from '../base/bytes.ts';
import type { QueryName } from './domain-name.ts';

/** From the leftmost label to the top, one character per octet; the root is `[]`. */
export type DnsName = readonly string[];

export const rootName: DnsName = [];

const labelOctetsMax = 63; // RFC 1035 §2.3.4
const nameOctetsMax = 255; // RFC 1035 §2.3.4: on the wire, with a length octet per label and the root's

/** The labels of a name that may be asked for. */
export function dnsNameOf(name: QueryName): DnsName {
  return name.split('.');
}

/**
 * RFC 1035 §5.1: `\.` is a dot inside a label, `\DDD` an octet, a name without final dot is relative to `origin`, `@` is the
 * origin itself. Undefined when this is no name.
 */
export function parseDnsName(text: string, origin: DnsName = rootName): DnsName | undefined {
  if (text === '@') return origin;
  if (text === '.') return rootName;
  const labels: string[] = [];
  let label = '';
  let absolute = false;
  for (let at = 0; at < text.length; ) {
    absolute = text[at] === '.';
    if (absolute) {
      if (label === '') return undefined;
      labels.push(label);
      label = '';
      at++;
      continue;
    }
    const read = readOctet(text, at);
    if (read === undefined) return undefined;
    label += read.octet;
    at = read.next;
  }
  if (!absolute) labels.push(label, ...origin);
  return isDnsName(labels) ? labels : undefined;
}

/** The octet that begins at `at`: itself, `\X` or `\DDD`; only printable ASCII stands for itself. RFC 1035 §5.1 */
export function readOctet(text: string, at: number): { readonly octet: string; readonly next: number } | undefined {
  const first = text.charCodeAt(at);
  if (first < 0x20 || first > 0x7e) return first === 0x09 ? { octet: '\t', next: at + 1 } : undefined;
  if (first !== 0x5c) return { octet: text.charAt(at), next: at + 1 };
  const digits = /^[0-9]{3}/.exec(text.slice(at + 1, at + 4));
  if (digits !== null) {
    const value = Number(digits[0]);
    return value > 255 ? undefined : { octet: String.fromCharCode(value), next: at + 4 };
  }
  const escaped = text.charCodeAt(at + 1); // NaN at the end of the text
  const isPlain = escaped >= 0x20 && escaped <= 0x7e && !(escaped >= 0x30 && escaped <= 0x39);
  return isPlain ? { octet: text.charAt(at + 1), next: at + 2 } : undefined;
}

/** Whether these labels can go on the wire. */
export function isDnsName(labels: DnsName): boolean {
  let octets = 1;
  for (const label of labels) {
    if (label.length === 0 || label.length > labelOctetsMax) return false;
    octets += label.length + 1;
  }
  return octets <= nameOctetsMax;
}

/** Escaped text without the final dot; `''` is the root. Different names have different texts. */
export function dnsNameText(name: DnsName): string {
  return plainText(name) ?? name.map(labelText).join('.');
}

/** The text of a name in which nothing is to be escaped: nearly all of them. */
function plainText(name: DnsName): string | undefined {
  for (const label of name) if (label.includes('.')) return undefined;
  const text = name.join('.');
  return /^[a-z0-9_.-]*$/i.test(text) ? text : undefined;
}

function labelText(label: string): string {
  return /^[a-z0-9_-]*$/i.test(label)
    ? label
    : label.replace(/[^\x21-\x7e]|[.\\]/g, (octet) => `\\${String(octet.charCodeAt(0)).padStart(3, '0')}`);
}

/** Letters compare without case, ASCII letters only; every other octet is itself. RFC 4343 §3 */
export function lowerDnsName(name: DnsName): DnsName {
  return name.map((label) =>
    isAscii(label) ? label.toLowerCase() : label.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()),
  );
}

/** One text per name, whatever its case: for maps and comparisons. */
export function dnsNameKey(name: DnsName): string {
  return plainText(name)?.toLowerCase() ?? dnsNameText(lowerDnsName(name));
}

export function isSameOrBelow(name: DnsName, ancestor: DnsName): boolean {
  const above = name.length - ancestor.length;
  return above >= 0 && dnsNameKey(name.slice(above)) === dnsNameKey(ancestor);
}
