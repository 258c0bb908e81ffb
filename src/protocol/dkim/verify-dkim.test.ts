import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import test from 'node:test';
import fc from 'fast-check';
import { signByReference, type Tags } from '../../../test/support/reference-dkim.ts';
import { fixedClock } from '../../base/clock.ts';
import { type DomainName, parseDomainName } from '../../format/domain-name.ts';
import { headerLimits, indexHeader, indexMessage } from '../../format/message/message-index.ts';
import type { Resolver } from '../dns/types.ts';
import { resolverFromZone } from '../dns/zone-resolver.ts';
import { BodyHasher } from './body-hasher.ts';
import { createDkimKeys } from './keys.ts';
import { publicRecordOf } from './private-keys.ts';
import type { DkimResult } from './types.ts';
import { createDkimVerifier, type DkimOptions, verifyDkim } from './verify-dkim.ts';

const rsa = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey;
const otherRsa = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey;
const smallRsa = generateKeyPairSync('rsa', { modulusLength: 512 }).privateKey;
const ed25519 = generateKeyPairSync('ed25519').privateKey;

const publish = (name: string, record: string) =>
  `${name}. TXT ${(record.match(/.{1,200}/g) ?? []).map((text) => `"${text}"`).join(' ')}\n`;
const rsaRecord = publicRecordOf(rsa);
const zone =
  publish('sel._domainkey.example.com', rsaRecord) +
  publish('ed._domainkey.example.com', publicRecordOf(ed25519)) +
  publish('small._domainkey.example.com', publicRecordOf(smallRsa)) +
  publish('test._domainkey.example.com', rsaRecord.replace('k=rsa', 't=y')) +
  publish('strict._domainkey.example.com', rsaRecord.replace('k=rsa', 't=s')) +
  publish('sha1._domainkey.example.com', rsaRecord.replace('k=rsa', 'h=sha1')) +
  publish('other._domainkey.example.com', rsaRecord.replace('k=rsa', 's=other')) +
  publish('gone._domainkey.example.com', 'v=DKIM1; p=') +
  publish('spf._domainkey.example.com', 'v=spf1 -all') +
  publish('two._domainkey.example.com', publicRecordOf(otherRsa)) +
  publish('two._domainkey.example.com', rsaRecord) +
  publish('noise._domainkey.example.com', 'some other text') +
  publish('noise._domainkey.example.com', rsaRecord) +
  publish('sel._domainkey.com', rsaRecord) +
  ';!SERVFAIL servfail._domainkey.example.com\n;!TIMEOUT timeout._domainkey.example.com\n';
const deps = { resolver: resolverFromZone(zone), clock: fixedClock(1_700_000_000_000) };

const message =
  'From: a@example.com\r\nTo: b@example.net\r\nSubject: Gr\xfc\xdfe  and\r\n more\r\n\r\nHello,\r\n\r\n  world \t!\r\n\r\n\r\n';

function verify(text: string, options?: DkimOptions): Promise<readonly DkimResult[]> {
  return verifyDkim(Buffer.from(text, 'latin1'), deps, options);
}

async function only(text: string): Promise<DkimResult> {
  const [result, ...more] = await verify(text);
  assert.ok(result);
  assert.deepEqual(more, []);
  return result;
}

function signed(tags: Tags = {}, key: KeyObject = rsa): string {
  return signByReference(message, key, tags);
}

async function problem(tags: Tags, key?: KeyObject): Promise<string | undefined> {
  return (await only(signed(tags, key))).problem;
}

test('RFC 6376 §6: an unsigned message has no results', async () => {
  assert.deepEqual(await verify(message), []);
  assert.deepEqual(await verify(''), []);
});

test('RFC 6376 §3.4: a signature of each pair of forms passes', async () => {
  for (const c of ['relaxed/relaxed', 'relaxed/simple', 'simple/relaxed', 'simple/simple', 'relaxed', undefined]) {
    const result = await only(signed({ c }));
    assert.partialDeepStrictEqual(result, { result: 'pass', domain: 'example.com', selector: 'sel', keyBits: 1024 });
    assert.equal(result.reason, undefined);
  }
});

test('RFC 8463 §3: Ed25519 over the SHA-256', async () => {
  const result = await only(signed({ a: 'ed25519-sha256', s: 'ed' }, ed25519));
  assert.partialDeepStrictEqual(result, { result: 'pass', algorithm: 'ed25519-sha256', keyBits: 256 });
});

test('where the signature and what it covers stand in the message', async () => {
  const text = signed({ h: 'subject:from' });
  const result = await only(text);
  const at = ({ start, end }: { start: number; end: number }) => text.slice(start, end);
  assert.match(at(result.field), /^DKIM-Signature: .*\r\n$/);
  assert.deepEqual(result.signedFields.map(at), ['Subject: Gr\xfc\xdfe  and\r\n more\r\n', 'From: a@example.com\r\n']);
  assert.equal(result.signaturePrefix?.length, 8);
});

test('RFC 6376 §3.7: b= may stand anywhere, be folded, and have look-alikes around it', async () => {
  const plain = signed({ xb: 'b=1', z: 'b=|b=' });
  const b = /; b=([^\r]+)\r\n/.exec(plain)?.[1] ?? '';
  assert.ok(b.length > 60);
  assert.equal((await only(plain)).result, 'pass');
  const folded = plain.replace(`b=${b}`, `b=\r\n\t${b.slice(0, 50)}\r\n ${b.slice(50)}\r\n `);
  assert.equal((await only(folded)).result, 'pass');
});

test('RFC 6376 §3.4.3, §3.4.4: messages without body, and with an empty one', async () => {
  for (const text of [
    'From: a@example.com\r\n',
    'From: a@example.com\r\n\r\n',
    'From: a@example.com\r\n\r\n\r\n\r\n',
  ]) {
    for (const c of ['relaxed/relaxed', 'simple/simple']) {
      assert.equal((await only(signByReference(text, rsa, { c }))).result, 'pass', text);
    }
  }
});

test('RFC 6376 §6.1.3: what was changed is told', async () => {
  const good = signed();
  assert.equal((await only(good.replace('world', 'World'))).problem, 'body-changed');
  assert.equal((await only(good.replace('a@example.com', 'c@example.com'))).problem, 'signature-differs');
  const both = await only(good.replace('world', 'World').replace('a@example', 'c@example'));
  assert.equal(both.problem, 'body-and-signature-differ');
  assert.equal(both.result, 'fail');
  assert.equal(await problem({}, otherRsa), 'signature-differs');
});

test('RFC 6376 §5.4.2, §8.15: a second From is seen where the signer oversigned it, on whichever side it is put', async () => {
  const good = signed({ h: 'from:from:to' });
  assert.equal((await only(good)).result, 'pass');
  assert.equal((await only(`From: evil@example.org\r\n${good}`)).problem, 'signature-differs');
  assert.equal((await only(good.replace('To:', 'From: evil@example.org\r\nTo:'))).problem, 'signature-differs');
});

test('RFC 6376 §3.5 (l=): the whole body, a part of it, more than it', async () => {
  const canonical = 'Hello,\r\n\r\n world !\r\n'.length;
  assert.equal((await only(signed({ l: String(canonical) }))).result, 'pass');
  assert.equal((await only(signed({ l: String(canonical) }))).partialBody, undefined);
  for (const l of ['0', '5', String(canonical - 1)]) {
    assert.partialDeepStrictEqual(await only(signed({ l })), { result: 'policy', partialBody: true });
  }
  const grown = await only(`${signed({ l: String(canonical) })}added by someone\r\n`);
  assert.partialDeepStrictEqual(grown, { result: 'policy', partialBody: true });
  for (const l of [String(canonical + 1), '9'.repeat(76)]) {
    assert.partialDeepStrictEqual(await only(signed({ l })), { result: 'permerror', problem: 'length-beyond-body' });
  }
});

test('RFC 6376 §3.5 (x=): expired, and not yet', async () => {
  assert.equal(await problem({ t: '1600000000', x: '1699999999' }), 'expired');
  assert.equal(await problem({ x: '1699999999' }), 'expired');
  assert.equal(await problem({ t: '1600000000', x: '1700000000' }), undefined);
});

test('RFC 6376 §6.1.2: DNS that fails is no missing key', async () => {
  for (const s of ['servfail', 'timeout']) {
    assert.partialDeepStrictEqual(await only(signed({ s })), { result: 'temperror', problem: 'dns-failed' });
  }
  assert.partialDeepStrictEqual(await only(signed({ s: 'nobody' })), { result: 'permerror', problem: 'key-missing' });
  assert.equal(await problem({ s: 'spf' }), 'key-unreadable');
  const throwing: Resolver = { lookup: () => Promise.reject(new Error('broken')) };
  const [result] = await verifyDkim(Buffer.from(signed(), 'latin1'), { ...deps, resolver: throwing });
  assert.equal(result?.result, 'temperror');
});

test('RFC 6376 §3.6.1: what the key does not allow', async () => {
  assert.equal(await problem({ s: 'gone' }), 'key-revoked');
  assert.equal(await problem({ s: 'sha1' }), 'key-forbids-hash');
  assert.equal(await problem({ s: 'other' }), 'key-not-for-mail');
  assert.equal(await problem({ s: 'ed' }), 'key-of-other-type');
  assert.equal(await problem({ s: 'strict', i: 'a@mail.example.com' }), 'key-forbids-subdomains');
  assert.equal(await problem({ s: 'strict', i: 'a@EXAMPLE.com' }), undefined);
});

test('RFC 8301 §3.2: a key of 512 bit proves nothing', async () => {
  assert.partialDeepStrictEqual(await only(signed({ s: 'small' }, smallRsa)), {
    result: 'policy',
    problem: 'key-too-small',
  });
});

test('RFC 6376 §3.6.1 (t=y): a pass is a pass, a failure counts as unsigned', async () => {
  assert.partialDeepStrictEqual(await only(signed({ s: 'test' })), { result: 'pass', testing: true });
  const broken = await only(signed({ s: 'test' }).replace('world', 'World'));
  assert.partialDeepStrictEqual(broken, { result: 'neutral', testing: true, problem: 'body-changed' });
  assert.match(broken.reason ?? '', /t=y/);
});

test('RFC 6376 §3.6.2.2: several keys are each tried and reported, other texts do not count', async () => {
  const two = await only(signed({ s: 'two' }));
  assert.equal(two.result, 'pass');
  assert.match(two.reason ?? '', /several keys/);
  assert.equal(await problem({ s: 'two' }, smallRsa), 'signature-differs');
  const noise = await only(signed({ s: 'noise' }));
  assert.equal(noise.result, 'pass');
  assert.equal(noise.reason, undefined);
});

test('RFC 6376 §6.1.1: a top-level domain signs for nobody, and the caller may know more of them', async () => {
  assert.partialDeepStrictEqual(await only(signed({ d: 'com' })), { result: 'policy', problem: 'domain-unacceptable' });
  const [refused] = await verify(signed(), { isUnacceptable: (domain) => domain === 'example.com' });
  assert.equal(refused?.problem, 'domain-unacceptable');
});

test('RFC 6376 §3.5 (i=): the identity, decoded', async () => {
  assert.equal((await only(signed({ i: 'j=40x@Mail.Example.com' }))).identity, 'j@x@mail.example.com');
});

test('RFC 6376 §4.2: results in order of appearance, each on its own', async () => {
  const text = signByReference(signed({ s: 'nobody' }), rsa);
  const results = await verify(
    signByReference(text, ed25519, { a: 'ed25519-sha256', s: 'ed', h: 'from:dkim-signature' }),
  );
  assert.deepEqual(
    results.map(({ result, selector }) => `${selector} ${result}`),
    ['ed pass', 'sel pass', 'nobody permerror'],
  );
});

test('RFC 6376 §8.4: no more than 10 are tried, the author domain first; broken ones cost nothing', async () => {
  const junk = 'DKIM-Signature: v=1; a=rsa-sha256; d=junk.example; s=x; h=from; bh=x; b=x\r\n'.repeat(30);
  const foreign = `DKIM-Signature: v=1; a=rsa-sha256; d=junk.example; s=x; h=from; bh=${Buffer.alloc(32).toString('base64')}; b=AAAA\r\n`;
  const asked: string[] = [];
  const counting: Resolver = {
    lookup: (name, type) => {
      asked.push(name);
      return deps.resolver.lookup(name, type);
    },
  };
  const text = Buffer.from(junk + foreign.repeat(15) + signed(), 'latin1');
  const author = parseDomainName('example.com') as DomainName;
  const results = await verifyDkim(text, { ...deps, resolver: counting }, { authorDomain: author });
  assert.equal(asked.length, 10);
  assert.equal(results.length, 46);
  assert.equal(results.at(-1)?.result, 'pass');
  assert.equal(results.filter((one) => one.problem === 'too-many-signatures').length, 6);
  const withoutAuthor = await verifyDkim(text, deps);
  assert.equal(withoutAuthor.at(-1)?.problem, 'too-many-signatures');
});

test('a header larger than we read proves nothing: a second From may hide in the rest', async () => {
  const text = signed().replace('To:', `${'X: y\r\n'.repeat(headerLimits.fieldsMax)}To:`);
  assert.partialDeepStrictEqual(await only(text), { result: 'policy', problem: 'header-too-large' });
});

test('RFC 6376 §3.4: the body in any chunks gives the same results', async () => {
  const cut = signed({ c: 'relaxed/simple' });
  const text = signByReference(cut, ed25519, { a: 'ed25519-sha256', s: 'ed' });
  const bodyStart = text.indexOf('\r\n\r\n') + 4;
  const header = indexHeader(Buffer.from(text.slice(0, bodyStart), 'latin1'));
  const octets = Buffer.from(text.slice(bodyStart), 'latin1');
  const keys = createDkimKeys(deps.resolver);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 9 }), async (sizes) => {
      const body = new BodyHasher();
      const verifier = createDkimVerifier(header, { body, keys, clock: deps.clock });
      for (let at = 0, turn = 0; at < octets.length; turn++) {
        const size = sizes[turn % sizes.length] ?? 1;
        body.update(octets.subarray(at, at + size));
        at += size;
      }
      body.end();
      assert.deepEqual(
        (await verifier.results()).map(({ result }) => result),
        ['pass', 'pass'],
      );
    }),
    { numRuns: 50 },
  );
});

test('RFC 6376 §3.4.1, §3.4.2: what relaxed forgives and simple does not', async () => {
  const reflow = (text: string) => text.replace('Subject: Gr', 'SUBJECT :\r\n\tGr').replace('world \t!', 'world !');
  assert.equal((await only(reflow(signed({ c: 'relaxed/relaxed' })))).result, 'pass');
  assert.equal((await only(reflow(signed({ c: 'simple/simple' })))).result, 'fail');
});

test('any octets get results, never an exception', async () => {
  const unit = fc.constantFrom(
    'DKIM-Signature:',
    'v=1;',
    'b=',
    'h=from;',
    'd=example.com;',
    's=sel;',
    'a=rsa-sha256;',
    'bh=',
    'l=1;',
    '\r\n',
    ' ',
    ';',
    '\0',
    '\xff',
    'From: a@example.com\r\n',
  );
  await fc.assert(
    fc.asyncProperty(fc.string({ unit, maxLength: 40 }), async (text) => void (await verify(text))),
    { numRuns: 300 },
  );
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (octets) => void (await verifyDkim(octets, deps))),
    {
      numRuns: 200,
    },
  );
});

test('RFC 6376 §3.4: under simple/simple any changed octet of what is signed breaks it', async () => {
  const text = signed({ h: 'from:to:subject:x', c: 'simple/simple' });
  const octets = Buffer.from(text, 'latin1');
  const index = indexMessage(octets);
  const own = index.fields[0];
  assert.ok(own);
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: own.end, max: octets.length - 7 }),
      fc.integer({ min: 1, max: 255 }),
      async (at, by) => {
        const changed = Buffer.from(octets);
        changed[at] = ((changed[at] ?? 0) + by) & 0xff;
        const [result] = await verifyDkim(changed, deps);
        assert.notEqual(result?.result, 'pass');
      },
    ),
    { numRuns: 200 },
  );
});
