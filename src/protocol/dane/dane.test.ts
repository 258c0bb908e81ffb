import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { makeCertificate, tlsaOf } from '../../../test/support/test-chain.ts';
import { type DomainName, parseDomainName } from '../../format/domain-name.ts';
import type { DnsAnswer, RecordData, RecordType, Resolver } from '../dns/types.ts';
import { findTlsa } from './find-tlsa.ts';
import { matchChain } from './match-chain.ts';
import { tlsaObjection, tlsaText, usableTlsa } from './tlsa.ts';
import type { Tlsa } from './types.ts';

const nowMs = Date.now();
const hostName = 'mx.example.com';
const root = await makeCertificate({ name: 'Root', isAuthority: true });
const middle = await makeCertificate({ name: 'Middle', issuer: root, isAuthority: true });
const server = await makeCertificate({ name: 'server', issuer: middle, names: [hostName] });
const stranger = await makeCertificate({ name: 'stranger', issuer: root, names: [hostName] });
const chain = [server.der, middle.der, root.der];

function match(records: readonly Tlsa[], shown: readonly Uint8Array[] = chain, names: readonly string[] = [hostName]) {
  return matchChain(usableTlsa(records), shown, { names, nowMs });
}

const result = (records: readonly Tlsa[], shown?: readonly Uint8Array[], names?: readonly string[]) => {
  const said = match(records, shown, names);
  return said.ok ? 'ok' : said.result;
};

// ---- records ----

test('RFC 7672 §3.1.3: usages 2 and 3 alone, known selectors and digests of their length', () => {
  const good: Tlsa = { usage: 3, selector: 1, matching: 1, data: new Uint8Array(32) };
  assert.equal(tlsaObjection(good), undefined);
  assert.equal(tlsaObjection({ ...good, usage: 2, selector: 0, matching: 2, data: new Uint8Array(64) }), undefined);
  for (const change of [
    { usage: 0 },
    { usage: 1 },
    { usage: 4 },
    { usage: 255 },
    { selector: 2 },
    { matching: 3 },
    { matching: 2 },
    { matching: 0 },
    { data: new Uint8Array(31) },
    { data: new Uint8Array() },
  ])
    assert.match(tlsaObjection({ ...good, ...change }) ?? '', /./, JSON.stringify(change));
  assert.equal(tlsaObjection(tlsaOf(root, 2, 0, 0)), undefined);
  assert.equal(tlsaObjection(tlsaOf(root, 2, 1, 0)), undefined);
  assert.ok(tlsaObjection({ ...tlsaOf(root, 2, 0, 0), selector: 1 }));
  assert.equal(tlsaText(good), `3 1 1 ${'00'.repeat(32)}`);
});

test('RFC 7671 §9: of several digests of one thing only the strongest counts', () => {
  const [weak, strong] = [tlsaOf(server, 3, 1, 1), tlsaOf(stranger, 3, 1, 2)];
  assert.deepEqual(usableTlsa([weak, strong]), [strong]);
  assert.equal(result([weak, strong]), 'validation-failure', 'the weaker one that would fit is not looked at');
  assert.equal(result([weak, tlsaOf(stranger, 3, 0, 2)]), 'ok', 'another selector is another thing');
  assert.equal(result([tlsaOf(server, 3, 1, 0), strong]), 'ok', 'a whole key is no digest');
});

// ---- DANE-EE ----

test('RFC 7672 §3.1.1: DANE-EE is the server certificate or its key, whatever its name, time and issuer', async () => {
  const odd = await makeCertificate({ name: 'odd', expired: true, names: ['elsewhere.test'] });
  for (const selector of [0, 1])
    for (const matching of [0, 1, 2]) {
      assert.equal(result([tlsaOf(odd, 3, selector, matching)], [odd.der]), 'ok', `3 ${selector} ${matching}`);
      assert.equal(result([tlsaOf(stranger, 3, selector, matching)], [odd.der]), 'validation-failure');
      assert.equal(
        result([tlsaOf(stranger, 3, selector, matching), tlsaOf(odd, 3, selector, matching)], [odd.der]),
        'ok',
      );
    }
  assert.equal(result([tlsaOf(middle, 3, 1, 1)]), 'validation-failure', 'not an authority of it');
});

// ---- DANE-TA ----

test('RFC 7672 §3.1.2: DANE-TA is an authority in the chain the server shows', () => {
  for (const authority of [root, middle])
    for (const selector of [0, 1])
      for (const matching of [0, 1, 2]) assert.equal(result([tlsaOf(authority, 2, selector, matching)]), 'ok');
  assert.equal(result([tlsaOf(root, 2, 1, 1)], [server.der, root.der, middle.der]), 'ok', 'in whatever order');
  assert.equal(result([tlsaOf(server, 2, 1, 1)]), 'validation-failure', 'the server is no authority');
  assert.equal(
    result([tlsaOf(root, 2, 1, 1)], [server.der, middle.der]),
    'validation-failure',
    'a digest of what is not shown proves nothing',
  );
  assert.equal(result([tlsaOf(root, 2, 1, 1)], [server.der, root.der]), 'validation-failure', 'a gap in the chain');
  assert.equal(
    result([tlsaOf(middle, 2, 0, 1)], [stranger.der, middle.der, root.der]),
    'validation-failure',
    'not its issuer',
  );
});

test('RFC 7671 §5.2.2: an authority that the record holds whole may be left out', () => {
  for (const selector of [0, 1]) {
    assert.equal(result([tlsaOf(root, 2, selector, 0)], [server.der, middle.der]), 'ok');
    assert.equal(result([tlsaOf(middle, 2, selector, 0)], [server.der]), 'ok');
    assert.equal(result([tlsaOf(root, 2, selector, 0)], [server.der]), 'validation-failure');
  }
});

test('RFC 7672 §3.2: under DANE-TA the name must be right: TLSA base, MX host or next-hop domain, wildcards for one label', async () => {
  const record = [tlsaOf(root, 2, 1, 1)];
  assert.equal(result(record, chain, ['other.test', hostName]), 'ok');
  assert.equal(result(record, chain, ['other.test', 'example.com']), 'certificate-host-mismatch');
  const wild = await makeCertificate({ name: 'w', issuer: middle, names: ['*.example.com'] });
  const shown = [wild.der, middle.der, root.der];
  assert.equal(result(record, shown), 'ok');
  assert.equal(result(record, shown, ['a.mx.example.com']), 'certificate-host-mismatch');
  assert.equal(result(record, shown, ['example.com']), 'certificate-host-mismatch');
  const common = await makeCertificate({ name: hostName, issuer: middle });
  assert.equal(
    result(record, [common.der, middle.der, root.der]),
    'certificate-host-mismatch',
    'a common name is no name',
  );
});

test('RFC 7672 §3.1.2: under DANE-TA every certificate of the path must be valid now', async () => {
  const record = [tlsaOf(root, 2, 1, 1)];
  const past = await makeCertificate({ name: 'past', issuer: middle, names: [hostName], expired: true });
  assert.equal(result(record, [past.der, middle.der, root.der]), 'certificate-expired');
  const pastMiddle = await makeCertificate({ name: 'PastMiddle', issuer: root, isAuthority: true, expired: true });
  const below = await makeCertificate({ name: 'below', issuer: pastMiddle, names: [hostName] });
  assert.equal(result(record, [below.der, pastMiddle.der, root.der]), 'certificate-expired');
  const years = { names: [hostName], nowMs: nowMs + 365 * 86_400_000 };
  assert.partialDeepStrictEqual(matchChain(usableTlsa(record), chain, years), {
    ok: false,
    result: 'certificate-expired',
  });
});

test('a certificate that may not issue does not', async () => {
  const notAuthority = await makeCertificate({ name: 'Leaf', issuer: root, names: [hostName] });
  const forged = await makeCertificate({ name: 'forged', issuer: notAuthority, names: [hostName] });
  assert.equal(result([tlsaOf(root, 2, 1, 1)], [forged.der, notAuthority.der, root.der]), 'validation-failure');
  const half = await makeCertificate({ name: 'Half', issuer: root, names: [hostName], signs: true });
  const below = await makeCertificate({ name: 'below', issuer: half, names: [hostName] });
  assert.equal(
    result([tlsaOf(root, 2, 1, 1)], [below.der, half.der, root.der]),
    'validation-failure',
    'basicConstraints',
  );
  const falseName = await makeCertificate({ name: 'Middle', isAuthority: true });
  const byFalse = await makeCertificate({ name: 'x', issuer: falseName, names: [hostName] });
  assert.equal(
    result([tlsaOf(root, 2, 1, 1)], [byFalse.der, middle.der, root.der]),
    'validation-failure',
    'a name is not a signature',
  );
});

test('nonsense as a chain is no match', () => {
  assert.equal(result([tlsaOf(server, 3, 1, 1)], []), 'validation-failure');
  assert.equal(result([tlsaOf(server, 3, 1, 1)], [Buffer.from('nonsense')]), 'validation-failure');
  assert.equal(result([tlsaOf(root, 2, 1, 1)], [server.der, Buffer.from('nonsense'), middle.der, root.der]), 'ok');
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 4 }),
      fc.nat(3),
      fc.nat(2),
      fc.nat(2),
      fc.uint8Array({ maxLength: 70 }),
      (shown, usage, selector, matching, data) => {
        assert.equal(match([{ usage, selector, matching, data }], shown).ok, false);
      },
    ),
    { numRuns: 200 },
  );
});

// ---- what DNS says ----

const host = parseDomainName(hostName) as DomainName;
const data = new Uint8Array(32);
const tlsa = { usage: 3, selector: 1, matching: 1, data };

type Said = Partial<Record<string, DnsAnswer<RecordData[RecordType]>>>;
const found = <T>(records: readonly T[], secure: boolean, canonicalName?: string) =>
  ({ kind: 'found', records, ttlSeconds: 60, secure, ...(canonicalName ? { canonicalName } : {}) }) as const;
const nothing = (secure: boolean) => ({ kind: 'none', why: 'nodata', ttlSeconds: 60, secure }) as const;
const failed = { kind: 'failed', why: 'servfail' } as const;

/** By `TYPE name`; A is there and signed, AAAA is not, and both are proven, unless said otherwise. */
function resolver(said: Said): Resolver & { asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    lookup: async (name, type) => {
      asked.push(`${type} ${name}`);
      const usual = type === 'A' ? found(['192.0.2.1'], true) : nothing(true);
      return (said[`${type} ${name}`] ?? usual) as never;
    },
  };
}

const ask = (over: Resolver, secure = true) => findTlsa(over, { host, port: 25, secure });
const at = `TLSA _25._tcp.${hostName}`;

test('RFC 7672 §2.2: signed all the way, and usable', async () => {
  const over = resolver({ [at]: found([tlsa, { ...tlsa, usage: 1 }], true) });
  const finding = await ask(over);
  assert.deepEqual(finding, {
    kind: 'dane',
    records: [tlsa, { ...tlsa, usage: 1 }],
    usable: [tlsa],
    base: hostName,
    ttlSeconds: 60,
  });
});

test('RFC 7672 §2.2: records of which none is usable ask for TLS all the same', async () => {
  assert.partialDeepStrictEqual(await ask(resolver({ [at]: found([{ ...tlsa, usage: 0 }], true) })), {
    kind: 'unusable',
    base: hostName,
  });
});

test('RFC 7672 §2.1.1: what is not signed is as if it was not there', async () => {
  const there = { [at]: found([tlsa], true) };
  const over = resolver(there);
  assert.equal((await ask(over, false)).kind, 'none');
  assert.deepEqual(over.asked, [], 'and asks nothing');
  assert.equal((await ask(resolver({ [at]: found([tlsa], false) }))).kind, 'none');
  assert.equal((await ask(resolver({ ...there, [`A ${hostName}`]: found(['192.0.2.1'], false) }))).kind, 'none');
  assert.equal(
    (await ask(resolver({ ...there, [`AAAA ${hostName}`]: nothing(false) }))).kind,
    'none',
    'one family stripped of its signatures',
  );
  assert.equal((await ask(resolver({}))).kind, 'none');
});

test('RFC 7672 §2.2: a lookup that fails is never "no TLSA"', async () => {
  for (const why of ['timeout', 'servfail', 'bogus'] as const)
    for (const name of [at, `A ${hostName}`, `AAAA ${hostName}`]) {
      const finding = await ask(resolver({ [at]: found([tlsa], true), [name]: { kind: 'failed', why } }));
      assert.partialDeepStrictEqual(finding, { kind: 'failed', why }, name);
    }
});

test('RFC 7672 §2.2.2: behind a signed alias the records of its end, then its own', async () => {
  const end = 'real.example.net';
  const alias = { [`A ${hostName}`]: found(['192.0.2.1'], true, end) };
  const there = `TLSA _25._tcp.${end}`;
  assert.partialDeepStrictEqual(
    await ask(resolver({ ...alias, [there]: found([tlsa], true), [at]: found([{ ...tlsa, usage: 2 }], true) })),
    { kind: 'dane', base: end },
  );
  assert.partialDeepStrictEqual(await ask(resolver({ ...alias, [at]: found([tlsa], true) })), {
    kind: 'dane',
    base: hostName,
  });
  assert.equal((await ask(resolver({ ...alias, [there]: failed, [at]: found([tlsa], true) }))).kind, 'failed');
});

test('RFC 7671 §7: an alias that leads out of the signed world: its own records alone, when it is signed itself', async () => {
  const end = 'real.example.net';
  const alias = {
    [`A ${hostName}`]: found(['192.0.2.1'], false, end),
    [`AAAA ${hostName}`]: nothing(false),
    [at]: found([tlsa], true),
  };
  const signed = { ...alias, [`CNAME ${hostName}`]: found([end], true) };
  const over = resolver(signed);
  assert.partialDeepStrictEqual(await ask(over), { kind: 'dane', base: hostName });
  assert.ok(!over.asked.includes(`TLSA _25._tcp.${end}`));
  assert.equal((await ask(resolver({ ...alias, [`CNAME ${hostName}`]: found([end], false) }))).kind, 'none');
  assert.equal((await ask(resolver({ ...alias, [`CNAME ${hostName}`]: failed }))).kind, 'failed');
});

test('a certificate whose key cannot be read is none, wherever it stands', () => {
  const spki = Buffer.from(server.spki);
  const at = Buffer.from(server.der).indexOf(spki);
  const broken = Buffer.from(server.der);
  broken.fill(0xff, at + spki.length - 64, at + spki.length); // no point of the curve
  const brokenData = { usage: 2, selector: 0, matching: 0, data: broken };
  assert.ok(tlsaObjection(brokenData));
  assert.equal(result([tlsaOf(server, 3, 1, 1)], [broken]), 'validation-failure');
  assert.equal(result([tlsaOf(root, 2, 1, 1)], [server.der, broken, middle.der, root.der]), 'ok');
});
