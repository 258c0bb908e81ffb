/**
 * Domain names: text from outside becomes a proven value once. `DomainName` is what mail speaks of (authors, mailboxes,
 * hosts), `QueryName` whatever may be asked of the DNS. Both are safe to put into a query, a log line or a header field.
 *
 * Names in other scripts become A-labels by UTS 46 (non-transitional). That mapping also *repairs*: full-width letters, an
 * ideographic full stop, soft hyphens and ligatures silently turn into other, often plain ASCII, names. We take no repaired
 * name: what stays after going to A-labels and back must be the text we were given, apart from letter case and composition
 * (NFC). So what a person reads is what is judged, and an A-label that stands for nothing (`xn--zz`) is no name.
 */
import { domainToASCII, domainToUnicode } from 'node:url';
import { isAscii } from '../base/bytes.ts';

declare const queryProof: unique symbol;
declare const domainProof: unique symbol;

/** Safe to put into a DNS query: 1..253 printable ASCII octets without blank, lower case, labels of 1..63, no final dot. */
export type QueryName = string & { readonly [queryProof]: true };

/** A host or mail domain as A-labels: letters, digits, dashes and underscores in labels of 1..63, lower case, no final dot. */
export type DomainName = QueryName & { readonly [domainProof]: true };

const nameOctetsMax = 253; // RFC 1035 §2.3.4: 255 on the wire, which is 253 as text
const labelOctetsMax = 63; // RFC 1035 §2.3.4

/** A name of 253 octets cannot come from more text than this, decomposed (NFD) letters included; bounds the work below. */
const textUnitsMax = 4 * nameOctetsMax;

/** Most names in one look: lower case, nothing to convert, and a last label that begins with a letter. */
const plainName = /^(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;

/**
 * A host or mail domain, written as A-labels or U-labels, with or without the final dot. Refused, among others: empty or
 * over-long labels, blanks, NUL, a dash at a label's edge (RFC 5321 §4.1.2), and whatever ends in a number, because
 * that is the look of an IP address.
 */
export function parseDomainName(text: string): DomainName | undefined {
  if (text.length <= nameOctetsMax && plainName.test(text) && !text.includes('xn--')) return text as DomainName;
  if (text.length === 0 || text.length > textUnitsMax) return undefined;
  const labels: string[] = [];
  for (const written of withoutFinalDot(text).split('.')) {
    const label = isAscii(written) ? parseAsciiLabel(written) : parseUnicodeLabel(written);
    if (label === undefined) return undefined;
    labels.push(label);
  }
  const name = labels.join('.');
  if (name.length > nameOctetsMax || endsInNumber(labels)) return undefined;
  return name as DomainName;
}

/** Any name the DNS can be asked for: printable ASCII labels, lower-cased. */
export function parseQueryName(text: string): QueryName | undefined {
  const name = withoutFinalDot(text).toLowerCase();
  if (name.length > nameOctetsMax || !/^[\x21-\x7e]+$/.test(name)) return undefined;
  if (name.split('.').some((label) => label.length === 0 || label.length > labelOctetsMax)) return undefined;
  return name as QueryName;
}

/** The name with another label in front of it; undefined when that makes it too long. */
export function below(label: '_dmarc', name: DomainName): QueryName | undefined {
  const below = `${label}.${name}`;
  return below.length > nameOctetsMax ? undefined : (below as QueryName);
}

/** From the leftmost label to the top. */
export function labelsOf(name: QueryName): readonly string[] {
  return name.split('.');
}

/** The name one label up; a single label has none. */
export function parentOf(name: DomainName): DomainName | undefined {
  const dot = name.indexOf('.');
  return dot < 0 ? undefined : (name.slice(dot + 1) as DomainName);
}

/** Whether `name` is `ancestor` or lies below it, on a label boundary: `evilfoo.example` is not below `foo.example`. */
export function isEqualOrBelow(name: QueryName, ancestor: QueryName): boolean {
  if (name.length === ancestor.length) return name === ancestor;
  return name.endsWith(ancestor) && name.charAt(name.length - ancestor.length - 1) === '.';
}

/** U-labels for people to read. Never compare or look up what this answers. */
export function toUnicode(name: DomainName): string {
  return name.split('.').map(unicodeOfLabel).join('.');
}

function withoutFinalDot(text: string): string {
  return text.endsWith('.') ? text.slice(0, -1) : text;
}

/** Letters, digits, dashes inside; underscores too, since names of mail (`_dmarc`, `_domainkey`, some hosts) have them. */
function parseAsciiLabel(written: string): string | undefined {
  const label = written.toLowerCase();
  if (label.length > labelOctetsMax || !/^[a-z0-9_-]+$/.test(label)) return undefined;
  if (label.startsWith('-') || label.endsWith('-')) return undefined;
  if (!label.startsWith('xn--')) return label;
  // RFC 5890 §2.3.2.1: an A-label is the encoding of a U-label, and back again.
  const meant = unicodeOfLabel(label);
  return parseUnicodeLabel(meant) === label ? label : undefined;
}

function parseUnicodeLabel(written: string): string | undefined {
  if (isAscii(written) || !written.isWellFormed() || !/^[A-Za-z0-9_\-\u0080-\uffff]+$/.test(written)) return undefined;
  const canonical = canonicalUnicode(written);
  if (canonical === undefined) return undefined;
  // RFC 5891 §4.2.3.1: no dash at the edges, no two dashes in the third and fourth place.
  if (canonical.startsWith('-') || canonical.endsWith('-') || canonical.startsWith('--', 2)) return undefined;
  const label = domainToASCII(written);
  if (!label.startsWith('xn--') || label.length > labelOctetsMax || label.includes('.')) return undefined;
  return unicodeOfLabel(label) === canonical ? label : undefined;
}

/**
 * Lower case and NFC, character by character where it matters: the KELVIN SIGN (U+212A) is `k` in lower case, and a text
 * may not turn into ASCII letters that way.
 */
function canonicalUnicode(written: string): string | undefined {
  let lower = '';
  for (const character of written) {
    const small = character.toLowerCase(); // one at a time: a whole word's final sigma would change
    if (character > '\x7f' && /[\x00-\x7f]/.test(small.normalize('NFC'))) return undefined;
    lower += small;
  }
  return lower.normalize('NFC');
}

function unicodeOfLabel(label: string): string {
  return label.startsWith('xn--') ? domainToUnicode(label) : label;
}

/** `192.0.2.1`, `a.7`, `1.0x7f`: resolvers and URL parsers read a last label like this as part of an IPv4 address. */
function endsInNumber(labels: readonly string[]): boolean {
  return /^(?:[0-9]+|0x[0-9a-f]*)$/.test(labels.at(-1) ?? '');
}
