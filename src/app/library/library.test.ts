import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import * as library from 'posthorn/authentication';
import { resolverFromZone, systemResolver } from 'posthorn/dns';
import { ed25519TestKeyPem, rsaTestKeyPem } from '../../../test/support/dkim-test-keys.ts';
import { describe, signHop } from '../../../test/support/reference-dkim2.ts';
import { importPrivateKey } from '../../protocol/dkim/private-keys.ts';

const { authenticate, createAuthenticator, evaluateDmarc, evaluateSpf, parseAuthenticationResults } = library;
const { sealArc, signDkim, verifyArc, verifyDkim } = library;

const recordOf = (pem: string) => {
  const read = importPrivateKey(pem);
  assert.ok(read.ok);
  return read.value.publicRecord;
};
const zone = `
a.test. TXT "v=spf1 ip4:192.0.2.1 -all"
r._domainkey.a.test. TXT "${recordOf(rsaTestKeyPem).slice(0, 200)}" "${recordOf(rsaTestKeyPem).slice(200)}"
e._domainkey.a.test. TXT "${recordOf(ed25519TestKeyPem)}"
_dmarc.a.test. TXT "v=DMARC1; p=reject"
`;
const deps = { resolver: resolverFromZone(zone), clock: { nowMs: () => 1_700_000_000_000 }, authservId: 'mx.b.test' };
const session = { remoteAddress: '192.0.2.1', helo: 'mx.a.test', mailFrom: 'ann@a.test' };
const text = 'From: Ann <ann@a.test>\r\nSubject: x\r\n\r\nHello\r\n';
const keys = [
  { domain: 'a.test', selector: 'r', privateKey: rsaTestKeyPem },
  { domain: 'A.test', selector: 'e', privateKey: ed25519TestKeyPem },
];

async function* inPieces(message: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < message.length; at += 7) yield message.subarray(at, at + 7);
}

test('signDkim: one message after the other is signed without a turn of the event loop, several at once as well as alone', async (t) => {
  const ours = createAuthenticator(deps);
  const expected = await ours.signDkim(Buffer.from(text), keys); // the engines are read by now
  let turned = false;
  const turn = setImmediate(() => {
    turned = true;
  });
  t.after(() => clearImmediate(turn));
  for (let left = 3; left > 0; left--) assert.deepEqual(await ours.signDkim(Buffer.from(text), keys), expected);
  assert.equal(turned, false, 'no turn of the event loop was waited for');
  const several = await Promise.all([1, 2, 3].map(() => ours.signDkim(Buffer.from(text), keys)));
  for (const fields of several) assert.deepEqual(fields, expected);
});

test('posthorn/authentication: sign, then authenticate, whole and as a stream', async () => {
  const fields = await signDkim(inPieces(Buffer.from(text)), keys, deps);
  assert.deepEqual(await createAuthenticator(deps).signDkim(Buffer.from(text), keys), fields);
  const message = Buffer.concat([fields, Buffer.from(text)]);
  const whole = await authenticate(message, session, deps);
  assert.deepEqual(
    [
      whole.spf.result,
      whole.dkim.map((one) => one.result).join(),
      whole.dmarc.result,
      whole.arc.result,
      whole.headerFrom,
    ],
    ['pass', 'pass,pass', 'pass', 'none', 'ann@a.test'],
  );
  const read = parseAuthenticationResults(whole.authenticationResults);
  assert.equal(read?.authservId, 'mx.b.test');
  assert.deepEqual(
    read.results.map(({ method }) => method),
    ['spf', 'dkim', 'dkim', 'dmarc'],
  );
  const streamed = await authenticate(inPieces(message), session, deps);
  assert.deepEqual({ ...streamed, header: undefined }, { ...whole, header: undefined });
});

test('each engine alone gives what the whole gives', async () => {
  const message = Buffer.concat([await signDkim(Buffer.from(text), keys, deps), Buffer.from(text)]);
  const whole = await authenticate(message, session, deps);
  assert.deepEqual(await evaluateSpf(session, deps), whole.spf);
  assert.match(
    Buffer.from(await library.receivedSpf(whole.spf, session)).toString(),
    /^Received-SPF: pass client-ip=192/,
  );
  assert.deepEqual(await verifyDkim(message, deps), whole.dkim);
  const question = { from: 'Ann <ann@a.test>', spf: whole.spf, dkim: whole.dkim };
  assert.deepEqual(await evaluateDmarc(question, deps), whole.dmarc);
  const seal = {
    report: whole,
    authservId: 'mx.b.test',
    ...keys[1],
    domain: 'a.test',
    selector: 'e',
    privateKey: ed25519TestKeyPem,
  };
  const set = await sealArc(message, seal, deps);
  assert.ok(set);
  assert.equal((await verifyArc(Buffer.concat([set, message]), deps)).result, 'pass');
});

test('a mistake of the caller is told at once; what strangers send never throws', async () => {
  const wrong = { domain: 'a..test', selector: 'r', privateKey: rsaTestKeyPem };
  await assert.rejects(signDkim(Buffer.from(text), [wrong], deps), TypeError);
  await assert.rejects(
    signDkim(Buffer.from(text), [{ ...wrong, domain: 'a.test', privateKey: 'no key' }], deps),
    TypeError,
  );
  for (const authservId of ['two words', ''])
    assert.throws(() => createAuthenticator({ ...deps, authservId }), TypeError);
  await assert.rejects(createAuthenticator({ ...deps, authservId: 'é!.x' }).evaluateSpf(session), TypeError);
  assert.throws(() => systemResolver({ servers: ['not an address'] }), TypeError);
  const nothing = await authenticate(new Uint8Array(), { remoteAddress: 'x', helo: '\0', mailFrom: '@@' }, deps);
  assert.deepEqual([nothing.spf.result, nothing.dmarc.result, nothing.headerFrom], ['none', 'permerror', null]);
  assert.equal(parseAuthenticationResults('(never ends'), undefined);
});

test('DKIM2, experimental: whole and as a stream in any chunks, beside the verdicts and not in them', async () => {
  const read = importPrivateKey(ed25519TestKeyPem);
  assert.ok(read.ok);
  const hop = { key: read.value.privateKey, from: 'ann@a.test', to: ['bob@b.test'], selector: 'e' };
  const message = Buffer.from(signHop(describe(text, 1), hop));
  const envelope = { mailFrom: 'ann@a.test', rcptTo: ['bob@b.test'] };
  const whole = await library.experimentalVerifyDkim2(message, envelope, deps);
  assert.deepEqual([whole.result, whole.draft], ['pass', 'draft-ietf-dkim-dkim2-spec-03']);
  assert.deepEqual(await library.experimentalVerifyDkim2(inPieces(message), envelope, deps), whole);
  const silent = { lookup: () => new Promise<never>(() => {}) };
  const timers = {
    nowMs: deps.clock.nowMs,
    monotonicMs: () => elapsedMs,
    sleep: async () => {},
    after: (ms: number, run: () => void) => {
      setImmediate(() => {
        elapsedMs += ms;
        run();
      });
      return () => {};
    },
  };
  let elapsedMs = 0;
  const late = await library.experimentalVerifyDkim2(message, envelope, { ...deps, resolver: silent, timers });
  assert.deepEqual([late.result, late.problems[0]?.code], ['temperror', 'key-not-fetched']);
  const report = await authenticate(message, session, deps);
  assert.ok(!('dkim2' in report) && !report.authenticationResults.includes('dkim2'));
});

test('importing the library starts nothing and reads nothing but our own files', async () => {
  const script = `
    import { registerHooks } from 'node:module';
    const packages = new Set();
    registerHooks({ resolve(to, context, next) { if (to.includes('dkim2') || !/^[./]|^node:|^file:|^posthorn/.test(to)) packages.add(to); return next(to, context); } });
    await import('posthorn/authentication');
    await import('posthorn/dns');
    console.log(JSON.stringify({ packages: [...packages], resources: process.getActiveResourcesInfo() }));
  `;
  const cwd = fileURLToPath(new URL('../../../', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], { cwd });
  const { packages, resources } = JSON.parse(stdout) as { packages: string[]; resources: string[] };
  assert.deepEqual(packages, []);
  assert.deepEqual(
    resources.filter((name) => !/Pipe|TTY|FS|Immediate/.test(name)),
    [],
  );
});

test('posthorn/dns: systemResolver asks the servers it is given', async () => {
  const asked = Promise.withResolvers<number>();
  const server = createSocket('udp4', (query, from) => {
    asked.resolve(query.length);
    const reply = Buffer.from(query);
    reply[2] = 0x81; // QR, RD
    reply[3] = 0x83; // RA, NXDOMAIN
    server.send(reply, from.port, from.address);
  });
  await new Promise<void>((resolve) => server.bind(0, '127.0.0.1', resolve));
  const resolver = systemResolver({ servers: [{ address: '127.0.0.1', port: server.address().port }] });
  const { result } = await evaluateSpf(session, { resolver });
  server.close();
  assert.ok((await asked.promise) > 12);
  assert.equal(result, 'none');
});

test('RFC 5322 §2.2.3: what would not stay a message below a signature is not signed', async () => {
  for (const text of ['\r\nno header', '', ' From: news@a.test\r\n\r\nx', '\tfolded\r\nFrom: news@a.test\r\n\r\nx']) {
    await assert.rejects(signDkim(Buffer.from(text), keys, deps), {
      name: 'TypeError',
      message: /cannot be signed: it/,
    });
  }
});
