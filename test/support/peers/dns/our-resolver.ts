/** Our resolver over real sockets, with everything it sends counted. */
import assert from 'node:assert/strict';
import { createNodeNet } from '../../../../src/adapters/net/node-net.ts';
import {
  createStubResolver,
  type ResolverServer,
  type StubResolverLimits,
} from '../../../../src/adapters/resolver/stub-resolver.ts';
import { systemClock } from '../../../../src/base/clock.ts';
import type { Net } from '../../../../src/base/port/net.ts';
import { systemRandom } from '../../../../src/base/random.ts';
import { parseQueryName, type QueryName } from '../../../../src/format/domain-name.ts';
import type { DnsAnswer, RecordData, RecordType } from '../../../../src/protocol/dns/types.ts';

export type OurResolver = {
  readonly ask: <T extends RecordType>(name: string, type: T) => Promise<DnsAnswer<RecordData[T]>>;
  /** Datagrams sent and connections dialled so far. */
  readonly sent: { udp: number; tcp: number };
};

export function queryName(text: string): QueryName {
  const name = parseQueryName(text);
  assert.ok(name, text);
  return name;
}

/** Waits are short: what does not answer here never will. */
const quick = { attemptMs: 400, lookupMs: 4_000 } as const;

export function ourResolver(
  servers: readonly ResolverServer[],
  limits: Partial<StubResolverLimits> = quick,
): OurResolver {
  const sent = { udp: 0, tcp: 0 };
  const net = createNodeNet();
  const counting: Net = {
    ...net,
    dial: (to, options) => {
      sent.tcp++;
      return net.dial(to, options);
    },
    openDatagrams: async (at, onDatagram, options) => {
      const datagrams = await net.openDatagrams(at, onDatagram, options);
      const send: typeof datagrams.send = (octets, to) => {
        sent.udp++;
        datagrams.send(octets, to);
      };
      return { endpoint: datagrams.endpoint, send, close: () => datagrams.close() };
    },
  };
  const resolver = createStubResolver({ net: counting, timers: systemClock, random: systemRandom, servers, limits });
  return { sent, ask: (name, type) => resolver.lookup(queryName(name), type) };
}
