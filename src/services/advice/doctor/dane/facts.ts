/** DANE for the mail hosts of a domain: TLSA records, what proves them, and the certificates the hosts show. RFC 7672 */
import { type DomainName, parseDomainName, parseQueryName } from '../../../../format/domain-name.ts';
import { usableTlsa } from '../../../../protocol/dane/tlsa.ts';
import type { Tlsa, UsableTlsa } from '../../../../protocol/dane/types.ts';
import type { DnsAnswer } from '../../../../protocol/dns/types.ts';
import { type LookedAtHost, lookAtMailHosts, type Receiving } from '../mail-hosts.ts';
import type { DoctorWorld, GatherSubject } from '../types.ts';

export type DaneHost = LookedAtHost & {
  /** Where its TLSA records stand: below the host, or below the name it is an alias of. RFC 7672 §2.2.2 */
  readonly name: string;
  readonly tlsa: DnsAnswer<Tlsa>;
  readonly usable: readonly UsableTlsa[];
  /** Whether DNSSEC proves the addresses of the host. */
  readonly isAddressProven: boolean;
};

export type DaneFacts = {
  readonly hosts: readonly DaneHost[];
  readonly receives: Receiving['receives'];
  /** Whether DNSSEC proves which hosts take the mail. */
  readonly isMxProven: boolean;
  /** Whether the resolver checks signatures and is believed; a zone file cannot tell. */
  readonly provesAnswers: 'yes' | 'no' | 'unknown';
};

export async function gatherDaneFacts(world: DoctorWorld, { domain }: GatherSubject): Promise<DaneFacts> {
  const { mx, receives, hosts } = await lookAtMailHosts(world, domain);
  const looked = await Promise.all(hosts.map((host) => lookAtHost(world, host)));
  const isMxProven = mx.kind !== 'failed' && mx.secure;
  const isAnyProven = isMxProven || looked.some(({ tlsa }) => tlsa.kind !== 'failed' && tlsa.secure);
  const isAsked = looked.some(({ tlsa }) => tlsa.kind === 'found');
  return { hosts: looked, receives, isMxProven, provesAnswers: await proofOf(world, { isAnyProven, isAsked }) };
}

async function lookAtHost(world: DoctorWorld, looked: LookedAtHost): Promise<DaneHost> {
  const { resolver } = world;
  const { host } = looked;
  const [a, aaaa, own] = await Promise.all([
    resolver.lookup(host, 'A'),
    resolver.lookup(host, 'AAAA'),
    tlsaBelow(world, host),
  ]);
  const canonical = [a, aaaa].map((answer) => (answer.kind === 'found' ? answer.canonicalName : undefined));
  const base = parseDomainName(canonical.find((name) => name !== undefined) ?? '');
  const aliased = base === undefined || base === host ? undefined : await tlsaBelow(world, base);
  const { name, tlsa } = aliased?.tlsa.kind === 'found' ? aliased : own;
  return {
    ...looked,
    name,
    tlsa,
    usable: tlsa.kind === 'found' ? usableTlsa(tlsa.records) : [],
    isAddressProven: [a, aaaa].every((answer) => answer.kind !== 'failed' && answer.secure),
  };
}

async function tlsaBelow({ resolver }: DoctorWorld, base: DomainName): Promise<Pick<DaneHost, 'name' | 'tlsa'>> {
  const name = `_25._tcp.${base}`; // RFC 7672 §2.2.3
  const query = parseQueryName(name);
  return { name, tlsa: query === undefined ? tooLong : await resolver.lookup(query, 'TLSA') };
}

const tooLong = { kind: 'none', why: 'nxdomain', ttlSeconds: 0, secure: false } as const;

/** A zone that has been signed since 2009: who does not prove its answers proves none. Asked only where it matters. */
const signedZone = 'org' as DomainName;

async function proofOf(
  world: DoctorWorld,
  { isAnyProven, isAsked }: { readonly isAnyProven: boolean; readonly isAsked: boolean },
): Promise<DaneFacts['provesAnswers']> {
  if (isAnyProven) return 'yes';
  if (!isAsked || world.zoneText !== undefined) return 'unknown';
  const answer = await world.resolver.lookup(signedZone, 'SOA');
  if (answer.kind === 'failed') return 'unknown';
  return answer.secure ? 'yes' : 'no';
}
