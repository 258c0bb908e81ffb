import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { systemClock } from '../../base/clock.ts';
import type { Endpoint } from '../../base/port/net.ts';
import { silentSignals } from '../../base/port/signals.ts';
import { systemRandom } from '../../base/random.ts';
import { serveDns } from '../../entrances/dns/dns-entrance.ts';
import { parseQueryName } from '../../format/domain-name.ts';
import { parseZoneText } from '../../format/zone-file.ts';
import type { RecordType, Resolver } from '../../protocol/dns/types.ts';
import { makeZoneSet } from '../../protocol/dns/zone-set.ts';
import { createNodeNet } from '../net/node-net.ts';
import { createStubResolver, type ResolverServer } from './stub-resolver.ts';

const net = createNodeNet();

const zoneText = `
. 600 SOA a b 1 2 3 4 300
example.com 60 MX 10 mail.example.com
www.example.com 60 CNAME mail.example.com
mail.example.com 60 A 192.0.2.25
key._domainkey.example.com 60 TXT ${`"${'x'.repeat(255)}" `.repeat(8)}
`;

async function serving(context: TestContext, address: string): Promise<Endpoint> {
  const zone = parseZoneText(zoneText);
  assert.ok(zone.ok);
  const zones = makeZoneSet(zone.value.records);
  assert.ok(zones.ok);
  const { value } = zones;
  const listening = await serveDns({ net, at: { address, port: 0 }, zones: () => value, signals: silentSignals });
  context.after(() => listening.close());
  return listening.endpoint;
}

function resolver(servers: readonly ResolverServer[]): Resolver {
  return createStubResolver({ net, timers: systemClock, random: systemRandom, servers });
}

async function ask(over: Resolver, text: string, type: RecordType): Promise<unknown> {
  const name = parseQueryName(text);
  assert.ok(name);
  const answer = await over.lookup(name, type);
  return answer.kind === 'found' ? answer.records : answer.why;
}

test('real sockets: UDP, TCP for what is large, aliases, NXDOMAIN', async (t) => {
  const over = resolver([await serving(t, '127.0.0.1')]);
  assert.deepEqual(await ask(over, 'example.com', 'MX'), [{ preference: 10, exchange: 'mail.example.com' }]);
  assert.deepEqual(await ask(over, 'www.example.com', 'A'), ['192.0.2.25']);
  assert.deepEqual(await ask(over, 'key._domainkey.example.com', 'TXT'), ['x'.repeat(8 * 255)]);
  assert.equal(await ask(over, 'nx.example.com', 'A'), 'nxdomain');
});

test('real sockets: many at once', async (t) => {
  const over = resolver([await serving(t, '127.0.0.1')]);
  const answers = await Promise.all(Array.from({ length: 100 }, (_, i) => ask(over, `n${i}.example.com`, 'A')));
  assert.deepEqual(new Set(answers), new Set(['nxdomain']));
});

test('real sockets: IPv6', async (t) => {
  const at = await serving(t, '::1').catch(() => undefined);
  if (at === undefined) return t.skip('no IPv6 loopback here');
  assert.deepEqual(await ask(resolver([at]), 'www.example.com', 'A'), ['192.0.2.25']);
});
