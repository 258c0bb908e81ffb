import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { fixedClock } from '../../base/clock.ts';
import { type DomainName, parseDomainName } from '../../format/domain-name.ts';
import { indexMessage } from '../../format/message/message-index.ts';
import { resolverFromZone } from '../dns/zone-resolver.ts';
import { generateDkimKey, importPrivateKey } from './private-keys.ts';
import { createDkimSigner, type SigningKey, signDkim } from './sign-dkim.ts';
import { readSignature, type Signature } from './signature.ts';
import type { SigningAlgorithm } from './types.ts';
import { verifyDkim } from './verify-dkim.ts';

async function makeKey(algorithm: SigningAlgorithm, selector: string): Promise<{ key: SigningKey; zone: string }> {
  const { privateKeyPem, publicRecord } = await generateDkimKey(algorithm);
  const imported = importPrivateKey(privateKeyPem);
  assert.ok(imported.ok);
  assert.equal(imported.value.publicRecord, publicRecord);
  const strings = (publicRecord.match(/.{1,255}/g) ?? []).map((text) => `"${text}"`).join(' ');
  const domain = parseDomainName('example.com') as DomainName;
  return {
    key: { domain, selector, algorithm, privateKey: imported.value.privateKey },
    zone: `${selector}._domainkey.example.com. TXT ${strings}\n`,
  };
}

const rsa = await makeKey('rsa-sha256', 'r2026');
const ed25519 = await makeKey('ed25519-sha256', 'e2026');
const keys = [ed25519.key, rsa.key];
const deps = { resolver: resolverFromZone([rsa.zone, ed25519.zone]), clock: fixedClock(1_700_000_000_000) };
const time = { nowSeconds: 1_700_000_000.9 };
const message =
  'From: a@example.com\r\nTo: b@example.net\r\nSubject: hi\r\nReply-To: c@example.com\r\nReceived: by x\r\nX-Own: 1\r\n\r\nHello\r\n';

const octetsOf = (text: string) => Buffer.from(text, 'latin1');

async function sign(
  text: string,
  options: { expiresAfterSeconds?: number; keys?: readonly SigningKey[] } = {},
): Promise<string> {
  const { keys: chosen = keys, ...rest } = options;
  return Buffer.from(await signDkim(octetsOf(text), chosen, { ...time, ...rest })).toString('latin1');
}

function signatures(text: string): Signature[] {
  const index = indexMessage(octetsOf(text));
  return index.fields.flatMap((field) => {
    if (field.name !== 'dkim-signature') return [];
    const reading = readSignature(index, field, 'dkim');
    assert.ok(reading.ok, JSON.stringify(reading));
    return [reading.value];
  });
}

test('RFC 8463 §3: both signatures verify, RSA stands first', async () => {
  const results = await verifyDkim(octetsOf((await sign(message)) + message), deps);
  assert.deepEqual(
    results.map(({ algorithm, result, keyBits }) => [algorithm, result, keyBits]),
    [
      ['rsa-sha256', 'pass', 2048],
      ['ed25519-sha256', 'pass', 256],
    ],
  );
});

test('RFC 6376 §8.15: what gives the message its meaning cannot be added to', async () => {
  const text = (await sign(message)) + message;
  for (const name of [
    'From',
    'Subject',
    'Date',
    'To',
    'Cc',
    'Message-ID',
    'MIME-Version',
    'Content-Type',
    'Reply-To',
  ]) {
    for (const changed of [
      `${name}: added\r\n${text}`,
      text.replace('\r\n\r\nHello', `\r\n${name}: added\r\n\r\nHello`),
    ]) {
      const results = await verifyDkim(octetsOf(changed), deps);
      assert.deepEqual(
        results.map(({ result }) => result),
        ['fail', 'fail'],
        name,
      );
    }
  }
});

test('RFC 6376 §5.4.1: trace, results and foreign fields stay out; lists may add theirs', async () => {
  const [signature] = signatures(await sign(message));
  assert.ok(signature);
  for (const name of [
    'received',
    'return-path',
    'authentication-results',
    'x-own',
    'list-unsubscribe',
    'dkim-signature',
  ]) {
    assert.ok(!signature.fieldNames.includes(name), name);
  }
  const listed = `List-Id: <l.example.net>\r\nList-Unsubscribe: <https://l.example.net/>\r\nReceived: by list\r\n${await sign(message)}${message}`;
  assert.equal((await verifyDkim(octetsOf(listed), deps))[0]?.result, 'pass');
});

test('RFC 8058 §4: List-Unsubscribe and its Post are covered when present', async () => {
  const [signature] = signatures(
    await sign(
      `List-Unsubscribe: <https://x/>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\nList-Id: <x>\r\n${message}`,
    ),
  );
  for (const name of ['list-unsubscribe', 'list-unsubscribe-post', 'list-id', 'reply-to']) {
    assert.ok(signature?.fieldNames.includes(name), name);
  }
});

test('RFC 6376 §3.5: t= is set, x= on demand, never l=; relaxed/relaxed', async () => {
  const [plain] = signatures(await sign(message));
  assert.partialDeepStrictEqual(plain, { signedAtSeconds: 1_700_000_000, headerForm: 'relaxed', bodyForm: 'relaxed' });
  assert.equal(plain?.expiresAtSeconds, undefined);
  assert.equal(plain?.bodyOctets, undefined);
  const [limited] = signatures(await sign(message, { expiresAfterSeconds: 604_800 }));
  assert.equal(limited?.expiresAtSeconds, 1_700_604_800);
});

test('RFC 5322 §2.1.1: lines of at most 78, also with many fields', async () => {
  const many = `${Array.from({ length: 40 }, (_, at) => `List-X${at}: y\r\n`).join('')}${message}`;
  for (const line of (await sign(many)).split('\r\n')) assert.ok(line.length <= 78, line);
  const domain = parseDomainName(`${'a'.repeat(60)}.${'b'.repeat(60)}.example`) as DomainName;
  const long = await sign(message, { keys: [{ ...ed25519.key, domain }] });
  for (const line of long.split('\r\n')) assert.ok(line.length <= 998, line);
  assert.equal(signatures(long)[0]?.domain, domain);
});

test('RFC 6376 §3.4: signed whole or in any chunks, any message verifies', async () => {
  const header = fc.array(
    fc.tuple(
      fc.constantFrom('Subject', 'to', 'X-Y', 'CC', 'Date', 'List-Help'),
      fc.string({ unit: fc.constantFrom('a', ' ', '\t', '\r\n ', '\xfc', ':', ';'), maxLength: 30 }),
    ),
    { maxLength: 8 },
  );
  const body = fc.string({ unit: fc.constantFrom('a', ' ', '\t', '\r\n', '.', '\xc3', '\0', '-- '), maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(header, body, fc.integer({ min: 1, max: 20 }), async (fields, content, size) => {
      const text = `From: a@example.com\r\n${fields.map(([name, value]) => `${name}:${value}\r\n`).join('')}\r\n${content}`;
      const octets = octetsOf(text);
      const index = indexMessage(octets);
      const signer = createDkimSigner(index, [ed25519.key], time);
      for (let at = index.bodyStart; at < octets.length; at += size) signer.update(octets.subarray(at, at + size));
      const field = await signer.finish();
      const results = await verifyDkim(Buffer.concat([field, octets]), deps);
      assert.deepEqual(
        results.map(({ result, reason }) => [result, reason]),
        [['pass', undefined]],
      );
    }),
    { numRuns: 150 },
  );
});

test('keys: what is no signing key is refused without repeating it', () => {
  for (const pem of ['', 'secret text', '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n']) {
    const imported = importPrivateKey(pem);
    assert.ok(!imported.ok && !imported.say.includes('secret'));
  }
});
