/**
 * DANE and MTA-STS with everything real but the distance: zones signed by BIND's tools and by Knot, served by BIND and Knot, proven
 * by unbound; mail hosts with TLS and a policy host with HTTPS on loopback; our resolver, policies and transport between them. And
 * OpenSSL's own DANE beside ours, chain by chain.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:tls';
import { stsPolicyFetcher } from '../../../src/adapters/http/fetch-sts-policy.ts';
import { createGuardedHttp } from '../../../src/adapters/http/guarded-http.ts';
import { createNodeNet } from '../../../src/adapters/net/node-net.ts';
import { createStubResolver } from '../../../src/adapters/resolver/stub-resolver.ts';
import { createDirectMx } from '../../../src/adapters/transports/direct-mx.ts';
import { probeTls } from '../../../src/adapters/transports/probe-tls.ts';
import { openOffice } from '../../../src/app/compose.ts';
import { readConfig } from '../../../src/app/config.ts';
import type { SettingName } from '../../../src/app/settings.ts';
import { systemClock } from '../../../src/base/clock.ts';
import { silentSignals } from '../../../src/base/port/signals.ts';
import { systemRandom } from '../../../src/base/random.ts';
import { matchChain } from '../../../src/protocol/dane/match-chain.ts';
import { tlsaText, usableTlsa } from '../../../src/protocol/dane/tlsa.ts';
import type { Tlsa } from '../../../src/protocol/dane/types.ts';
import type { Resolver } from '../../../src/protocol/dns/types.ts';
import { policyText } from '../../../src/protocol/mta-sts/policy.ts';
import { createStsPolicies } from '../../../src/protocol/mta-sts/sts-policies.ts';
import type { StsMode } from '../../../src/protocol/mta-sts/types.ts';
import { createOutboundTls } from '../../../src/protocol/outbound-tls.ts';
import { createTlsTally } from '../../../src/protocol/tls-rpt/tally.ts';
import type { Attempt } from '../../../src/services/outbound/transport.ts';
import { type BadMx, type BadMxOptions, startBadMx } from '../../support/bad-mx.ts';
import { impatience, jobFor, only, watched } from '../../support/mail-hosts.ts';
import { dig } from '../../support/peers/dns/dig.ts';
import { startKnot, startNamed, startUnbound } from '../../support/peers/dns/name-servers.ts';
import { queryName } from '../../support/peers/dns/our-resolver.ts';
import { forge, signZone } from '../../support/peers/dns/sign-zone.ts';
import { skipDnsPeers } from '../../support/peers/dns/when-peers.ts';
import { sendRequest } from '../../support/post-office.ts';
import { run, until } from '../../support/sandbox-scene.ts';
import { domain } from '../../support/temp-office.ts';
import { identityOf, makeCertificate, type TestCertificate, tlsaOf } from '../../support/test-chain.ts';

const root = await makeCertificate({ name: 'Root', isAuthority: true });
const middle = await makeCertificate({ name: 'Middle', issuer: root, isAuthority: true });

// ---- the hosts: name in the zone -> certificate it shows, records it publishes ----

type HostWish = {
  readonly address: string;
  /** Shown behind STARTTLS; none: it offers no TLS. */
  readonly shows?: readonly TestCertificate[];
  readonly tlsa?: readonly Tlsa[];
};

const selfSigned = await makeCertificate({ name: 'nobody', expired: true });
const another = await makeCertificate({ name: 'another' });
const byDomain = await makeCertificate({ name: 'd', issuer: middle, names: ['ta.signed.test'] });
const elsewhere = await makeCertificate({ name: 'e', issuer: middle, names: ['elsewhere.test'] });
const past = await makeCertificate({ name: 'p', issuer: middle, names: ['past.signed.test'], expired: true });
const webPki = async (host: string) => makeCertificate({ name: 'w', issuer: root, names: [host] });
const unusable = { ...tlsaOf(selfSigned, 3, 1, 1), usage: 1 };

/** `X.signed.test` has the MX `mx.X.signed.test`. */
const signedHosts: Readonly<Record<string, HostWish>> = {
  ee: { address: '192.0.2.1', shows: [selfSigned], tlsa: [tlsaOf(selfSigned, 3, 1, 1)] },
  rolling: { address: '192.0.2.2', shows: [selfSigned], tlsa: [tlsaOf(another, 3, 1, 1), tlsaOf(selfSigned, 3, 1, 1)] },
  wrong: { address: '192.0.2.3', shows: [selfSigned], tlsa: [tlsaOf(another, 3, 1, 1)] },
  ta: { address: '192.0.2.4', shows: [byDomain, middle, root], tlsa: [tlsaOf(root, 2, 0, 1)] },
  name: { address: '192.0.2.5', shows: [elsewhere, middle, root], tlsa: [tlsaOf(root, 2, 0, 1)] },
  past: { address: '192.0.2.6', shows: [past, middle, root], tlsa: [tlsaOf(root, 2, 0, 1)] },
  unusable: { address: '192.0.2.7', shows: [selfSigned], tlsa: [unusable] },
  'unusable-plain': { address: '192.0.2.8', tlsa: [unusable] },
  stripped: { address: '192.0.2.9', tlsa: [tlsaOf(selfSigned, 3, 1, 1)] },
  none: { address: '192.0.2.10', shows: [selfSigned] },
  forged: {
    address: '192.0.2.11',
    shows: [selfSigned],
    tlsa: [{ ...tlsaOf(selfSigned, 3, 1, 1), data: new Uint8Array(32).fill(0xee) }],
  },
  spare: { address: '192.0.2.13', shows: [selfSigned], tlsa: [tlsaOf(another, 3, 1, 1)] },
  both: { address: '192.0.2.12', shows: [selfSigned], tlsa: [tlsaOf(selfSigned, 3, 1, 1)] },
};

const soa = '$TTL 300\n@ SOA ns host 1 7200 900 1209600 60\n@ NS ns\nns A 192.0.2.53\n';

function zoneOf(hosts: Readonly<Record<string, HostWish>>): string {
  const lines = Object.entries(hosts).flatMap(([name, { address, tlsa = [] }]) => [
    `${name} MX 10 mx.${name}`,
    `mx.${name} A ${address}`,
    ...tlsa.map((record) => `_25._tcp.mx.${name} TLSA ${tlsaText(record)}`),
  ]);
  return `${soa}${lines.join('\n')}\n`;
}

/** Zones nobody signs: their TLSA records mean nothing, and MTA-STS is all they have. */
const plainHosts: Readonly<Record<string, HostWish>> = {
  tlsa: { address: '192.0.2.30', shows: [selfSigned], tlsa: [tlsaOf(another, 3, 1, 1)] },
  good: { address: '192.0.2.31', shows: [await webPki('mx.good.plain.test')] },
  self: { address: '192.0.2.32', shows: [another] },
  unnamed: { address: '192.0.2.33', shows: [await webPki('mx.unnamed.plain.test')] },
  testing: { address: '192.0.2.34', shows: [another] },
  clear: { address: '192.0.2.35' },
  outside: { address: '192.0.2.37', shows: [selfSigned] },
  nopolicy: { address: '192.0.2.36', shows: [selfSigned] },
};
const policies: Readonly<Record<string, { readonly mode: StsMode; readonly mx: readonly string[] }>> = {
  'good.plain.test': { mode: 'enforce', mx: ['*.good.plain.test'] },
  'self.plain.test': { mode: 'enforce', mx: ['mx.self.plain.test'] },
  'unnamed.plain.test': { mode: 'enforce', mx: ['other.plain.test'] },
  'testing.plain.test': { mode: 'testing', mx: ['mx.testing.plain.test'] },
  'clear.plain.test': { mode: 'enforce', mx: ['mx.clear.plain.test'] },
  'both.signed.test': { mode: 'enforce', mx: ['somewhere.else.test'] },
  'forged.signed.test': { mode: 'enforce', mx: ['mx.forged.signed.test'] },
};
const announcements = (zone: string, names: readonly string[]) =>
  names
    .filter((name) => name.endsWith(`.${zone}`))
    .map((name) => `_mta-sts.${name}. TXT "v=STSv1; id=1"`)
    .join('\n');

const skip = skipDnsPeers('named', 'knotd', 'unbound', 'dig', 'dnssec-signzone', 'dnssec-keygen', 'openssl');

describe('delivery under DANE and MTA-STS', { skip }, () => {
  const opened: AsyncDisposable[] = [];
  const open = async <T extends AsyncDisposable>(opening: Promise<T>): Promise<T> => {
    const one = await opening;
    opened.push(one);
    return one;
  };
  const running = new Map<string, BadMx>();
  const tally = createTlsTally();
  let resolver: Resolver;
  let policyHost: Server;
  let send: (name: string) => Promise<Attempt>;
  let command: (...words: string[]) => Promise<{ code: number; document: Record<string, unknown> }>;
  let net: ReturnType<typeof createNodeNet>;

  before(async () => {
    const announced = [...Object.keys(policies), 'nopolicy.plain.test'];
    const real = await startBadMx({ identity: identityOf(selfSigned) });
    running.set('127.0.0.1', real);
    const text = `${zoneOf(signedHosts)}alias MX 10 mx.alias
mx.alias CNAME mx.ee
out MX 10 mx.out
mx.out CNAME mx.outside.plain.test.
_25._tcp.mx.out TLSA ${tlsaText(tlsaOf(selfSigned, 3, 1, 1))}
away MX 10 mx.tlsa.plain.test.
${announcements('signed.test', announced)}
mta-sts.both A 127.0.0.1
mta-sts.forged A 127.0.0.1
real MX 10 mx.real
false MX 10 mx.false
mx.real A 127.0.0.1
_${real.port}._tcp.mx.real TLSA ${tlsaText(tlsaOf(selfSigned, 3, 1, 1))}
mx.false A 127.0.0.1
_${real.port}._tcp.mx.false TLSA ${tlsaText(tlsaOf(another, 3, 1, 1))}
`;
    const plainText = `${zoneOf(plainHosts)}to-signed MX 10 mx.spare.signed.test.
${announcements('plain.test', announced)}
${[...Object.keys(plainHosts)].map((name) => `mta-sts.${name} A 127.0.0.1`).join('\n')}
`;
    const signed = forge(await signZone('signed.test', text), 'EE'.repeat(16), 'AA'.repeat(16));
    const named = await open(startNamed([signed.zone, { origin: 'plain.test', text: plainText }]));
    const knotHost = { knot: { address: '192.0.2.20', shows: [selfSigned], tlsa: [tlsaOf(selfSigned, 3, 0, 2)] } };
    const knot = await open(startKnot([{ origin: 'knot.test', text: zoneOf(knotHost) }], { signed: true }));
    const { answer } = await dig(knot.endpoint, ['knot.test', 'DNSKEY']);
    const unbound = await open(
      startUnbound({
        stubs: [
          { origin: 'signed.test', at: named.endpoint },
          { origin: 'plain.test', at: named.endpoint },
          { origin: 'knot.test', at: knot.endpoint },
        ],
        anchors: [signed.anchor, ...answer],
      }),
    );
    for (const { address, shows } of Object.values({ ...signedHosts, ...plainHosts, ...knotHost })) {
      const [server, ...others] = shows ?? [];
      const options: BadMxOptions = server ? { identity: identityOf(server, ...others) } : {};
      running.set(address, await startBadMx(options));
    }
    policyHost = await servePolicies();
    const node = createNodeNet();
    net = {
      ...node,
      dial: (to, options) =>
        node.dial(
          { address: '127.0.0.1', port: running.get(to.address)?.port ?? 1 },
          options?.signal ? { signal: options.signal } : {},
        ),
    };
    const deps = { timers: systemClock, random: systemRandom };
    resolver = createStubResolver({ net: node, ...deps, servers: [{ ...unbound.endpoint, trustAd: true }] });
    const http = createGuardedHttp({
      resolver,
      timers: systemClock,
      trust: [root.pem],
      test: { port: (policyHost.address() as AddressInfo).port },
    });
    const sts = createStsPolicies({ resolver, clock: systemClock, fetchFile: stsPolicyFetcher(http) });
    const tlsPolicy = createOutboundTls({ resolver, clock: systemClock, sts, count: tally.count });
    const transport = createDirectMx(
      { net, resolver, ...deps },
      { ehloName: 'office.test', trust: [root.pem], patience: impatience(5_000), tlsPolicy },
    );
    opened.push({ [Symbol.asyncDispose]: () => transport.close() });
    const asked = ['--json', '--resolver', `127.0.0.1:${unbound.endpoint.port}`];
    command = async (...words) => {
      const ran = await run(process.execPath, ['src/app/main.ts', ...words, ...asked]);
      assert.equal(ran.err, '');
      return { code: ran.code, document: JSON.parse(ran.out) };
    };
    send = async (name) => only(await transport.deliver(jobFor(name), watched()));
  });

  after(async () => {
    for (const one of opened.reverse()) await one[Symbol.asyncDispose]();
    for (const mx of running.values()) await mx.close();
    policyHost?.close();
  });

  async function servePolicies(): Promise<Server> {
    const names = [...Object.keys(policies), 'nopolicy.plain.test'].map((name) => `mta-sts.${name}`);
    const { certificatePem: cert, privateKeyPem: key } = identityOf(
      await makeCertificate({ name: 'sts', issuer: root, names }),
    );
    const server = createServer({ cert, key }, ({ headers, url }, response) => {
      const policy = policies[(headers.host ?? '').replace(/^mta-sts\./, '')];
      if (policy === undefined || url !== '/.well-known/mta-sts.txt')
        response.writeHead(404, { 'content-type': 'text/plain' }).end();
      else
        response.writeHead(200, { 'content-type': 'text/plain' }).end(policyText({ ...policy, maxAgeSeconds: 86_400 }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  const counted = (name: string) =>
    tally
      .of(name)
      .map(({ policy, successful, failures }) => [
        policy.type,
        successful,
        failures.map(({ result }) => result).join(' '),
      ]);

  test('the world is what it should be: signed, forged, unsigned', async () => {
    assert.partialDeepStrictEqual(await resolver.lookup(queryName('ee.signed.test'), 'MX'), {
      kind: 'found',
      secure: true,
    });
    assert.partialDeepStrictEqual(await resolver.lookup(queryName('knot.knot.test'), 'MX'), {
      kind: 'found',
      secure: true,
    });
    assert.partialDeepStrictEqual(await resolver.lookup(queryName('tlsa.plain.test'), 'MX'), {
      kind: 'found',
      secure: false,
    });
    assert.partialDeepStrictEqual(await resolver.lookup(queryName('_25._tcp.mx.forged.signed.test'), 'TLSA'), {
      kind: 'failed',
      why: 'bogus',
    });
  });

  const delivered: readonly (readonly [string, string, string])[] = [
    ['ee.signed.test', 'dane', 'a certificate that only its record proves'],
    ['rolling.signed.test', 'dane', 'the next key published already'],
    ['ta.signed.test', 'dane', 'an authority of its own, the domain in the certificate'],
    ['knot.knot.test', 'dane', "Knot's signatures, a whole certificate by SHA-512"],
    ['alias.signed.test', 'dane', 'the records of the end of a signed alias'],
    ['out.signed.test', 'dane', 'a signed alias out of the signed world: its own records'],
    ['both.signed.test', 'dane', 'RFC 8461 §2: DANE goes before an MTA-STS that would forbid it'],
    ['unusable.signed.test', 'encrypt', 'no usable record: TLS, any certificate'],
    ['none.signed.test', 'opportunistic', 'signed, and no record'],
    ['tlsa.plain.test', 'opportunistic', 'records that nobody signed'],
    ['away.signed.test', 'opportunistic', 'a signed MX to a host that nobody signed'],
    ['to-signed.plain.test', 'opportunistic', 'RFC 7672 §2.2.1: an unsigned MX to a host with records'],
    ['good.plain.test', 'validate', 'MTA-STS enforce, all well'],
    ['testing.plain.test', 'opportunistic', 'MTA-STS testing, a certificate that proves nothing'],
    ['nopolicy.plain.test', 'opportunistic', 'a policy announced and not served'],
  ];
  for (const [name, policy, why] of delivered) {
    test(`${name} gets its mail (${policy}): ${why}`, async () => {
      assert.partialDeepStrictEqual(await send(name), { kind: 'delivered', via: { tls: { policy } } });
    });
  }

  const kept: readonly (readonly [string, RegExp, string])[] = [
    ['wrong.signed.test', /none of those its TLSA records name/, 'validation-failure'],
    ['name.signed.test', /for none of mx\.name\.signed\.test, name\.signed\.test/, 'certificate-host-mismatch'],
    ['past.signed.test', /is valid from/, 'certificate-expired'],
    ['stripped.signed.test', /does not offer STARTTLS|encrypt|TLS/i, 'starttls-not-supported'],
    ['unusable-plain.signed.test', /TLS/i, 'starttls-not-supported'],
    ['forged.signed.test', /TLSA records could not be found out \(bogus/, 'dnssec-invalid'],
    ['self.plain.test', /self.signed|DEPTH_ZERO|not be spoken to encrypted/i, 'certificate-not-trusted'],
    ['unnamed.plain.test', /policy of unnamed\.plain\.test does not name it/, 'validation-failure'],
    ['clear.plain.test', /TLS/i, 'starttls-not-supported'],
  ];
  for (const [name, say, result] of kept) {
    test(`${name} waits: ${result}`, async () => {
      const attempt = await send(name);
      assert.equal(attempt.kind, 'deferred', attempt.say);
      assert.match(attempt.say, say);
      const hosts: Readonly<Record<string, HostWish>> = { ...signedHosts, ...plainHosts };
      const mx = running.get(hosts[name.split('.')[0] ?? '']?.address ?? '');
      assert.ok(
        mx?.sessions.every(({ lines }) => !lines.some((line) => /^(MAIL|BDAT|DATA)/i.test(line))),
        'nothing of the mail was said',
      );
      assert.match(JSON.stringify(counted(name)), new RegExp(result));
    });
  }

  test('RFC 8460: what came of it is counted by the policy that held', () => {
    assert.deepEqual(counted('ee.signed.test'), [['tlsa', 1, '']]);
    assert.deepEqual(counted('good.plain.test'), [['sts', 1, '']]);
    assert.deepEqual(counted('testing.plain.test'), [['sts', 0, 'certificate-not-trusted']]);
    assert.deepEqual(counted('nopolicy.plain.test'), [['sts', 0, 'sts-policy-fetch-error']]);
    assert.deepEqual(counted('none.signed.test'), [['no-policy-found', 1, '']]);
  });

  test('an office with a resolver that it believes: one host proven, one not', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'posthorn-dane-'));
    const flags = new Map<SettingName, unknown>([
      ['data', folder],
      ['delivery.port', running.get('127.0.0.1')?.port],
      ['delivery.allow_loopback_mx', true],
    ]);
    const read = readConfig({ environment: {}, flags });
    assert.ok('config' in read);
    const world = {
      net: createNodeNet(),
      resolver,
      timers: systemClock,
      random: systemRandom,
      signals: silentSignals,
      trust: [],
    };
    const office = await openOffice(read.config, domain('office.test'), world);
    try {
      assert.ok((await office.directory.addDomain(domain('example.com'), { verifiedBy: 'operator' })).ok);
      await office.start();
      const request = sendRequest({ to: ['a@real.signed.test', 'b@false.signed.test'] });
      const sent = await office.outbound.submit({ kind: 'key', account: 'key_1' }, request, {
        kind: 'http',
        clientAddress: '127.0.0.1',
      });
      assert.ok(sent.ok);
      const { id } = sent.value;
      const recipients = await until('both tried', async () => {
        const view = await office.outbound.message(id);
        return view?.recipients.every(({ state }) => state === 'delivered' || state === 'delayed')
          ? view.recipients
          : undefined;
      });
      assert.deepEqual(
        recipients.map(({ state }) => state),
        ['delivered', 'delayed'],
      );
      assert.match(JSON.stringify(recipients[1]), /none of those its TLSA records name/);
    } finally {
      await office.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test('posthorn dane check: asks a resolver on this machine, believes it, and looks at the host', async () => {
    const port = String(running.get('127.0.0.1')?.port);
    assert.partialDeepStrictEqual(await command('dane', 'check', 'mx.real.signed.test', '--port', port), {
      code: 0,
      document: { state: 'dane', dnssec: 'asked', certificate: { state: 'right', from: '127.0.0.1', certificates: 1 } },
    });
    assert.partialDeepStrictEqual(await command('dane', 'check', 'mx.false.signed.test', '--port', port), {
      code: 1,
      document: { state: 'dane', certificate: { state: 'wrong' } },
    });
    const unsigned = await command('dane', 'check', 'mx.tlsa.plain.test');
    assert.partialDeepStrictEqual(unsigned, { code: 1, document: { state: 'none' } });
    const forged = await command('dane', 'check', 'mx.forged.signed.test');
    assert.partialDeepStrictEqual(forged, { code: 1, document: { state: 'failed' } });
  });

  test('posthorn mta-sts show: never fetches from this machine, whoever names it', async () => {
    const shown = await command('mta-sts', 'show', 'both.signed.test');
    assert.partialDeepStrictEqual(shown, {
      code: 1,
      document: { record: { state: 'found', id: '1' }, policy: { state: 'fetch-error' } },
    });
    assert.match(JSON.stringify(shown.document), /leads to no public address/);
  });

  test('a look at a host brings its certificates, and no mail', async () => {
    const ports = { net, resolver, timers: systemClock, random: systemRandom };
    const wish = { port: 25, ehloName: 'office.test', signal: AbortSignal.timeout(5_000) };
    const host = domain('mx.ta.signed.test');
    const probe = await probeTls(ports, { ...wish, host, serverName: host });
    assert.ok(probe.kind === 'seen');
    assert.deepEqual(
      probe.chain.map((der) => Buffer.from(der).toString('hex')),
      [byDomain, middle, root].map(({ der }) => Buffer.from(der).toString('hex')),
    );
    const plain = domain('mx.clear.plain.test');
    assert.partialDeepStrictEqual(await probeTls(ports, { ...wish, host: plain, serverName: plain }), {
      kind: 'failed',
    });
  });
});

describe("OpenSSL's DANE beside ours", { skip }, () => {
  const host = 'mx.example.com';
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-openssl-'));
  const servers: TlsServer[] = [];
  after(() => {
    for (const server of servers) server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function serve(chain: readonly TestCertificate[]): Promise<number> {
    const [first, ...others] = chain;
    assert.ok(first);
    const { certificatePem: cert, privateKeyPem: key } = identityOf(first, ...others);
    const server = createTlsServer({ cert, key }, (socket) => socket.end());
    server.on('tlsClientError', () => {});
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return (server.address() as AddressInfo).port;
  }

  async function opensslTakes(port: number, records: readonly Tlsa[]): Promise<boolean> {
    writeFileSync(join(folder, 'none.pem'), '');
    const words = records.flatMap((record) => ['-dane_tlsa_rrdata', tlsaText(record)]);
    const ran = await run('openssl', [
      's_client',
      '-connect',
      `127.0.0.1:${port}`,
      '-servername',
      host,
      '-dane_tlsa_domain',
      host,
      ...words,
      '-dane_ee_no_namechecks',
      '-verify_return_error',
      '-no-CAfile',
      '-no-CApath',
      '-brief',
    ]);
    return ran.code === 0 && /Verification: OK/.test(ran.out + ran.err) && /DANE TLSA/.test(ran.out + ran.err);
  }

  test('every chain with every record', async () => {
    const good = await makeCertificate({ name: 'g', issuer: middle, names: [host] });
    const wild = await makeCertificate({ name: 'w', issuer: middle, names: ['*.example.com'] });
    const other = await makeCertificate({ name: 'o', issuer: middle, names: ['other.test'] });
    const old = await makeCertificate({ name: 'x', issuer: middle, names: [host], expired: true });
    const alone = await makeCertificate({ name: host, names: [host] });
    const chains: Readonly<Record<string, readonly TestCertificate[]>> = {
      whole: [good, middle, root],
      'without root': [good, middle],
      'without middle': [good, root],
      'leaf alone': [good],
      'out of order': [good, root, middle],
      wildcard: [wild, middle, root],
      'other name': [other, middle, root],
      expired: [old, middle, root],
      'self-signed': [alone],
    };
    const kinds: readonly (readonly [number, number, number])[] = [
      [3, 0, 0],
      [3, 0, 1],
      [3, 1, 1],
      [3, 1, 2],
      [2, 0, 0],
      [2, 0, 1],
      [2, 1, 0],
      [2, 1, 1],
      [2, 1, 2],
    ];
    let same = 0;
    for (const [what, chain] of Object.entries(chains)) {
      const port = await serve(chain);
      const [leaf] = chain;
      assert.ok(leaf);
      const cases = kinds.flatMap(([usage, selector, matching]) =>
        [leaf, middle, root].map((certificate) => tlsaOf(certificate, usage, selector, matching)),
      );
      const theirs = await Promise.all(cases.map((record) => opensslTakes(port, [record])));
      for (const [at, record] of cases.entries()) {
        const match = matchChain(
          usableTlsa([record]),
          chain.map(({ der }) => der),
          { names: [host], nowMs: Date.now() },
        );
        assert.equal(
          match.ok,
          theirs[at],
          `${what}, ${tlsaText(record).slice(0, 30)} (${['leaf', 'middle', 'root'][at % 3]}): ${match.why}`,
        );
        same++;
      }
      const strongest = [tlsaOf(leaf, 3, 1, 1), tlsaOf(root, 3, 1, 2)];
      assert.equal(
        matchChain(
          usableTlsa(strongest),
          chain.map(({ der }) => der),
          { names: [host], nowMs: Date.now() },
        ).ok,
        await opensslTakes(port, strongest),
        what,
      );
    }
    assert.equal(same, 243);
  });
});
