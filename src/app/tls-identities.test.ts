import assert from 'node:assert/strict';
import { createPublicKey, X509Certificate } from 'node:crypto';
import { utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { createManualTimers } from '../../test/support/manual-timers.ts';
import { tempFolder } from '../../test/support/temp-office.ts';
import { makeSelfSigned } from '../adapters/certificates/certificate-authority.ts';
import { systemClock } from '../base/clock.ts';
import type { TlsIdentity } from '../base/port/net.ts';
import { ConfigMistakes } from './config.ts';
import { certificatesIn, identityFromFiles, keepIdentity, ownIdentity } from './tls-identities.ts';

async function someIdentity(name = 'mx.example.com'): Promise<TlsIdentity> {
  return makeSelfSigned({ names: [name], notBeforeMs: Date.now() - 1_000, notAfterMs: Date.now() + 86_400_000 });
}

async function open(t: TestContext) {
  const folder = tempFolder(t);
  const files = { certificate: join(folder, 'c.pem'), key: join(folder, 'k.pem') };
  const timers = createManualTimers();
  const signals: string[] = [];
  const ports = { timers, signals: { emit: (_level: string, name: string) => signals.push(name) } };
  const first = await someIdentity();
  keepIdentity(files, first);
  return { folder, files, timers, ports, signals, first };
}

function mistakeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof ConfigMistakes, String(error));
    return error.message;
  }
  return assert.fail('nothing was found wrong');
}

test('files that cannot be used are mistakes of the configuration, named before anybody is served', async (t) => {
  const { files, ports, first } = await open(t);
  writeFileSync(files.key, (await someIdentity()).privateKeyPem);
  assert.match(
    mistakeOf(() => identityFromFiles(files, ports)),
    /^tls\.key: .* is not the key of the certificate/,
  );
  writeFileSync(files.key, 'nonsense');
  assert.match(
    mistakeOf(() => identityFromFiles(files, ports)),
    /^tls\.key: .* no private key in PEM form/,
  );
  writeFileSync(files.key, first.privateKeyPem);
  writeFileSync(files.certificate, first.certificatePem.replace(/\n[^-]/, '\n?'));
  assert.match(
    mistakeOf(() => identityFromFiles(files, ports)),
    /^tls\.certificate: .* cannot be read/,
  );
  writeFileSync(files.certificate, first.privateKeyPem);
  assert.match(
    mistakeOf(() => identityFromFiles(files, ports)),
    /^tls\.certificate: .* holds no certificate/,
  );
  const gone = { ...files, certificate: `${files.certificate}.gone` };
  assert.match(
    mistakeOf(() => identityFromFiles(gone, ports)),
    /^tls\.certificate: .*\(ENOENT\)/,
  );
});

test('a renewed certificate is taken up; one whose key is not there yet waits for it', async (t) => {
  const { files, timers, ports, signals, first } = await open(t);
  const now = identityFromFiles(files, ports);
  const second = await someIdentity();
  writeFileSync(files.certificate, second.certificatePem);
  utimesSync(files.certificate, 1_000, 1_000);
  await timers.pass(10_000);
  assert.equal(now().certificatePem, first.certificatePem);
  assert.deepEqual(signals, ['tls.certificate_unreadable']);
  writeFileSync(files.key, second.privateKeyPem);
  await timers.pass(10_000);
  assert.deepEqual(now(), second);
  assert.equal(signals.at(-1), 'tls.certificate_reloaded');
});

test('our own is kept over restarts, and made anew when a death left half of it', async (t) => {
  const { folder } = await open(t);
  const first = (await ownIdentity(folder, 'mx.example.com', systemClock))();
  assert.deepEqual((await ownIdentity(folder, 'mx.example.com', systemClock))(), first);
  writeFileSync(join(folder, 'tls-certificate.pem'), first.certificatePem.slice(0, 100));
  const second = (await ownIdentity(folder, 'mx.example.com', systemClock))();
  assert.notEqual(second.certificatePem, first.certificatePem);
  assert.deepEqual(
    new X509Certificate(second.certificatePem).publicKey.export({ type: 'spki', format: 'pem' }),
    createPublicKey(second.privateKeyPem).export({ type: 'spki', format: 'pem' }),
  );
});

test('a file of authorities holds every certificate of it, and at least one', async (t) => {
  const { first } = await open(t);
  const text = `a comment\n${first.certificatePem}\n${(await someIdentity('other.test')).certificatePem}`;
  assert.equal(certificatesIn('tls.trust', { file: 'ca.pem', text }).length, 2);
  assert.match(
    mistakeOf(() => certificatesIn('tls.trust', { file: 'ca.pem', text: '' })),
    /^tls\.trust: ca\.pem holds no certificate/,
  );
});
