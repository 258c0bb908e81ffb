import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import type { DomainName } from '../../../format/domain-name.ts';
import { resolverFromZone } from '../../../protocol/dns/zone-resolver.ts';
import { createSpfEvaluator } from '../../../protocol/spf/create-spf-evaluator.ts';
import { checkFlattened, type FlattenWish, flattenDomain } from './flatten-domain.ts';
import { gatherSpfFacts } from './gather-facts.ts';
import { hostedRecords } from './hosted-record.ts';
import { readFingerprint } from './read-fingerprint.ts';
import type { SpfFlattened } from './types.ts';

const name = 'a.test' as DomainName;
const startMs = Date.parse('2026-11-22T06:00:00Z');
const dayMs = 24 * 3_600_000;

const factsOf = (zone: string, texts: readonly string[] = []) =>
  gatherSpfFacts(resolverFromZone(zone), { name, texts, ownRecord: true });

async function flatten(zone: string, wish: Partial<FlattenWish> = {}) {
  return flattenDomain(await factsOf(zone), { name, includes: [], literal: new Map(), nowMs: startMs, ...wish });
}

async function flat(zone: string, wish: Partial<FlattenWish> = {}): Promise<SpfFlattened> {
  const made = await flatten(zone, wish);
  assert.ok(made.ok, JSON.stringify(made));
  return made.value;
}

const timers = { nowMs: () => 0, monotonicMs: () => 0, sleep: async () => {}, after: () => () => {} };

async function verdict(zone: string, remoteAddress: string): Promise<string> {
  const evaluator = createSpfEvaluator({ resolver: resolverFromZone(zone), timers, clock: timers });
  return (await evaluator.evaluateSpf({ remoteAddress, helo: name, mailFrom: `x@${name}` })).result;
}

const published = ({ record, chain }: Pick<SpfFlattened, 'record' | 'chain'>) =>
  [
    `a.test TXT "${record}"`,
    ...chain.map(
      ({ name: at, value }) => `${at} TXT ${(value.match(/.{1,255}/g) ?? []).map((one) => `"${one}"`).join(' ')}`,
    ),
  ].join('\n');

const zone = `
a.test 3600 TXT "v=spf1 mx include:b.test include:z.test exists:%{i}.x.test -all exp=why.a.test"
b.test 3600 TXT "v=spf1 -ip4:192.0.2.5 include:c.test ip4:192.0.2.0/25 ip4:192.0.2.128/25 redirect=d.test"
c.test 600 TXT "v=spf1 ip4:198.51.100.7 a:h.test -all"
d.test 3600 TXT "v=spf1 ip6:2001:db8::/33 ip6:2001:db8:8000::/33 ?all"
h.test A 203.0.113.9
z.test TXT "v=spf1 ip4:10.0.0.0/8 -all"`;

test('includes become the fewest networks that hold exactly what passed', async () => {
  const made = await flat(zone, { literal: new Map([['z.test', 'Z looks for its very text']]) });
  assert.equal(made.record, 'v=spf1 mx include:_spf1.a.test include:z.test exists:%{i}.x.test -all exp=why.a.test');
  const left = [
    '192.0.2.0/30',
    '192.0.2.4',
    '192.0.2.6/31',
    '192.0.2.8/29',
    '192.0.2.16/28',
    '192.0.2.32/27',
    '192.0.2.64/26',
    '192.0.2.128/25',
  ];
  const networks = [...left, '198.51.100.7', '203.0.113.9'].map((one) => `ip4:${one}`);
  assert.deepEqual(made.chain, [
    { name: '_spf1.a.test', type: 'TXT', value: `v=spf1 ${networks.join(' ')} ip6:2001:db8::/32 -all` },
  ]);
  assert.deepEqual(made.refused, [{ include: 'z.test', why: 'Z looks for its very text' }]);
  assert.deepEqual([made.before, made.lookups], [7, 4]);
  // A quarter of the least TTL among the records that were read would be 150 s.
  assert.deepEqual(
    [made.fingerprint.made, made.fingerprint.lookAgain],
    ['2026-11-22T06:00:00.000Z', '2026-11-22T06:15:00.000Z'],
  );
});

test('what cannot be flattened says why', async () => {
  const why = async (text: string, wish: Partial<FlattenWish> = {}) => {
    const made = await flatten(text, wish);
    return made.ok ? 'ok' : `${made.code}: ${made.say}`;
  };
  assert.equal(await why(''), 'no-record: a.test has no SPF record');
  assert.equal(
    await why('a.test TXT "v=spf1 -all"\na.test TXT "v=spf1 ~all"'),
    'several-records: a.test has 2 SPF records: merge them first',
  );
  assert.equal(await why('a.test TXT "v=spf1 foo"'), 'unreadable: the SPF record of a.test cannot be read');
  assert.equal(await why(';!SERVFAIL a.test'), 'dns-failed: the DNS did not answer for a.test');
  assert.equal(await why('a.test TXT "v=spf1 mx -all"'), 'nothing-to-flatten: the record of a.test includes nothing');
  assert.equal(
    await why(zone, { includes: ['q.test'] }),
    'no-such-include: the record of a.test does not include q.test',
  );
  assert.match(await why('a.test TXT "v=spf1 include:_spf1.a.test -all"'), /^flat-already/);
  for (const [text, said] of [
    ['v=spf1 exists:%{i}.y.test -all', 'asks anew for each message'],
    ['v=spf1 +all', 'lets everybody pass'],
    ['v=spf1 ptr -all', 'asks anew'],
    ['v=spf1 include:b.test -all', 'includes itself'],
    ['v=spf1 -ip4:10.0.0.0/8 -all', 'no address passes it'],
  ] as const)
    assert.match(
      await why(`a.test TXT "v=spf1 include:b.test -all"\nb.test TXT "${text}"`),
      new RegExp(`^nothing-to-flatten: .*${said}`),
      text,
    );
  const scattered = Array.from({ length: 400 }, (_, at) =>
    `ip4:10.${at}.0.1`
      .replace(/10\.(\d+)/, (_all, n) => `10.${Number(n) >> 1}.${(Number(n) & 1) * 4}`)
      .replace('.0.1', '.1'),
  );
  const wide = `a.test TXT "v=spf1 include:b.test -all"\nb.test TXT ${scattered
    .map((one) => `" ${one}"`)
    .join(' ')
    .replace('" ', '"v=spf1 ')}`;
  assert.match(await why(wide), /^too-many: 400 networks/);
});

test('a chain passes whom the includes passed, and each link fits into an answer', async () => {
  const byte = fc.integer({ min: 0, max: 255 });
  const term = fc.oneof(
    fc
      .tuple(fc.constantFrom('', '', '', '-', '~'), byte, fc.integer({ min: 8, max: 32 }))
      .map(([sign, at, bits]) => `${sign}ip4:10.${at % 4}.${at}.${at}/${bits}`),
    fc
      .tuple(fc.constantFrom('', '', '-'), byte, fc.integer({ min: 32, max: 128 }))
      .map(([sign, at, bits]) => `${sign}ip6:2001:db8:${at % 4}::${at}/${bits}`),
  );
  const terms = fc.array(term, { maxLength: 30 });
  const clients = fc.array(
    fc.oneof(
      byte.map((at) => `10.${at % 4}.${at}.${at}`),
      byte.map((at) => `2001:db8:${at % 4}::${at}`),
      byte.map((at) => `10.${at % 4}.${at}.7`),
    ),
    { minLength: 4, maxLength: 4 },
  );
  await fc.assert(
    fc.asyncProperty(terms, terms, terms, clients, async (one, two, three, addresses) => {
      const quoted = (list: readonly string[]) => list.map((text) => `" ${text}"`).join(' ');
      const text = `a.test TXT "v=spf1 include:b.test include:c.test ~all"
b.test TXT "v=spf1" ${quoted(one)} " include:d.test -all"
c.test TXT "v=spf1" ${quoted(two)} " ?all"
d.test TXT "v=spf1" ${quoted(three)} " -all"`;
      const made = await flatten(text);
      if (!made.ok) return;
      for (const { name: at, value } of made.value.chain)
        assert.ok(12 + at.length + 6 + 12 + value.length + 2 <= 450, value);
      for (const address of addresses) {
        const after: string = `${published(made.value)}\n${text.replace(/^a\.test.*$/m, '')}`;
        assert.equal(
          await verdict(after, address),
          await verdict(text, address),
          `${address}\n${text}\n${published(made.value)}`,
        );
      }
    }),
    { numRuns: Number(process.env.POSTHORN_RUNS ?? 20) },
  );
});

test('later: nothing, a small change, a large one, one that cannot be read; what has gone stays for a day', async () => {
  const made = await flat(zone, { includes: ['b.test'] });
  const check = async (text: string, nowMs = startMs + dayMs / 2, fingerprint = made.fingerprint) => {
    const checked = checkFlattened(await factsOf(text, ['include:b.test']), fingerprint, nowMs);
    assert.ok(checked.ok, JSON.stringify(checked));
    return checked.value;
  };
  const upstream = zone.replace(/^a\.test.*$/m, '');
  const beside = (text: string) => `${published(made)}\n${text}`;
  const live = beside(upstream);
  const same = await check(live);
  assert.deepEqual([same.hasChanged, same.needsConsent, same.isDrifted], [false, false, false]);
  assert.deepEqual(same.next.chain, made.chain);
  assert.equal((await check(zone)).isDrifted, true);

  const moved = beside(upstream.replace('198.51.100.7', '198.51.100.8'));
  const small = await check(moved);
  assert.deepEqual(small.changes, [{ include: 'b.test', added: ['ip4:198.51.100.8'], removed: ['ip4:198.51.100.7'] }]);
  assert.deepEqual([small.hasChanged, small.needsConsent], [true, false]);
  assert.match(small.next.chain[0]?.value ?? '', /ip4:198\.51\.100\.7 ip4:198\.51\.100\.8/);
  const next = small.next.fingerprint;
  const settled = `${published(small.next)}\n${upstream.replace('198.51.100.7', '198.51.100.8')}`;
  assert.equal((await check(settled, startMs + dayMs, next)).hasChanged, false);
  const later = await check(settled, startMs + 2 * dayMs, next);
  assert.deepEqual([later.hasChanged, later.needsConsent], [true, false]);
  assert.doesNotMatch(later.next.chain[0]?.value ?? '', /198\.51\.100\.7/);

  const shrunk = await check(beside(upstream.replace('ip4:192.0.2.128/25 ', '')));
  assert.deepEqual([shrunk.needsConsent, shrunk.changes[0]?.consent], [true, '50 % of its IPv4 addresses are gone']);
  const grown = await check(beside(upstream.replace('198.51.100.7', '198.51.100.0/24')));
  assert.deepEqual([grown.needsConsent, grown.changes[0]?.removed], [true, []]);
  const lost = await check(`${published(made)}\n;!SERVFAIL b.test`);
  assert.deepEqual(
    [lost.hasChanged, lost.needsConsent, lost.changes[0]?.problem],
    [true, true, 'the DNS did not answer for b.test'],
  );
  assert.deepEqual(lost.next.chain, made.chain);
});

test('a fingerprint is read back, and nothing else is', async () => {
  const { fingerprint } = await flat(zone);
  assert.deepEqual(readFingerprint(JSON.stringify({ x: 1, fingerprint })), { ok: true, value: fingerprint });
  for (const text of [
    '',
    '[]',
    'null',
    '{}',
    '{"fingerprint":[]}',
    JSON.stringify({ ...fingerprint, version: 2 }),
    JSON.stringify({ ...fingerprint, domain: 'a b' }),
    JSON.stringify({ ...fingerprint, sources: [1] }),
    JSON.stringify({ ...fingerprint, lookAgain: 'x' }),
    JSON.stringify({ ...fingerprint, original: 'x' }),
  ])
    assert.equal(readFingerprint(text).ok, false, text);
});

test('RFC 7208 §7.4: a hosted record has a name for every address, by wildcards on label boundaries', () => {
  const place = { zone: 'posthorn.test' as DomainName, id: 'k7' };
  const records = hostedRecords(place, [
    'ip4:192.0.2.0/24',
    'ip4:198.51.100.6/31',
    'ip4:10.4.0.0/15',
    'ip6:2001:db8::/31',
  ]);
  assert.deepEqual(
    records?.map(({ type, name: at }) => `${type} ${at.replace('._spf.k7.posthorn.test', '')}`),
    [
      'TXT _spf.k7.posthorn.test',
      'A *.4.10.in-addr',
      'A *.5.10.in-addr',
      'A *.2.0.192.in-addr',
      'A 6.100.51.198.in-addr',
      'A 7.100.51.198.in-addr',
      'A *.8.b.d.0.1.0.0.2.ip6',
      'A *.9.b.d.0.1.0.0.2.ip6',
    ],
  );
  assert.equal(records?.[0]?.value, 'v=spf1 exists:%{ir}.%{v}._spf.k7.posthorn.test -all');
  assert.equal(
    hostedRecords(
      place,
      Array.from({ length: 100 }, (_, at) => `ip4:10.${at}.0.0/17`),
    ),
    undefined,
  );
});
