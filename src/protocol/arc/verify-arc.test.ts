import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import test from 'node:test';
import fc from 'fast-check';
import { referenceRelaxedField, signByReference, type Tags } from '../../../test/support/reference-dkim.ts';
import { fixedClock } from '../../base/clock.ts';
import { publicRecordOf } from '../dkim/private-keys.ts';
import type { Resolver } from '../dns/types.ts';
import { resolverFromZone } from '../dns/zone-resolver.ts';
import type { ArcResult } from './types.ts';
import { verifyArc } from './verify-arc.ts';

const key = generateKeyPairSync('ed25519').privateKey;
const zone = `sel._domainkey.example.com. TXT "${publicRecordOf(key)}"\n;!SERVFAIL broken._domainkey.example.com\n`;
const deps = { resolver: resolverFromZone(zone), clock: fixedClock(1_700_000_000_000) };
const message = 'From: a@example.org\r\nTo: b@example.net\r\nSubject: x\r\n\r\nHello\r\n';
const signer = { a: 'ed25519-sha256', d: 'example.com', s: 'sel' };

type Hop = {
  readonly instance: number;
  readonly cv?: string;
  readonly results?: string;
  readonly messageTags?: Tags;
  readonly sealTags?: Tags;
  /** Changes the message after the message signature is made, as a list does. */
  readonly change?: (text: string) => string;
};

/** RFC 8617 §5.1: adds an ARC Set above the message. */
function addSet(
  text: string,
  { instance, cv = instance === 1 ? 'none' : 'pass', results, messageTags, sealTags, change }: Hop,
): string {
  const tags = { ...signer, v: undefined, i: String(instance), ...messageTags };
  const signed = (change ?? ((same) => same))(signByReference(text, key, tags, 'ARC-Message-Signature'));
  const evidence = `ARC-Authentication-Results: ${results ?? `i=${instance}; mx${instance}.example; spf=pass`}\r\n`;
  const list = Object.entries({ i: String(instance), ...signer, cv, t: '1600000000', ...sealTags });
  const unsigned = `ARC-Seal: ${list.flatMap(([tag, value]) => (value === undefined ? [] : [`${tag}=${value}`])).join('; ')}; b=`;
  const sealed = [...setsOf(evidence + signed), unsigned].map(referenceRelaxedField).join('\r\n');
  const digest = createHash('sha256').update(Buffer.from(sealed, 'latin1')).digest();
  return `${unsigned}${sign(null, digest, key).toString('base64')}\r\n${evidence}${signed}`;
}

/** RFC 8617 §5.1.1: by instance, in each results, message signature, seal. */
function setsOf(text: string): string[] {
  const order = ['arc-authentication-results', 'arc-message-signature', 'arc-seal'];
  const fields =
    text
      .split('\r\n\r\n', 1)[0]
      ?.split('\r\n')
      .filter((field) => /^arc-/i.test(field)) ?? [];
  const rank = (field: string) => {
    const instance = Number(/[ ;:]i=([0-9]+)/.exec(field)?.[1]);
    return instance * 10 + order.indexOf(field.slice(0, field.indexOf(':')).toLowerCase());
  };
  return fields.toSorted((a, b) => rank(a) - rank(b));
}

function chainOf(hops: number, special: Partial<Record<number, Partial<Hop>>> = {}): string {
  let text = message;
  for (let instance = 1; instance <= hops; instance++) text = addSet(text, { instance, ...special[instance] });
  return text;
}

const verify = (text: string): Promise<ArcResult> => verifyArc(Buffer.from(text, 'latin1'), deps);

async function reason(text: string): Promise<string | undefined> {
  const result = await verify(text);
  assert.equal(result.result, 'fail', JSON.stringify(result));
  return result.reason;
}

test('RFC 8617 §5.2: no set, no chain', async () => {
  assert.deepEqual(await verify(message), { result: 'none', chain: [] });
});

test('RFC 8617 §5.2: three hops', async () => {
  const result = await verify(chainOf(3));
  assert.partialDeepStrictEqual(result, { result: 'pass', oldestPass: 0 });
  assert.deepEqual(
    result.chain.map(({ instance, cv, authservId, seal, signature }) => [instance, cv, authservId, seal, signature]),
    [
      [1, 'none', 'mx1.example', 'pass', 'pass'],
      [2, 'pass', 'mx2.example', 'pass', 'pass'],
      [3, 'pass', 'mx3.example', 'pass', 'pass'],
    ],
  );
});

test('RFC 8617 §5.2 (5): a list changed the message before the second hop signed', async () => {
  const list = (text: string) => text.replace('Subject: x', 'Subject: [list] x');
  const result = await verify(addSet(addSet(list(chainOf(1)), { instance: 2 }), { instance: 3 }));
  assert.partialDeepStrictEqual(result, { result: 'pass', oldestPass: 2 });
  assert.deepEqual(
    result.chain.map(({ signature }) => signature),
    ['fail', 'pass', 'pass'],
  );
});

test('RFC 8617 §5.2 (4): the newest message signature must verify', async () => {
  assert.match(
    (await reason(chainOf(2).replace('Hello', 'Hallo'))) ?? '',
    /newest message signature: the body was changed/,
  );
});

test('RFC 8617 §5.2 (6): every seal must verify, over all that was there', async () => {
  assert.match(
    (await reason(chainOf(2).replace('mx1.example; spf=pass', 'mx1.example; spf=fail'))) ?? '',
    /seal of instance 2/,
  );
  assert.match(
    (await reason(chainOf(3, { 1: { sealTags: { s: 'nobody' } } }))) ?? '',
    /seal of instance 1: there is no key/,
  );
  assert.match((await reason(chainOf(1, { 1: { sealTags: { s: 'broken' } } }))) ?? '', /DNS failed/);
});

test('RFC 8617 §4.2.1, §5.2 (3): instances are complete, unique and without gaps', async () => {
  const whole = chainOf(3);
  const without = (pattern: RegExp) => whole.replace(pattern, '');
  for (const name of ['Seal', 'Message-Signature', 'Authentication-Results']) {
    for (const instance of [1, 2, 3]) {
      await reason(without(new RegExp(`ARC-${name}:[^\\r]*[ ;]i=${instance};[^\\r]*\\r\\n`)));
    }
  }
  await reason(addSet(message, { instance: 2 }));
  await reason(addSet(chainOf(1), { instance: 1 }));
  await reason(`ARC-Seal: i=0\r\n${whole}`);
  await reason(`ARC-Seal: x\r\n${message}`);
  for (const results of ['mx.example; i=1', 'i=1 mx.example', 'i=51; x', 'i=x; y', 'I=1; x', '']) {
    await reason(chainOf(1, { 1: { results } }));
  }
  assert.equal((await verify(chainOf(1, { 1: { results: '(a) i (b) = (c) 1 (d) ; mx (e); none' } }))).result, 'pass');
});

test('RFC 8617 §5.2 (2), §4.4: the chain value of each seal', async () => {
  assert.match((await reason(chainOf(2, { 2: { cv: 'fail' } }))) ?? '', /instance 2 found the chain broken/);
  assert.match((await reason(chainOf(1, { 1: { cv: 'fail' } }))) ?? '', /cv=fail/);
  assert.match((await reason(chainOf(1, { 1: { cv: 'pass' } }))) ?? '', /instance 1 says cv=pass/);
  assert.match((await reason(chainOf(2, { 2: { cv: 'none' } }))) ?? '', /instance 2 says cv=none/);
  for (const cv of ['', 'Pass', 'ok']) await reason(chainOf(1, { 1: { cv } }));
});

test('RFC 8617 §4.1.2, §4.1.3: tags that have no place in a set', async () => {
  assert.match((await reason(chainOf(1, { 1: { messageTags: { v: '1' } } }))) ?? '', /v= does not belong there/);
  assert.match((await reason(chainOf(1, { 1: { messageTags: { h: 'from:arc-seal' } } }))) ?? '', /must not cover/);
  assert.match((await reason(chainOf(1, { 1: { sealTags: { h: 'from' } } }))) ?? '', /h= does not belong there/);
  assert.match((await reason(chainOf(1, { 1: { sealTags: { v: '1' } } }))) ?? '', /v= does not belong there/);
  assert.match((await reason(chainOf(1, { 1: { sealTags: { t: 'now' } } }))) ?? '', /t= or x=/);
  assert.match((await reason(chainOf(1, { 1: { messageTags: { x: '1600000000' } } }))) ?? '', /expired/);
  assert.match((await reason(chainOf(1, { 1: { messageTags: { l: '3' } } }))) ?? '', /beginning of the body/);
});

test('RFC 8617 §4.2.1: fifty hops are verified, what is looked at and asked for stays bounded', async () => {
  const fifty = chainOf(50);
  const asked: string[] = [];
  const counting: Resolver = {
    lookup: (name, type) => {
      asked.push(name);
      return deps.resolver.lookup(name, type);
    },
  };
  const result = await verifyArc(Buffer.from(fifty, 'latin1'), { ...deps, resolver: counting });
  assert.equal(result.result, 'pass');
  assert.equal(result.oldestPass, undefined);
  assert.equal(result.chain.filter(({ signature }) => signature === 'unchecked').length, 40);
  assert.deepEqual(asked, ['sel._domainkey.example.com']);
  await reason(addSet(fifty, { instance: 51 }));
});

test('any octets get a result, never an exception', async () => {
  const unit = fc.constantFrom(
    'ARC-Seal:',
    'ARC-Message-Signature:',
    'ARC-Authentication-Results:',
    ' i=1;',
    ' a=ed25519-sha256;',
    ' b=AAAA;',
    ' d=example.com;',
    ' s=sel;',
    ' cv=none;',
    ' h=from;',
    ' bh=',
    '\r\n',
    '(',
    '\0',
    '\xff',
  );
  await fc.assert(
    fc.asyncProperty(fc.string({ unit, maxLength: 40 }), async (text) => void (await verify(text))),
    { numRuns: 300 },
  );
});
