import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { seededRandom } from '../../base/random.ts';
import { type DomainName, parseDomainName } from '../../format/domain-name.ts';
import { type IpAddress, parseIpAddress } from '../../format/ip-address.ts';
import { resolverFromZone } from '../dns/zone-resolver.ts';
import { chooseAddresses, chooseMx, type MxChoice } from './client-mx.ts';
import { planTls } from './client-tls.ts';

function name(text: string): DomainName {
  const parsed = parseDomainName(text);
  assert.ok(parsed);
  return parsed;
}
function ip(text: string): IpAddress {
  const parsed = parseIpAddress(text);
  assert.ok(parsed);
  return parsed;
}

async function choose(zone: string, options: { own?: string; seed?: number; domain?: string } = {}): Promise<MxChoice> {
  const domain = name(options.domain ?? 'example.net');
  const answer = await resolverFromZone(zone).lookup(domain, 'MX');
  return chooseMx(domain, answer, {
    ownNames: [options.own ?? 'us.test'],
    random: seededRandom(options.seed ?? 1),
    hostsMax: 10,
  });
}
const hostsOf = (choice: MxChoice) =>
  choice.kind === 'hosts' ? choice.hosts.map(({ host }) => host) : choice.enhanced;

test('RFC 5321 §5.1: by preference', async () => {
  const zone = 'example.net MX 30 c.test\nexample.net MX 10 a.test\nexample.net MX 20 b.test';
  assert.deepEqual(hostsOf(await choose(zone)), ['a.test', 'b.test', 'c.test']);
});

test('RFC 5321 §5.1: equal preferences at random', async () => {
  const zone = 'example.net MX 10 a.test\nexample.net MX 10 b.test\nexample.net MX 20 c.test';
  const firsts = new Set<unknown>();
  for (let seed = 0; seed < 20; seed++) {
    const hosts = hostsOf(await choose(zone, { seed }));
    firsts.add(hosts[0]);
    assert.equal(hosts[2], 'c.test');
  }
  assert.deepEqual([...firsts].toSorted(), ['a.test', 'b.test']);
});

test('RFC 5321 §5.1: without MX the domain is its own host', async () => {
  assert.partialDeepStrictEqual(await choose('example.net A 192.0.2.1'), {
    kind: 'hosts',
    source: 'address',
    hosts: [{ host: 'example.net', preference: 0 }],
  });
});

test('RFC 7505: a null MX takes no mail, at once', async () => {
  assert.partialDeepStrictEqual(await choose('example.net MX 0 .'), {
    kind: 'no-way',
    final: true,
    enhanced: '5.1.10',
  });
  assert.deepEqual(hostsOf(await choose('example.net MX 0 .\nexample.net MX 10 a.test')), ['a.test']);
});

test('a domain that does not exist is refused; one that cannot be looked up waits', async () => {
  assert.partialDeepStrictEqual(await choose('other.net A 192.0.2.1'), { final: true, enhanced: '5.1.2' });
  for (const way of ['SERVFAIL', 'TIMEOUT'])
    assert.partialDeepStrictEqual(await choose(`;!${way} example.net.\nexample.net MX 10 a.test`), {
      final: false,
      enhanced: '4.4.3',
    });
});

test('RFC 5321 §5.1: where we are an MX, only nearer hosts are asked; none nearer is a loop', async () => {
  const zone =
    'example.net MX 10 a.test\nexample.net MX 20 us.test\nexample.net MX 20 b.test\nexample.net MX 30 c.test';
  const choice = await choose(zone);
  assert.deepEqual(hostsOf(choice), ['a.test']);
  assert.deepEqual(choice.leftOut.map(({ host }) => host).toSorted(), ['b.test', 'c.test', 'us.test']);
  assert.partialDeepStrictEqual(await choose('example.net MX 10 us.test\nexample.net MX 20 b.test'), {
    kind: 'no-way',
    final: true,
    enhanced: '5.4.6',
  });
  assert.partialDeepStrictEqual(await choose('us.test A 192.0.2.1', { domain: 'us.test' }), { enhanced: '5.4.6' });
});

test('an MX that is no host name is left out; when none is one, mail waits', async () => {
  const choice = await choose('example.net MX 5 192.0.2.1.\nexample.net MX 10 a.test');
  assert.deepEqual(hostsOf(choice), ['a.test']);
  assert.deepEqual(choice.leftOut, [{ host: '192.0.2.1', why: 'not a host name' }]);
  assert.partialDeepStrictEqual(await choose('example.net MX 5 127.0.0.1.'), { final: false, enhanced: '4.4.4' });
});

test('a host named twice counts once, at its lowest preference; more than ten are not asked', async () => {
  assert.partialDeepStrictEqual(await choose('example.net MX 20 a.test\nexample.net MX 10 a.test'), {
    hosts: [{ host: 'a.test', preference: 10 }],
  });
  const many = Array.from({ length: 12 }, (_, at) => `example.net MX ${at} h${at}.test`).join('\n');
  const choice = await choose(many);
  assert.equal(hostsOf(choice).length, 10);
  assert.deepEqual(
    choice.leftOut.map(({ host }) => host),
    ['h10.test', 'h11.test'],
  );
});

const open = { random: seededRandom(1), allowPrivate: false, families: [4, 6] as const };

test('MAIL_RULES 23: families alternate', () => {
  const found = ['192.0.2.1', '192.0.2.2', '192.0.2.3', '2001:db8::1'].map(ip);
  const families = chooseAddresses(found, open).addresses.map(({ family }) => family);
  assert.ok(['4,6,4,4', '6,4,4,4'].includes(families.join(',')), families.join(','));
});

test('addresses that lead back into this house are left out; when all do, it is a loop', () => {
  const private_ = ['127.0.0.1', '10.0.0.1', '::1', 'fe80::1', '::ffff:127.0.0.1', '0.0.0.0', '169.254.169.254'].map(
    ip,
  );
  assert.partialDeepStrictEqual(chooseAddresses(private_, open), { addresses: [], loops: true });
  const mixed = chooseAddresses([...private_, ip('192.0.2.1')], open);
  assert.deepEqual(
    mixed.addresses.map(({ text }) => text),
    ['192.0.2.1'],
  );
  assert.equal(mixed.loops, false);
  assert.equal(chooseAddresses(private_, { ...open, allowPrivate: true }).addresses.length, private_.length);
});

test('a family without a source address is not used, and that is no loop', () => {
  const chosen = chooseAddresses([ip('2001:db8::1')], { ...open, families: [4] });
  assert.deepEqual(chosen, {
    addresses: [],
    leftOut: [{ address: '2001:db8::1', why: 'no source address for IPv6' }],
    loops: false,
  });
});

test('property: choosing addresses loses and invents none', () => {
  const octet = fc.integer({ min: 1, max: 254 });
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          octet.map((n) => `192.0.2.${n}`),
          octet.map((n) => `2001:db8::${n}`),
        ),
      ),
      fc.nat(),
      (texts, seed) => {
        const found = [...new Set(texts)].map(ip);
        const { addresses, leftOut } = chooseAddresses(found, { ...open, random: seededRandom(seed) });
        assert.deepEqual(leftOut, []);
        assert.deepEqual(addresses.map(({ text }) => text).toSorted(), found.map(({ text }) => text).toSorted());
      },
    ),
    { numRuns: 200 },
  );
});

test('what a TLS demand makes of a host: only where no policy speaks may a failed handshake be followed by plain text', () => {
  assert.deepEqual(planTls({ policy: 'opportunistic' }, false), { startTls: 'when-offered', requireValid: false });
  assert.deepEqual(planTls({ policy: 'opportunistic' }, true), { startTls: 'never', requireValid: false });
  assert.deepEqual(planTls({ policy: 'encrypt', because: '' }, false), { startTls: 'always', requireValid: false });
  assert.deepEqual(planTls({ policy: 'validate', because: '' }, false), { startTls: 'always', requireValid: true });
  for (const policy of ['encrypt', 'validate'] as const)
    assert.equal(planTls({ policy, because: '' }, true), 'give-up');
});
