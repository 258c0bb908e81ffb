import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Scene, theFinding } from '../../../../../test/support/doctor.ts';
import { certificateFor, hostShowing, mailHostsOf, plainHost } from '../../../../../test/support/doctor-hosts.ts';
import { tlsaOf } from '../../../../../test/support/test-chain.ts';
import { tlsaText } from '../../../../protocol/dane/tlsa.ts';
import type { Resolver } from '../../../../protocol/dns/types.ts';
import { resolverFromZone } from '../../../../protocol/dns/zone-resolver.ts';
import type { HostProbe, Probes } from '../types.ts';

const host = 'mx.example.com';
const certificate = await certificateFor(host);
const other = await certificateFor('other.example.com');
const good = hostShowing(certificate);
const base = `example.com MX 10 ${host}\n${host} A 192.0.2.25\n`;
const right = tlsaText(tlsaOf(certificate, 3, 1, 1));
const wrong = tlsaText(tlsaOf(other, 3, 1, 1));
const records = (...values: readonly string[]) => values.map((value) => `_25._tcp.${host} TLSA ${value}\n`).join('');

/** Says of each answer whether DNSSEC proves it. */
function signing(zone: string, isSigned: (name: string) => boolean): Resolver {
  const plain = resolverFromZone(zone);
  return {
    lookup: async (name, type) => {
      const answer = await plain.lookup(name, type);
      return answer.kind === 'failed' ? answer : { ...answer, secure: isSigned(name) };
    },
  };
}

function scene(zone: string, probe: HostProbe | undefined = good, isSigned = (_name: string) => true): Scene {
  const probes: Probes = probe === undefined ? {} : { mailHost: mailHostsOf({ [host]: probe }) };
  return { zone, world: { probes, resolver: signing(zone, isSigned) } };
}
const unseen = (zone: string): Scene => ({ zone, world: { resolver: signing(zone, () => true) } });

test('DAN-01: what DANE says is proven by DNSSEC', async () => {
  const zone = base + records(right);
  await theFinding('DAN-01', 'pass', scene(zone));
  for (const [unsigned, said] of [
    ['example.com', /the MX of example.com/],
    [host, /the address of mx.example.com/],
    [`_25._tcp.${host}`, /the DANE records themselves/],
  ] as const)
    assert.match(
      (
        await theFinding(
          'DAN-01',
          'fail',
          scene(zone, good, (name) => name !== unsigned),
        )
      ).meaning,
      said,
    );
  // Nothing is signed, though the resolver would tell.
  await theFinding(
    'DAN-01',
    'fail',
    scene(zone, good, (name) => name === 'org'),
  );
  await theFinding(
    'DAN-01',
    'unknown',
    scene(zone, good, () => false),
  );
  await theFinding('DAN-01', 'skip', scene(base));
  await theFinding('DAN-01', 'unknown', scene(`${base};!TIMEOUT _25._tcp.${host}`));
  await theFinding('DAN-01', 'unknown', scene(';!TIMEOUT example.com'));
  await theFinding('DAN-01', 'skip', scene('example.com MX 0 .'));
});

test('DAN-01: broken signatures keep mail out', async () => {
  const plain = signing(base, () => true);
  const bogus: Resolver = {
    lookup: async (name, type, options) =>
      type === 'TLSA' ? { kind: 'failed', why: 'bogus' } : plain.lookup(name, type, options),
  };
  const found = await theFinding('DAN-01', 'fail', { zone: base, world: { resolver: bogus } });
  assert.equal(found.severity, 'error');
  for (const id of ['DAN-02', 'DAN-03', 'DAN-04'] as const)
    await theFinding(id, 'unknown', { zone: base, world: { resolver: bogus } });
});

test('DAN-02: the certificate is one that DNS names', async () => {
  await theFinding('DAN-02', 'pass', scene(base + records(right)));
  await theFinding('DAN-02', 'pass', scene(base + records(wrong, right)));
  const found = await theFinding('DAN-02', 'fail', scene(base + records(wrong)));
  assert.equal(found.severity, 'error');
  assert.deepEqual(found.fix, {
    delete: [{ name: `_25._tcp.${host}`, type: 'TLSA', value: wrong }],
    set: [{ name: `_25._tcp.${host}`, type: 'TLSA', value: right, ttl: 3600 }],
  });
  assert.match(
    (await theFinding('DAN-02', 'fail', scene(base + records(right), plainHost()))).meaning,
    /no encryption/,
  );
  const failing = { ...plainHost(), offersStartTls: true, tlsProblem: 'reset' };
  await theFinding('DAN-02', 'fail', scene(base + records(right), failing));
  await theFinding('DAN-02', 'unknown', scene(base + records(right), { kind: 'failed', why: 'silence' }));
  await theFinding('DAN-02', 'unknown', unseen(base + records(right)));
  const damaged = await theFinding('DAN-02', 'fail', scene(base + records('3 1 1 abcd')));
  assert.equal(damaged.severity, 'warn');
  await theFinding('DAN-02', 'skip', scene(base + records(`1 1 1 ${right.slice(6)}`)));
  await theFinding('DAN-02', 'skip', scene(base));
});

test("DAN-02: records of somebody else's host are theirs to change, and those of an alias stand where it leads", async () => {
  const foreign = `example.com MX 10 mx.other.test\nmx.other.test A 192.0.2.25\n_25._tcp.mx.other.test TLSA ${wrong}\n`;
  const probes: Probes = { mailHost: mailHostsOf({ 'mx.other.test': good }) };
  const found = await theFinding('DAN-02', 'fail', {
    zone: foreign,
    world: { probes, resolver: signing(foreign, () => true) },
  });
  assert.match(found.fix?.steps?.[0] ?? '', /somebody else's/);
  const aliased = `example.com MX 10 ${host}\n${host} CNAME real.example.com\nreal.example.com A 192.0.2.25\n_25._tcp.real.example.com TLSA ${right}\n`;
  await theFinding('DAN-02', 'pass', scene(aliased));
});

test('DAN-03: a second key is named before the first one goes', async () => {
  await theFinding('DAN-03', 'pass', scene(base + records(right, wrong)));
  await theFinding('DAN-03', 'pass', scene(base + records(`2 1 1 ${right.slice(6)}`)));
  await theFinding('DAN-03', 'fail', scene(base + records(right)));
  await theFinding('DAN-03', 'skip', scene(base + records(`0 1 1 ${right.slice(6)}`)));
  await theFinding('DAN-03', 'skip', scene(base));
  await theFinding('DAN-03', 'unknown', scene(`${base};!SERVFAIL _25._tcp.${host}`));
});

test('DAN-04: the kinds of records that mail servers use', async () => {
  await theFinding('DAN-04', 'pass', scene(base + records(right)));
  const old = `1 1 1 ${right.slice(6)}`;
  const found = await theFinding('DAN-04', 'fail', scene(base + records(old)));
  assert.match(found.meaning, /no other/);
  assert.deepEqual(
    found.fix?.delete.map(({ value }) => value),
    [old],
  );
  assert.deepEqual(
    found.fix?.set.map(({ value }) => value),
    [right],
  );
  assert.deepEqual((await theFinding('DAN-04', 'fail', scene(base + records(old, right)))).fix?.set, []);
  await theFinding('DAN-04', 'skip', scene(base));
  await theFinding('DAN-04', 'unknown', scene(`${base};!SERVFAIL _25._tcp.${host}`));
});

test('a chain that is no chain is no match', async () => {
  for (const chain of [[], ['AAAA'], ['not base64 !']]) {
    const odd: HostProbe = { ...good, tls: { protocol: 'TLSv1.3', cipher: 'x', chain } };
    const found = await theFinding('DAN-02', 'fail', scene(base + records(right), odd));
    assert.deepEqual(found.fix?.set, []);
  }
});
