import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { set } from '../../test/contracts/zone-editor.ts';
import { createManualTimers } from '../../test/support/manual-timers.ts';
import { ScriptedHost } from '../../test/support/scripted-host.ts';
import { domain } from '../../test/support/temp-office.ts';
import { makeTestAuthority } from '../../test/support/test-certificate.ts';
import { systemClock } from '../base/clock.ts';
import { accept } from '../base/outcome.ts';
import type { TlsIdentity } from '../base/port/net.ts';
import { accountKey, keepCertificate } from './certificate-keeper.ts';
import { byRecord } from './office-certificate.ts';

const names = ['mx.example.com'];
const own: TlsIdentity = { certificatePem: 'own', privateKeyPem: 'own' };

async function keeper(t: TestContext, folder: string, issued: TlsIdentity) {
  const timers = createManualTimers(Date.now());
  const told: string[] = [];
  const signals = { emit: (_: string, name: string) => void told.push(name) };
  const issuer = { issue: async () => accept(issued) };
  const kept = keepCertificate({ folder, names, issuer, standIn: () => own, timers, signals });
  t.after(() => kept.stop());
  await timers.pass(1);
  return { kept, told };
}

test('a certificate that cannot be stored is shown all the same, and said to be lost with the next start', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-keeper-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const issued = await (await makeTestAuthority()).issue({ names });
  writeFileSync(join(folder, 'certificates'), 'a file where the folder would be');
  const { kept, told } = await keeper(t, folder, issued);
  assert.equal(kept.identity(), issued);
  assert.deepEqual(told, ['tls.certificate_asked_for', 'tls.certificate_not_kept', 'tls.certificate_issued']);
});

test('a file whose key is not that of its certificate is no certificate: another is asked for', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-keeper-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const authority = await makeTestAuthority();
  const [one, other] = [await authority.issue({ names }), await authority.issue({ names })];
  await keeper(t, folder, one);
  const file = join(folder, 'certificates', 'authority.pem');
  writeFileSync(file, readFileSync(file, 'utf8').replace(one.privateKeyPem.trimEnd(), other.privateKeyPem.trimEnd()));
  const { kept, told } = await keeper(t, folder, other);
  assert.equal(kept.identity(), other);
  assert.ok(told.includes('tls.certificate_issued'));
});

test('a new certificate that is of no use, as to a clock that runs ahead, is no reason to ask for one after the other', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-keeper-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const issued = await (await makeTestAuthority()).issue({ names });
  const hourMs = 3_600_000;
  const timers = createManualTimers(Date.now() + 100 * 365 * 24 * hourMs);
  let asked = 0;
  const issuer = {
    issue: async () => {
      asked++;
      return accept(issued);
    },
  };
  const told: string[] = [];
  const signals = { emit: (_: string, name: string) => void told.push(name) };
  const kept = keepCertificate({ folder, names, issuer, standIn: () => own, timers, signals });
  t.after(() => kept.stop());
  await timers.pass(hourMs);
  assert.equal(asked, 3, 'at once, after ten minutes, and twenty more');
  assert.equal(kept.identity(), issued);
  assert.ok(told.includes('tls.certificate_of_no_use'));
});

test('proofs for a name and its wildcard are shown at once, and neither takes the other away', async () => {
  const zone = domain('example.com');
  const host = new ScriptedHost(zone, [set(zone, 'NS', ['ns1.host.example'])]);
  const ways = byRecord({
    zoneEditor: async () => accept(host.editor),
    authorities: host.authorities(),
    timers: systemClock,
    signals: { emit: () => {} },
  });
  const record = '_acme-challenge.example.com';
  const challenge = (text: string) => ({ kind: 'dns-01', name: 'example.com', token: 't', record, text }) as const;
  await Promise.all(['one', 'two'].map((text) => ways.show(challenge(text))));
  assert.deepEqual(host.sets.find(({ name }) => name === record)?.values.toSorted(), ['one', 'two']);
  await Promise.all(['one', 'two'].map((text) => ways.take(challenge(text))));
  assert.equal(host.sets.length, 1);
});

test('the key of the account is whole or not there: what a crash left half written is not taken for it', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-keeper-'));
  t.after(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, 'certificates'));
  writeFileSync(join(folder, 'certificates', 'account-key.pem.new'), '-----BEGIN PRIV');
  const key = await accountKey(folder);
  assert.match(key, /^-----BEGIN PRIVATE KEY-----[^-]+-----END PRIVATE KEY-----\s*$/);
  assert.equal(await accountKey(folder), key);
  assert.deepEqual(readdirSync(join(folder, 'certificates')), ['account-key.pem']);
  assert.equal(statSync(join(folder, 'certificates', 'account-key.pem')).mode & 0o777, 0o600);
});
