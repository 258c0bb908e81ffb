/** One SPF check under way: what it asks, counts and writes down. Made and thrown away by `evaluate-spf.ts`. RFC 7208 §4.6.4 */
import { isPrintable, printable } from '../../base/printable.ts';
import type { Soon } from '../../base/soon.ts';
import { parseQueryName, type QueryName } from '../../format/domain-name.ts';
import { type IpAddress, reverseName } from '../../format/ip-address.ts';
import { ipv4Octets, ipv6Octets } from '../../format/ip-octets.ts';
import type { DnsAnswer, RecordData, RecordType, Resolver } from '../dns/types.ts';
import { type Identity, isAsciiLocal } from './identity.ts';
import type { MacroValues } from './macro.ts';
import type { ParsedSpf } from './record.ts';
import type { TimeLimit } from './time-limit.ts';
import type { SpfReason } from './types.ts';

export const spfLimits = {
  lookups: 10, // RFC 7208 §4.6.4
  voidLookups: 2, // RFC 7208 §4.6.4
  mxNames: 10, // RFC 7208 §4.6.4
  ptrNames: 10, // RFC 7208 §4.6.4
  timeMs: 20_000, // RFC 7208 §4.6.4: at least 20 seconds
  explanationCharacters: 1_000, // ours: two lines of an SMTP reply at most
  traceLines: 500, // ours: ten records of 64 KB hold some 300,000 terms
  traceLineCharacters: 400, // ours: a few lines on a screen
} as const;

/** The check ends here without a verdict of the domain's own. */
export type Stop = { readonly result: 'temperror' | 'permerror'; readonly reason: SpfReason };

export type Check = {
  readonly resolver: Resolver;
  readonly readRecord: (text: string) => ParsedSpf;
  readonly identity: Identity;
  readonly receiver: string;
  readonly nowMs: number;
  readonly limit: TimeLimit;
  readonly trace: string[];
  lookups: number;
  voidLookups: number;
  confirmed?: Promise<ConfirmedNames>;
};

/** Whose record, or which name, is looked at, and how deep below the sender's own record. */
export type Place = { readonly domain: QueryName; readonly depth: number };

/** May hold text of strangers: `traceOf` makes it fit to be shown. */
export function note(check: Check, depth: number, line: string): void {
  if (check.trace.length < spfLimits.traceLines) check.trace.push(`${indents[depth] ?? ''}${line}`);
  else if (check.trace.length === spfLimits.traceLines) check.trace.push('(the rest is not listed)');
}

const indents = Array.from({ length: spfLimits.lookups + 1 }, (_, depth) => '  '.repeat(depth));

/** The lines so far, printable ASCII each. */
export function traceOf({ trace }: Check): readonly string[] {
  const most = spfLimits.traceLineCharacters;
  // One look at all of them: line by line it took a tenth of a check.
  const isFit = isPrintable(trace.join('')) && trace.every((line) => line.length <= most);
  return isFit ? trace.slice() : trace.map((line) => printable(line, most));
}

export function ask<T extends RecordType>(check: Check, name: QueryName, type: T): Soon<DnsAnswer<RecordData[T]>> {
  if (check.limit.isOver) return { kind: 'failed', why: 'timeout' };
  return check.resolver.atHand?.(name, type) ?? check.resolver.lookup(name, type, { signal: check.limit.signal });
}

/** RFC 7208 §4.6.4: counted when reached, over all records; the one too many is not carried out. */
export function countLookup(check: Check, depth: number, term: string): Stop | undefined {
  check.lookups++;
  note(check, depth, `${term}: lookup ${check.lookups} of ${spfLimits.lookups}`);
  return check.lookups > spfLimits.lookups ? { result: 'permerror', reason: 'too-many-lookups' } : undefined;
}

/**
 * RFC 7208 §4.6.4 counts *terms* for which the DNS has nothing: the name in the term, not the hosts that its MX or PTR
 * records name, over which a sender or a stranger decides.
 */
export function countVoid(check: Check): Stop | undefined {
  check.voidLookups++;
  return check.voidLookups > spfLimits.voidLookups
    ? { result: 'permerror', reason: 'too-many-void-lookups' }
    : undefined;
}

/** RFC 7208 §4.4, §5: a failure of the DNS is never "no record". */
export function failure(why: 'timeout' | 'servfail' | 'bogus'): Stop {
  return { result: 'temperror', reason: why === 'timeout' ? 'dns-timeout' : 'dns-failure' };
}

/** RFC 7208 §5: A for an IPv4 client, AAAA for an IPv6 client. */
export function askAddresses(check: Check, name: QueryName): Soon<DnsAnswer<string>> {
  return check.identity.client.family === 4 ? ask(check, name, 'A') : ask(check, name, 'AAAA');
}

/** Whether the client and the address of an A or AAAA record agree in their first bits. */
export function clientIsAt(check: Check, address: string, prefix = check.identity.client.bytes.length * 8): boolean {
  const octets = check.identity.client.family === 4 ? ipv4Octets(address) : ipv6Octets(address);
  return octets !== undefined && samePrefix(octets, check.identity.client.bytes, prefix);
}

/** Both of the same length. */
export function samePrefix(a: Uint8Array, b: Uint8Array, bits: number): boolean {
  const whole = bits >> 3;
  for (let i = 0; i < whole; i++) if (a[i] !== b[i]) return false;
  const mask = (0xff00 >> (bits & 7)) & 0xff;
  return mask === 0 || (((a[whole] ?? 0) ^ (b[whole] ?? 0)) & mask) === 0;
}

export type ConfirmedNames = {
  readonly kind: DnsAnswer<never>['kind'];
  readonly names: readonly QueryName[];
};

/** The client's names that point back to it; looked up once per check. RFC 7208 §5.5 */
export function confirmedNames(check: Check): Promise<ConfirmedNames> {
  check.confirmed ??= confirmNames(check, check.identity.client);
  return check.confirmed;
}

async function confirmNames(check: Check, client: IpAddress): Promise<ConfirmedNames> {
  const pointers = await ask(check, reverseName(client), 'PTR');
  if (pointers.kind !== 'found') return { kind: pointers.kind, names: [] };
  const candidates = pointers.records
    .slice(0, spfLimits.ptrNames) // RFC 7208 §4.6.4: the others are ignored
    .map((name) => (name.includes('\\') ? undefined : parseQueryName(name)))
    .filter((name) => name !== undefined);
  const isConfirmed = await Promise.all(
    candidates.map(async (name) => {
      const answer = await askAddresses(check, name);
      // RFC 7208 §5.5: a name whose lookup fails is skipped
      return answer.kind === 'found' && answer.records.some((address) => clientIsAt(check, address));
    }),
  );
  return { kind: 'found', names: candidates.filter((_, index) => isConfirmed[index]) };
}

/** What the macro letters stand for while the record of `domain` is evaluated. RFC 7208 §7.2 */
export function macroValues(check: Check, domain: QueryName, confirmed: readonly QueryName[] | undefined): MacroValues {
  const { identity } = check;
  const local = isAsciiLocal(identity) ? identity.local : undefined; // RFC 8616 §4: such a term matches nothing
  return {
    s: local === undefined ? undefined : `${local}@${identity.domain}`,
    l: local,
    o: identity.domain,
    d: domain,
    i: identity.client.family === 4 ? identity.client.text : nibbles(identity.client), // RFC 7208 §7.4
    p: confirmed && preferredName(confirmed, domain),
    v: identity.client.family === 4 ? 'in-addr' : 'ip6',
    h: identity.helo,
    c: identity.client.text,
    r: check.receiver,
    t: String(Math.floor(check.nowMs / 1000)),
  };
}

function nibbles(client: IpAddress): string {
  return Array.from(client.bytes, (byte) => `${(byte >> 4).toString(16)}.${(byte & 15).toString(16)}`).join('.');
}

/** RFC 7208 §7.3: the domain itself, else a name below it, else any. */
function preferredName(confirmed: readonly QueryName[], domain: QueryName): string {
  return (
    confirmed.find((name) => name === domain) ??
    confirmed.find((name) => name.endsWith(`.${domain}`)) ??
    confirmed[0] ??
    'unknown'
  );
}
