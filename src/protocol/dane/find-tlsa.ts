/**
 * Whether a host has to be authenticated by DANE, asked of DNS. Only answers proven by DNSSEC count, and only of a resolver that is
 * trusted to have proven them (`secure`); a lookup that fails is never "no TLSA", for that is what an attacker would make of it.
 * RFC 7672 §2.1, §2.2
 */
import { type DomainName, parseDomainName, parseQueryName } from '../../format/domain-name.ts';
import type { DnsAnswer, LookupOptions, Resolver } from '../dns/types.ts';
import { usableTlsa } from './tlsa.ts';
import type { DaneFinding, Tlsa } from './types.ts';

export type DaneQuestion = {
  readonly host: DomainName;
  readonly port: number;
  /** The answer that named the host (MX, or that there is none) was proven by DNSSEC. */
  readonly secure: boolean;
};

export async function findTlsa(
  resolver: Resolver,
  { host, port, secure }: DaneQuestion,
  options: LookupOptions = {},
): Promise<DaneFinding> {
  if (!secure) return none('what names this host is not signed'); // RFC 7672 §2.2.1
  const bases = await baseDomains(resolver, host, options);
  if ('kind' in bases) return bases;
  for (const base of bases) {
    const finding = await tlsaAt(resolver, { base, port }, options);
    if (finding.kind !== 'none') return finding;
  }
  return none(bases.length > 0 ? 'it has no signed TLSA record' : 'its addresses are not signed');
}

function none(why: string): DaneFinding {
  return { kind: 'none', why };
}

/**
 * The names under which TLSA records may stand, best first. An alias that is signed all the way: where it leads, then itself; one
 * that leads out of the signed world: itself alone, when the alias itself is signed. RFC 7672 §2.2.2, RFC 7671 §7
 */
async function baseDomains(
  resolver: Resolver,
  host: DomainName,
  options: LookupOptions,
): Promise<readonly DomainName[] | DaneFinding> {
  const answers = await Promise.all([resolver.lookup(host, 'A', options), resolver.lookup(host, 'AAAA', options)]);
  for (const answer of answers) if (answer.kind === 'failed') return { kind: 'failed', name: host, why: answer.why };
  const canonical = canonicalOf(answers);
  // An attacker could strip one family of its signatures: both must be proven. RFC 7672 §2.2.2
  const isSecure = answers.every((answer) => answer.kind !== 'failed' && answer.secure);
  if (isSecure) return canonical === undefined || canonical === host ? [host] : [canonical, host];
  if (canonical === undefined) return [];
  const alias = await resolver.lookup(host, 'CNAME', options);
  if (alias.kind === 'failed') return { kind: 'failed', name: host, why: alias.why };
  return alias.secure ? [host] : [];
}

function canonicalOf(answers: readonly DnsAnswer<string>[]): DomainName | undefined {
  for (const answer of answers) {
    if (answer.kind !== 'found' || answer.canonicalName === undefined) continue;
    const name = parseDomainName(answer.canonicalName);
    if (name) return name;
  }
  return undefined;
}

async function tlsaAt(
  resolver: Resolver,
  { base, port }: { readonly base: DomainName; readonly port: number },
  options: LookupOptions,
): Promise<DaneFinding> {
  const name = parseQueryName(`_${port}._tcp.${base}`); // RFC 6698 §3
  if (name === undefined) return none('its name is too long for a TLSA record');
  const answer: DnsAnswer<Tlsa> = await resolver.lookup(name, 'TLSA', options);
  if (answer.kind === 'failed') return { kind: 'failed', name, why: answer.why };
  if (answer.kind === 'none' || !answer.secure) return none('it has no signed TLSA record'); // RFC 7672 §2.2: insecure is as if there were none
  const { records, ttlSeconds } = answer;
  const usable = usableTlsa(records);
  return usable.length > 0
    ? { kind: 'dane', records, usable, base, ttlSeconds }
    : { kind: 'unusable', records, base, ttlSeconds };
}
