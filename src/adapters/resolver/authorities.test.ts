import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { systemClock } from '../../base/clock.ts';
import type { Endpoint } from '../../base/port/net.ts';
import { silentSignals } from '../../base/port/signals.ts';
import { systemRandom } from '../../base/random.ts';
import { serveDns } from '../../entrances/dns/dns-entrance.ts';
import { parseQueryName } from '../../format/domain-name.ts';
import { parseZoneText } from '../../format/zone-file.ts';
import { resolverFromZone } from '../../protocol/dns/zone-resolver.ts';
import { makeZoneSet } from '../../protocol/dns/zone-set.ts';
import { createNodeNet } from '../net/node-net.ts';
import { createAuthorities } from './authorities.ts';

const net = createNodeNet();

async function serving(context: TestContext, zoneText: string): Promise<Endpoint> {
  const zone = parseZoneText(zoneText);
  assert.ok(zone.ok);
  const zones = makeZoneSet(zone.value.records);
  assert.ok(zones.ok);
  const { value } = zones;
  const at = { address: '127.0.0.1', port: 0 };
  const listening = await serveDns({ net, at, zones: () => value, signals: silentSignals });
  context.after(() => listening.close());
  return listening.endpoint;
}

/** What the world's resolvers know: who serves what, and where. */
const world = `
example.com NS ns1.example.com
example.com NS ns2.example.com
example.com NS lame.example.com
example.com NS gone.example.com
ns1.example.com A 192.0.2.1
ns2.example.com A 192.0.2.2
lame.example.com A 192.0.2.3
provider.example NS ns.provider.example
ns.provider.example A 192.0.2.4
`;

const soa = (zone: string) => `${zone} 600 SOA a b 1 2 3 4 300`;

async function authoritiesIn(t: TestContext) {
  const places = new Map([
    [
      '192.0.2.1',
      await serving(t, `${soa('example.com')}\na.example.com TXT "new"\nk.example.com CNAME k.provider.example`),
    ],
    [
      '192.0.2.2',
      await serving(t, `${soa('example.com')}\nb.example.com TXT "x"\nk.example.com CNAME k.provider.example`),
    ],
    ['192.0.2.3', await serving(t, soa('example.net'))],
    ['192.0.2.4', await serving(t, `${soa('provider.example')}\nk.provider.example TXT "key"`)],
  ]);
  const placeOf = (address: string) => places.get(address) ?? { address: '127.0.0.1', port: 1 };
  const resolver = resolverFromZone(world);
  return createAuthorities({ net, timers: systemClock, random: systemRandom, resolver, placeOf });
}

async function told(over: ReturnType<typeof createAuthorities>, text: string) {
  const name = parseQueryName(text);
  assert.ok(name);
  const answer = await over.lookup(name, 'TXT');
  if (answer.kind === 'failed') return answer.say;
  return answer.answers.map(({ server, answer: one }) => `${server} ${one.kind === 'found' ? one.records : one.why}`);
}

test('every server is asked for itself; the one without authority and the one without an address are no witnesses', async (t) => {
  assert.deepEqual(await told(await authoritiesIn(t), 'a.example.com'), [
    'gone.example.com timeout',
    'lame.example.com servfail',
    'ns1.example.com new',
    'ns2.example.com nxdomain',
  ]);
});

test('an alias leads on to the servers of its zone', async (t) => {
  const over = await authoritiesIn(t);
  assert.deepEqual((await told(over, 'k.example.com')).slice(2), [
    'ns1.example.com > ns.provider.example key',
    'ns2.example.com > ns.provider.example key',
  ]);
});

test('a name in no zone, and a resolver that fails, are said', async (t) => {
  assert.equal(await told(await authoritiesIn(t), 'a.example.org'), 'a.example.org lies in no zone');
  const deps = { net, timers: systemClock, random: systemRandom };
  const failing = createAuthorities({ ...deps, resolver: resolverFromZone(';!SERVFAIL example.com.') });
  assert.equal(await told(failing, 'example.com'), 'the name servers of example.com could not be found (servfail)');
  const below = resolverFromZone('example.com NS ns.example.com\n;!SERVFAIL _domainkey.example.com.');
  const over = createAuthorities({ ...deps, resolver: below });
  assert.deepEqual(await told(over, 'k._domainkey.example.com'), ['ns.example.com timeout'], 'the zone above');
});

test('an alias that leads nowhere is asked for at the servers of its own zone', async (t) => {
  const at = await serving(t, `${soa('example.com')}\nk.example.com CNAME k.nowhere.example`);
  const text = 'example.com NS ns1.example.com\nns1.example.com A 192.0.2.1\n;!SERVFAIL k.example.com';
  const resolver = resolverFromZone(text);
  const over = createAuthorities({ net, timers: systemClock, random: systemRandom, resolver, placeOf: () => at });
  const name = parseQueryName('k.example.com');
  assert.ok(name);
  const asked = await over.lookup(name, 'CNAME');
  const answers = asked.kind === 'asked' ? asked.answers : [];
  assert.partialDeepStrictEqual(answers, [{ server: 'ns1.example.com', answer: { records: ['k.nowhere.example'] } }]);
});
