/**
 * Hosted zones as the records that a name server answers from: each with its SOA, and the operator's zone above them. A zone of the
 * operator's own files that has one of their names is a contradiction, and said to be. Pure.
 */
import { accept, type Outcome, refuse } from '../../../base/outcome.ts';
import { dnsNameKey, dnsNameOf } from '../../../format/dns-name.ts';
import type { DnsRecord } from '../../../format/dns-record.ts';
import type { DomainName } from '../../../format/domain-name.ts';
import { recordsOfSet } from '../../../format/record-set.ts';
import type { HostedZone } from './types.ts';

export type ZonesWish = {
  readonly hosted: readonly HostedZone[];
  /** `dns.hosted_zone` with its name servers; made here unless a file of the operator has it. */
  readonly above?: { readonly zone: DomainName; readonly nameServers: readonly DomainName[] };
  /** From the operator's files. */
  readonly files: readonly DnsRecord[];
};

/** For secondaries, of which there are none yet; `minimum` is how long resolvers remember that a name is not there. RFC 2308 §5 */
const times = { refresh: 3_600, retry: 900, expire: 1_209_600, minimum: 300 } as const;
const ttlSeconds = 3_600;
const nameServersTtl = 86_400;

export function zoneRecords({ hosted, above, files }: ZonesWish): Outcome<readonly DnsRecord[], 'zone-twice'> {
  const apexes = new Set(files.filter(({ data }) => data.type === 'SOA').map(({ name }) => dnsNameKey(name)));
  const twice = hosted.find(({ zone }) => apexes.has(zone));
  if (twice !== undefined)
    return refuse('zone-twice', `${twice.zone} stands in a file of dns.zones and is hosted by the office as well`);
  const records: DnsRecord[] = [...files];
  if (
    above &&
    above.nameServers.length > 0 &&
    !apexes.has(above.zone) &&
    !hosted.some(({ zone }) => zone === above.zone)
  )
    records.push(...apexRecords(above.zone, above.nameServers, 1), ...serversOf(above.zone, above.nameServers));
  for (const { zone, nameServers, serial, sets } of hosted) {
    records.push(...apexRecords(zone, nameServers, serial));
    for (const set of sets) records.push(...(recordsOfSet(set) ?? [])); // each was looked at before it was kept
  }
  return accept(records);
}

function apexRecords(zone: DomainName, nameServers: readonly string[], serial: number): readonly DnsRecord[] {
  const [primary = zone] = nameServers;
  const data = {
    type: 'SOA',
    primary: primary.split('.'),
    mailbox: ['hostmaster', ...dnsNameOf(zone)],
    serial,
    ...times,
  } as const;
  return [{ name: dnsNameOf(zone), ttlSeconds, data }];
}

function serversOf(zone: DomainName, nameServers: readonly DomainName[]): readonly DnsRecord[] {
  return recordsOfSet({ name: zone, type: 'NS', ttl: nameServersTtl, values: nameServers }) ?? [];
}
