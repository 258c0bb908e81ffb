import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeCertificate, tlsaOf } from '../../test/support/test-chain.ts';
import { type DomainName, parseDomainName } from '../format/domain-name.ts';
import type { Tlsa } from './dane/types.ts';
import type { DnsAnswer, Resolver } from './dns/types.ts';
import type { StsFinding } from './mta-sts/sts-policies.ts';
import type { StsMode } from './mta-sts/types.ts';
import { createOutboundTls } from './outbound-tls.ts';
import type { TlsDemand, TlsOutcome } from './smtp/client-tls.ts';
import { createTlsTally } from './tls-rpt/tally.ts';

const domain = parseDomainName('example.com') as DomainName;
const host = 'mx.example.com';
const root = await makeCertificate({ name: 'Root', isAuthority: true });
const server = await makeCertificate({ name: 's', issuer: root, names: ['example.com'] });
const stranger = await makeCertificate({ name: 't', issuer: root, names: ['elsewhere.test'] });

type World = {
  readonly tlsa?: readonly Tlsa[] | 'bogus';
  readonly sts?: StsMode | 'broken';
  readonly mx?: readonly string[];
};

const at = { localAddress: '192.0.2.9', address: '192.0.2.1' };
const good: TlsOutcome = { ...at, kind: 'secured' };
const unproven: TlsOutcome = { ...at, kind: 'secured', certificateProblem: 'DEPTH_ZERO_SELF_SIGNED_CERT' };
const plain: TlsOutcome = { ...at, kind: 'plain', why: 'STARTTLS was not offered' };
const expired: TlsOutcome = { ...at, kind: 'failed', why: 'too old', code: 'CERT_HAS_EXPIRED' };

function world({ tlsa, sts, mx = [host] }: World) {
  const tally = createTlsTally();
  const none: DnsAnswer<never> = { kind: 'none', why: 'nodata', ttlSeconds: 60, secure: true };
  const lookup = async (_name: string, type: string) => {
    if (type === 'A') return { kind: 'found', records: ['192.0.2.1'], ttlSeconds: 60, secure: true };
    if (type !== 'TLSA' || tlsa === undefined) return none;
    return tlsa === 'bogus'
      ? { kind: 'failed', why: 'bogus' }
      : { kind: 'found', records: tlsa, ttlSeconds: 60, secure: true };
  };
  const finding = (): StsFinding => {
    if (sts === undefined) return { announced: { kind: 'none' }, cached: undefined, why: 'no policy is announced' };
    const announced = { kind: 'found', id: '1' } as const;
    if (sts === 'broken')
      return { announced, cached: undefined, why: 'nobody answers', problem: 'sts-policy-fetch-error' };
    return {
      announced,
      cached: { policy: { mode: sts, mx, maxAgeSeconds: 1000, lines: [`mode: ${sts}`] }, id: '1', fetchedAtMs: 0 },
      why: 'kept',
    };
  };
  const policy = createOutboundTls({
    resolver: { lookup } as unknown as Resolver,
    clock: { nowMs: () => Date.now() },
    sts: { of: async () => finding() },
    count: tally.count,
  });
  const ask = async (secure = true): Promise<TlsDemand> =>
    policy({ domain, host, port: 25, secure, signal: new AbortController().signal });
  return {
    ask,
    /** Counted as `type ok/failed results`. */
    counts: async (...outcomes: readonly (TlsOutcome | 'skipped')[]) => {
      const demand = await ask();
      for (const outcome of outcomes) demand.told?.(outcome);
      return tally
        .of(domain)
        .map((one) =>
          `${one.policy.type} ${one.successful}/${one.failed} ${one.failures.map(({ result }) => result).join(' ')}`.trim(),
        );
    },
    tally,
  };
}

test('without a policy whatever is offered is taken', async () => {
  const { ask, counts } = world({});
  assert.equal((await ask()).policy, 'opportunistic');
  assert.deepEqual(await counts(good, unproven, plain), ['no-policy-found 2/1 starttls-not-supported']);
});

test('RFC 7672 §2.2: usable TLSA records alone decide', async () => {
  const { ask, counts } = world({ tlsa: [tlsaOf(root, 2, 1, 1)], sts: 'enforce', mx: ['other.test'] });
  const demand = await ask();
  assert.ok(demand.policy === 'dane');
  assert.equal(demand.serverName, host);
  assert.deepEqual(demand.judge([server.der, root.der]), { ok: true }, 'RFC 7672 §3.2.2: for the next-hop domain');
  assert.partialDeepStrictEqual(demand.judge([stranger.der, root.der]), {
    ok: false,
    code: 'certificate-host-mismatch',
  });
  assert.deepEqual(
    await counts(good, unproven, { ...at, kind: 'failed', why: 'x', code: 'certificate-host-mismatch' }, plain),
    ['tlsa 2/2 certificate-host-mismatch starttls-not-supported'],
  );
});

test('MTA-STS never rescues a DANE that could not be asked for', async () => {
  const { ask, counts } = world({ tlsa: 'bogus', sts: 'enforce' });
  assert.equal((await ask()).policy, 'skip');
  assert.deepEqual(await counts('skipped'), ['tlsa 0/1 dnssec-invalid']);
});

test('RFC 7672 §2.2: unusable records ask for TLS, and MTA-STS may ask for more', async () => {
  const unusable = [{ ...tlsaOf(server, 3, 1, 1), usage: 1 }];
  const alone = world({ tlsa: unusable });
  assert.equal((await alone.ask()).policy, 'encrypt');
  assert.deepEqual(await alone.counts(unproven, plain), ['tlsa 1/1 starttls-not-supported']);
  assert.equal((await world({ tlsa: unusable, sts: 'testing' }).ask()).policy, 'encrypt');
  assert.equal((await world({ tlsa: unusable, sts: 'enforce' }).ask()).policy, 'validate');
  assert.equal((await world({ tlsa: unusable, sts: 'enforce', mx: ['other.test'] }).ask()).policy, 'skip');
});

test('what is not signed is no DANE', async () => {
  assert.equal((await world({ tlsa: [tlsaOf(server, 3, 1, 1)] }).ask(false)).policy, 'opportunistic');
  assert.equal((await world({ tlsa: [tlsaOf(server, 3, 1, 1)], sts: 'enforce' }).ask(false)).policy, 'validate');
});

test('RFC 8461 §5: enforce insists on a named host with a valid certificate', async () => {
  const named = world({ sts: 'enforce' });
  assert.equal((await named.ask()).policy, 'validate');
  assert.deepEqual(await named.counts(good, expired, plain), ['sts 1/2 certificate-expired starttls-not-supported']);
  const other = world({ sts: 'enforce', mx: ['*.other.test'] });
  assert.partialDeepStrictEqual(await other.ask(), {
    policy: 'skip',
    because: 'the MTA-STS policy of example.com does not name it',
  });
  assert.deepEqual(await other.counts('skipped'), ['sts 0/1 validation-failure']);
});

test('RFC 8461 §5: testing delivers all the same, and counts', async () => {
  const named = world({ sts: 'testing' });
  assert.equal((await named.ask()).policy, 'opportunistic');
  assert.deepEqual(await named.counts(good, unproven, plain), [
    'sts 1/2 certificate-not-trusted starttls-not-supported',
  ]);
  const other = world({ sts: 'testing', mx: ['other.test'] });
  assert.equal((await other.ask()).policy, 'opportunistic');
  assert.deepEqual(await other.counts(good), ['sts 0/1 validation-failure']);
});

test('RFC 8461 §3.3: a policy that cannot be fetched is none, and is counted; mode none is none', async () => {
  const broken = world({ sts: 'broken' });
  assert.equal((await broken.ask()).policy, 'opportunistic');
  assert.deepEqual(await broken.counts(good), ['sts 0/1 sts-policy-fetch-error']);
  const none = world({ sts: 'none' });
  assert.equal((await none.ask()).policy, 'opportunistic');
  assert.deepEqual(await none.counts(unproven), ['no-policy-found 1/0']);
});

test('who stops waiting is not kept', async () => {
  const policy = createOutboundTls({
    resolver: { lookup: async () => ({ kind: 'failed', why: 'timeout' }) },
    clock: { nowMs: () => 0 },
    sts: { of: () => new Promise(() => {}) },
    count: () => {},
  });
  const stop = new AbortController();
  const demand = policy({ domain, host, port: 25, secure: false, signal: stop.signal });
  stop.abort();
  assert.partialDeepStrictEqual(await demand, { policy: 'skip' });
});
