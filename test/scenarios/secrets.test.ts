/**
 * A run of a real `posthorn serve` with everything that has to do with secrets, and some of it done wrong; then a search of the
 * database, its log, the spool, a backup and the log lines for all of them. Only `secret.key` and TLS keys may hold any, and no backup
 * does.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash, createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { openRecords } from '../../src/app/compose.ts';
import { systemClock } from '../../src/base/clock.ts';
import { silentSignals } from '../../src/base/port/signals.ts';
import { systemRandom } from '../../src/base/random.ts';
import { author, login, makeHome, resident } from '../faults/support/home.ts';
import { letter } from '../faults/support/letters.ts';
import { launcher, OfficeProcess, ownEnvironment } from '../faults/support/office.ts';
import { SmtpTalk } from '../faults/support/smtp-talk.ts';
import { Trial } from '../faults/support/trial.ts';
import { filesBelow, findTraces, type Place, tracesOfKey, tracesOfWord } from '../support/known-secrets.ts';
import { domain } from '../support/temp-office.ts';

const chosenPassword = 'correct horse battery staple 7391';
const person = 'grace';
const options = { kills: 0, acknowledgements: 0, soakSeconds: 0, queued: 0, failures: 0 };

/** Each from an address of its own: wrong tries of one network have to wait. */
async function logIn(trial: Trial, port: number, user: string, password: string): Promise<SmtpTalk> {
  const talk = await SmtpTalk.greeted(port, { tls: true, from: `127.0.3.${trial.between(2, 250)}` });
  await talk.ask(`AUTH PLAIN ${Buffer.from(`\0${user}\0${password}`).toString('base64')}`);
  return talk;
}

test('no secret lies where it does not belong, whatever was done', async (t) => {
  const trial = new Trial(1, options, { signal: AbortSignal.timeout(50_000), progress: () => {} });
  t.after(() => trial.close());
  const home = await makeHome(join(trial.folder, 'office'), { log: { level: 'debug' } });
  const world = { timers: systemClock, random: systemRandom, signals: silentSignals };
  const records = await openRecords(home.data, 'beside', world);
  const { directory } = records;
  await directory.accounts.createUser(person, { domains: [domain('example.com')], password: chosenPassword });
  const keys = await directory.activeSigners(domain('example.com'));
  await records.close();
  assert.deepEqual(keys.map(({ algorithm }) => algorithm).toSorted(), ['ed25519-sha256', 'rsa-sha256']);

  const office = await OfficeProcess.start(trial, home);
  const { ports } = office;
  // As it should be: the API, an app password, a chosen password, and an API key as password.
  const sent = await office.api('POST', '/v1/emails', {
    from: author,
    to: [resident],
    subject: 'marker one',
    text: 'x',
  });
  assert.equal(sent.status, 202);
  for (const [user, password] of [
    [login, home.password],
    [person, chosenPassword],
    ['any', home.apiKey],
  ] as const) {
    const talk = await logIn(trial, ports.submissions, user, password);
    const { code } = await talk.send(author, [resident], letter(`s1n${user.length}z300000`, author, [resident]));
    assert.equal(code, 250, user);
    talk.destroy();
  }
  // As people do it: a password as login name, in the wrong place of a request, in a command, in clear.
  for (const secret of [chosenPassword, home.password, home.apiKey]) {
    (await logIn(trial, ports.submissions, secret, 'x')).destroy();
    (await logIn(trial, ports.submissions, person, `${secret} `)).destroy();
    const plain = await SmtpTalk.greeted(ports.submission, { from: '127.0.0.4' });
    await plain.ask(`AUTH PLAIN ${Buffer.from(`\0${person}\0${secret}`).toString('base64')}`);
    await plain.ask(`PASS ${secret}`);
    plain.destroy();
    const url = `http://127.0.0.1:${ports.http}/v1/emails`;
    for (const authorization of [`Bearer ${secret}x`, `Basic ${Buffer.from(`x:${secret}`).toString('base64')}`])
      await (await fetch(url, { headers: { authorization } })).text();
    await (await fetch(`${url}?api_key=${encodeURIComponent(secret)}`)).text();
    await (
      await fetch(url, {
        method: 'POST',
        headers: { 'x-secret': secret },
        body: `{"password":${JSON.stringify(secret)}`,
      })
    ).text();
  }
  const walking = filesBelow(home.data, ['secret.key']);
  const backup = join(trial.folder, 'backup');
  await promisify(execFile)(launcher, ['backup', backup, '--data', home.data], { env: ownEnvironment() });
  assert.deepEqual(await office.stop(), { code: 0, signal: null });

  const log: Place = { name: 'the log', octets: Buffer.from(office.words) };
  const isTlsKey = ({ name }: Place) => /\.(?:pem|key)$/.test(name);
  const places = [...walking, ...filesBelow(home.data, ['secret.key']), ...filesBelow(backup), log].filter(
    (place) => !isTlsKey(place),
  );
  const secretKey = readFileSync(join(home.data, 'secret.key'));
  const tlsKeys = filesBelow(home.data)
    .filter(isTlsKey)
    .filter(({ octets }) => octets.includes('PRIVATE KEY'));
  const traces = new Map([
    ...tracesOfWord('the API key', home.apiKey),
    ...tracesOfWord('the app password', home.password),
    ...tracesOfWord('the chosen password', chosenPassword),
    ...tracesOfWord('the secret key', secretKey.toString('utf8').trim()),
    ...keys.flatMap((key) => [...tracesOfKey(`the ${key.algorithm} key`, key.privateKey)]),
    ...tlsKeys.flatMap(({ name, octets }) => [...tracesOfKey(name, createPrivateKey(octets))]),
  ]);
  assert.ok(traces.size > 100, `only ${traces.size} traces`);
  assert.deepEqual(findTraces(places, traces), []);
  assert.ok(!filesBelow(backup).some((place) => isTlsKey(place) || place.name.endsWith('secret.key')));

  // The search finds what is there: it has read the right files, and the write-ahead log while it was full.
  const there = new Map([
    ['the hash of the key', Buffer.from(createHash('sha256').update(home.apiKey).digest('hex'))],
    ['a subject', Buffer.from('marker one')],
  ]);
  const found = findTraces(places, there);
  for (const [what, where] of [
    ['the hash of the key', /backup/],
    ['a subject', /wal$/],
    ['a subject', /backup/],
  ] as const)
    assert.ok(
      found.some((one) => one.startsWith(what) && where.test(one)),
      `${what} is not seen in ${where}: ${found}`,
    );
  assert.ok(findTraces([{ name: 'secret.key', octets: secretKey }], traces).length > 0);
  assert.ok(office.words.includes('http.request'), 'the log was written at level debug');
  const shown = keys.flatMap(({ privateKey }) => [
    privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    JSON.stringify(privateKey.export({ format: 'jwk' })),
  ]);
  for (const text of shown) assert.ok(findTraces([{ name: 'a leak', octets: Buffer.from(text) }], traces).length > 0);
});
