/** A zone that is in order, and name servers that are not. */
import type { Authorities } from '../../src/protocol/dns/authorities.ts';
import type { DnsAnswer, RecordData, RecordType, Resolver } from '../../src/protocol/dns/types.ts';
import { resolverFromZone } from '../../src/protocol/dns/zone-resolver.ts';

export const good = `
example.com. SOA ns1.example.com. hostmaster.example.com. 1 3600 600 604800 3600
example.com. NS ns1.example.com.
example.com. MX 10 mx.example.com.
example.com. TXT "v=spf1 mx -all"
mx.example.com. A 192.0.2.1
_dmarc.example.com. TXT "v=DMARC1; p=none"`;

export const failing = (why: 'servfail' | 'timeout' | 'bogus'): Resolver => ({
  lookup: async () => ({ kind: 'failed', why }),
});

/** Servers by name, each with a zone of its own; `undefined` does not answer. */
export function serversOf(zones: Readonly<Record<string, string | undefined>>): Authorities {
  const servers = Object.entries(zones).map(([server, zone]) => ({
    server,
    resolver: zone === undefined ? failing('servfail') : resolverFromZone(zone),
  }));
  return {
    lookup: async (name, type) => ({
      kind: 'asked',
      zone: 'example.com',
      answers: await Promise.all(
        servers.map(async ({ server, resolver }) => ({ server, answer: await resolver.lookup(name, type) })),
      ),
    }),
  };
}

/** The zone, with answers changed by hand for what zone text cannot say. */
export function resolverWith(
  zone: string,
  change: <T extends RecordType>(answer: DnsAnswer<RecordData[T]>, name: string, type: T) => DnsAnswer<RecordData[T]>,
): Resolver {
  const under = resolverFromZone(zone);
  return { lookup: async (name, type) => change(await under.lookup(name, type), name, type) };
}
