/** Hosted zones as the records that a name server answers from: each with its SOA, and the operator's zone above them. Pure. */
import { dnsNameOf } from '../../../format/dns-name.ts';
import type { DomainName } from '../../../format/domain-name.ts';
import { recordsOfSet } from '../../../format/record-set.ts';
import type { ZoneSource } from '../../../protocol/dns/zone-shelf.ts';
import type { RecordSet } from '../types.ts';
import type { HostedZone } from './types.ts';

/** For secondaries, of which there are none yet; `minimum` is how long resolvers remember that a name is not there. RFC 2308 §5 */
const times = { refresh: 3_600, retry: 900, expire: 1_209_600, minimum: 300 } as const;
const ttlSeconds = 3_600;
const nameServersTtl = 86_400;

export function hostedSource({ zone, nameServers, serial, sets }: HostedZone): ZoneSource {
  return sourceOf(zone, { nameServers, serial, sets });
}

/** `dns.hosted_zone` with its name servers, where no file of the operator has it. */
export function sourceAbove(zone: DomainName, nameServers: readonly string[]): ZoneSource {
  const servers: RecordSet = { name: zone, type: 'NS', ttl: nameServersTtl, values: nameServers };
  return sourceOf(zone, { nameServers, serial: 1, sets: [servers] });
}

function sourceOf(
  zone: DomainName,
  { nameServers, serial, sets }: Pick<HostedZone, 'nameServers' | 'serial' | 'sets'>,
): ZoneSource {
  const [primary = zone] = nameServers;
  const data = {
    type: 'SOA',
    primary: primary.split('.'),
    mailbox: ['hostmaster', ...dnsNameOf(zone)],
    serial,
    ...times,
  } as const;
  const soa = { name: dnsNameOf(zone), ttlSeconds, data };
  return { soa, records: [soa, ...sets.flatMap((set) => recordsOfSet(set) ?? [])] }; // each was looked at before it was kept
}
