/**
 * The hosts that take a domain's mail, and what each shows: one wish for all families, so that each host is dialled once, and one
 * answer to "does it receive mail at all?".
 */
import { type DomainName, parseDomainName } from '../../../format/domain-name.ts';
import type { DnsAnswer, RecordData } from '../../../protocol/dns/types.ts';
import type { DoctorWorld, HostProbe, ProbeWish } from './types.ts';

/** As many are dialled: more than any sender tries. (Our choice.) */
const hostsMax = 10;

/** Those that are looked at. */
export function mailHostsOf(domain: DomainName, answer: DnsAnswer<RecordData['MX']>): readonly DomainName[] {
  return allMailHostsOf(domain, answer).slice(0, hostsMax);
}

/** By preference, each once. Names that no host can have are left out: MX-03 tells of them. */
function allMailHostsOf(domain: DomainName, answer: DnsAnswer<RecordData['MX']>): readonly DomainName[] {
  if (answer.kind === 'failed') return [];
  if (answer.kind === 'none') return answer.why === 'nodata' ? [domain] : []; // RFC 5321 §5.1: the implicit MX
  const names = answer.records
    .toSorted((a, b) => a.preference - b.preference)
    .flatMap(({ exchange }) => parseDomainName(exchange) ?? []); // RFC 7505 §3: `.` is no host
  return [...new Set(names)];
}

export function mailHostWish(domain: DomainName, host: DomainName): ProbeWish {
  return { host, domain, recipients: ['postmaster', 'abuse'] }; // RFC 5321 §4.5.1, RFC 2142 §4
}

export type LookedAtHost = {
  readonly host: DomainName;
  /** Absent where hosts cannot be looked at. */
  readonly probe?: HostProbe;
};

export type Receiving = {
  readonly mx: DnsAnswer<RecordData['MX']>;
  /** Whether senders find a host to bring mail to. */
  readonly receives: 'yes' | 'no' | 'unknown';
  /** The first of them. */
  readonly hosts: readonly LookedAtHost[];
  /** Those beyond the number that is looked at. */
  readonly otherHosts: readonly DomainName[];
};

export function allNames({ hosts, otherHosts }: Pick<Receiving, 'hosts' | 'otherHosts'>): readonly DomainName[] {
  return [...hosts.map(({ host }) => host), ...otherHosts];
}

export async function lookAtMailHosts(world: DoctorWorld, domain: DomainName): Promise<Receiving> {
  const mx = await world.resolver.lookup(domain, 'MX');
  if (mx.kind === 'failed') return { mx, receives: 'unknown', hosts: [], otherHosts: [] };
  const receives = mx.kind === 'found' ? 'yes' : await hasAddress(world, domain);
  const all = receives === 'no' ? [] : allMailHostsOf(domain, mx);
  const { mailHost } = world.probes;
  const hosts = all.slice(0, hostsMax).map(async (host) => ({
    host,
    ...(mailHost && { probe: await mailHost(mailHostWish(domain, host)) }),
  }));
  return {
    mx,
    receives: all.length > 0 ? receives : 'no',
    hosts: await Promise.all(hosts),
    otherHosts: all.slice(hostsMax),
  };
}

/** RFC 5321 §5.1: without MX records mail goes to the address of the domain itself. */
async function hasAddress(world: DoctorWorld, domain: DomainName): Promise<Receiving['receives']> {
  const answers = await Promise.all([world.resolver.lookup(domain, 'A'), world.resolver.lookup(domain, 'AAAA')]);
  if (answers.some(({ kind }) => kind === 'found')) return 'yes';
  return answers.some(({ kind }) => kind === 'failed') ? 'unknown' : 'no';
}
