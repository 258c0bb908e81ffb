/**
 * The text of an SPF record becomes directives and modifiers, or a syntax error: the whole record is read before any term of it
 * is evaluated. RFC 7208 §4.5, §4.6 and §12. Pure; the answer depends on the text alone and may be kept by it.
 */
import { printable } from '../../base/printable.ts';
import { ipv4Octets, ipv6Octets } from '../../format/ip-octets.ts';
import { parseMacroString } from './macro.ts';
import { parseTargetName, type TargetName } from './target-name.ts';

export type Qualifier = '+' | '-' | '~' | '?';

type Written = {
  /** The term as published. */
  readonly text: string;
  readonly qualifier: Qualifier;
};

/** RFC 7208 §5.3 and §5.4: how many leading bits count, per family. */
export type DualPrefix = { readonly prefix4: number; readonly prefix6: number };

export type Directive = Written &
  (
    | { readonly kind: 'all' }
    | { readonly kind: 'include'; readonly target: TargetName }
    | { readonly kind: 'exists'; readonly target: TargetName }
    /** Without a target it is the domain whose record this is. */
    | ({ readonly kind: 'a' | 'mx'; readonly target?: TargetName } & DualPrefix)
    | { readonly kind: 'ptr'; readonly target?: TargetName }
    | { readonly kind: 'ip4' | 'ip6'; readonly octets: Uint8Array; readonly prefix: number }
  );

export type SpfModifier = { readonly text: string; readonly target: TargetName };

export type SpfRecord = {
  readonly text: string;
  readonly directives: readonly Directive[];
  /** Whether an `all` stands anywhere in it: then `redirect` counts for nothing. RFC 7208 §6.1 */
  readonly hasAll: boolean;
  readonly redirect?: SpfModifier;
  readonly exp?: SpfModifier;
  /** Modifiers nobody here knows; legal, and without effect. RFC 7208 §6 */
  readonly unknown: readonly string[];
};

export type ParsedSpf = { readonly ok: true; readonly value: SpfRecord } | Unreadable;

/** Where in the text the first mistake is: for a caret. */
type Unreadable = {
  readonly ok: false;
  readonly code: 'syntax';
  readonly say: string;
  readonly at: number;
  readonly length: number;
};

/** RFC 7208 §4.5: a record is ours when it is `v=spf1` and then a space or the end; letters in any case. */
export function isSpfRecord(text: string): boolean {
  return /^v=spf1(?: |$)/i.test(text);
}

/** Reads a text that `isSpfRecord` accepts. */
export function parseSpfRecord(text: string): ParsedSpf {
  if (!isSpfRecord(text)) return refuse('an SPF record begins with "v=spf1" and a space', 0, Math.min(text.length, 6));
  const odd = text.search(/[^\x20-\x7e]/);
  if (odd >= 0) return refuse('an SPF record holds printable ASCII only', odd, 1); // RFC 7208 §3.1
  const directives: Directive[] = [];
  const unknown: string[] = [];
  const known = new Map<string, SpfModifier>();
  let end = 'v=spf1'.length - 1; // of what was read, the blank behind it included
  for (const term of text.slice('v=spf1'.length).split(' ')) {
    const at = end + 1;
    end = at + term.length;
    if (term === '') continue; // RFC 7208 §4.6.1: one or more spaces
    const read = parseTerm(term);
    if (typeof read === 'string') return refuse(`"${printable(term)}": ${read}`, at, term.length);
    if (read.kind === 'unknown') unknown.push(term);
    else if (read.kind !== 'modifier') directives.push(read);
    else if (known.has(read.name))
      return refuse(`${read.name}= stands twice`, at, term.length); // RFC 7208 §6
    else known.set(read.name, read.modifier);
  }
  const redirect = known.get('redirect');
  const exp = known.get('exp');
  return {
    ok: true,
    value: {
      text,
      directives,
      hasAll: directives.some((directive) => directive.kind === 'all'),
      ...(redirect && { redirect }),
      ...(exp && { exp }),
      unknown,
    },
  };
}

function refuse(say: string, at: number, length: number): Unreadable {
  return { ok: false, code: 'syntax', say, at, length };
}

type Modifier =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'modifier'; readonly name: string; readonly modifier: SpfModifier };

/** The term, or what is wrong with it. */
function parseTerm(term: string): Directive | Modifier | string {
  const name = /^[a-z][a-z0-9._-]*(?==)/i.exec(term)?.[0]; // RFC 7208 §4.6.1: "=" right after the name makes it a modifier
  return name === undefined ? parseDirective(term) : parseModifier(term, name.toLowerCase());
}

function parseModifier(term: string, name: string): Modifier | string {
  const value = term.slice(name.length + 1);
  if (name === 'redirect' || name === 'exp') {
    const target = parseTargetName(value);
    return target === undefined ? badTarget(value) : { kind: 'modifier', name, modifier: { text: term, target } };
  }
  // RFC 7208 §6: unknown modifiers are ignored, but RFC 7208 §12 wants a macro-string. Which letters it may use is its own affair.
  const isMacroString = parseMacroString(value, { explanationLetters: true, spaces: false }) !== undefined;
  return isMacroString ? { kind: 'unknown' } : 'the value is not a macro string';
}

function parseDirective(term: string): Directive | string {
  const [, sign = '', name = '', argument = ''] = /^([-+~?]?)([a-z0-9]*)(.*)$/i.exec(term) ?? [];
  const written: Written = { text: term, qualifier: sign === '' ? '+' : (sign as Qualifier) }; // RFC 7208 §4.6.2
  const mechanism = name.toLowerCase();
  switch (mechanism) {
    case 'all':
      return argument === '' ? { ...written, kind: 'all' } : '"all" takes no argument'; // RFC 7208 §5.1
    case 'include':
    case 'exists':
      return parseTargeted(written, mechanism, argument);
    case 'a':
    case 'mx':
      return parseHosts(written, mechanism, argument);
    case 'ptr':
      return parsePtr(written, argument);
    case 'ip4':
    case 'ip6':
      return parseNetwork(written, mechanism, argument);
    default:
      return 'no such mechanism';
  }
}

/** RFC 7208 §5.2 and §5.7: a name is required, a prefix length is not allowed. */
function parseTargeted(written: Written, kind: 'include' | 'exists', argument: string): Directive | string {
  if (!argument.startsWith(':')) return `"${kind}" needs ":" and a domain`;
  const target = parseTargetName(argument.slice(1));
  return target === undefined ? badTarget(argument.slice(1)) : { ...written, kind, target };
}

/** RFC 7208 §5.3, §5.4: an optional name, then `/24`, `//64` or `/24//64`. */
function parseHosts(written: Written, kind: 'a' | 'mx', argument: string): Directive | string {
  const [suffix = '', bits4, bits6] = /(?:\/([0-9]+))?(?:\/\/([0-9]+))?$/.exec(argument) ?? [];
  const prefix4 = bits4 === undefined ? 32 : prefixLength(bits4, 32);
  const prefix6 = bits6 === undefined ? 128 : prefixLength(bits6, 128);
  if (prefix4 === undefined || prefix6 === undefined) return 'the prefix length is out of range';
  const named = argument.slice(0, argument.length - suffix.length);
  if (named === '') return { ...written, kind, prefix4, prefix6 };
  if (!named.startsWith(':')) return `after "${kind}" comes ":" or "/"`;
  const target = parseTargetName(named.slice(1));
  return target === undefined ? badTarget(named.slice(1)) : { ...written, kind, target, prefix4, prefix6 };
}

/** RFC 7208 §5.5 */
function parsePtr(written: Written, argument: string): Directive | string {
  if (argument === '') return { ...written, kind: 'ptr' };
  if (!argument.startsWith(':')) return 'after "ptr" comes ":"';
  const target = parseTargetName(argument.slice(1));
  return target === undefined ? badTarget(argument.slice(1)) : { ...written, kind: 'ptr', target };
}

/** RFC 7208 §5.6: a whole address, one optional prefix length of its own family. */
function parseNetwork(written: Written, kind: 'ip4' | 'ip6', argument: string): Directive | string {
  if (!argument.startsWith(':')) return `"${kind}" needs ":" and a network`;
  const [address = '', bits, ...more] = argument.slice(1).split('/');
  const octets = kind === 'ip4' ? ipv4Octets(address) : ipv6Octets(address);
  if (octets === undefined) return kind === 'ip4' ? 'not an IPv4 address' : 'not an IPv6 address';
  const most = octets.length * 8;
  const prefix = bits === undefined ? most : prefixLength(bits, most);
  if (prefix === undefined || more.length > 0) return 'the prefix length is out of range';
  return { ...written, kind, octets, prefix };
}

/** RFC 7208 §12: no leading zeros. */
function prefixLength(digits: string, most: number): number | undefined {
  if (!/^(?:0|[1-9][0-9]{0,2})$/.test(digits)) return undefined;
  const bits = Number(digits);
  return bits <= most ? bits : undefined;
}

function badTarget(text: string): string {
  if (text === '') return 'the domain is missing';
  if (/^[0-9.]+$/.test(text)) return 'an address where a domain belongs: "ip4:" is meant';
  return 'not a domain with at least two labels, or a wrong macro';
}
