/**
 * `posthorn/dns`: resolvers for `posthorn/authentication`. `resolverFromZone` answers from master-file text and nothing leaves the
 * machine; `systemResolver` asks the name servers this machine is configured with. Importing it starts nothing.
 */
import { createNodeNet } from '../../adapters/net/node-net.ts';
import { createStubResolver, type ResolverServer } from '../../adapters/resolver/stub-resolver.ts';
import { readSystemServers } from '../../adapters/resolver/system-servers.ts';
import { systemClock } from '../../base/clock.ts';
import { systemRandom } from '../../base/random.ts';
import { parseIpAddress } from '../../format/ip-address.ts';
import type { Resolver } from '../../protocol/dns/types.ts';

export type { DnsAnswer, LookupOptions, RecordData, RecordType, Resolver } from '../../protocol/dns/types.ts';
export { resolverFromZone } from '../../protocol/dns/zone-resolver.ts';

export type ServerAddress = {
  readonly address: string;
  readonly port: number;
  /** It validates DNSSEC and the way to it is safe: answers are `secure` where it says so. DANE needs it. */
  readonly trustAd?: boolean;
};

export type SystemResolverOptions = {
  /** Addresses, instead of those of the system. */
  readonly servers?: readonly (string | ServerAddress)[];
};

/** Asks over UDP, and TCP where an answer is long; keeps answers for their TTL, within bounds, as long as it lives. */
export function systemResolver({ servers }: SystemResolverOptions = {}): Resolver {
  return createStubResolver({
    net: createNodeNet(),
    timers: systemClock,
    random: systemRandom,
    servers: servers === undefined ? readSystemServers() : servers.map(readServer),
  });
}

const dnsPort = 53;

function readServer(server: string | ResolverServer): ResolverServer {
  const read = typeof server === 'string' ? { address: server, port: dnsPort } : server;
  if (parseIpAddress(read.address) === undefined) throw new TypeError(`${read.address} is no IP address`);
  return read;
}
