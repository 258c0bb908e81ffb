import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import test from 'node:test';
import fc from 'fast-check';
import { type DomainName, parseDomainName } from '../../format/domain-name.ts';
import { type KeyRecord, keyObjection, parseKeyRecord } from './key-record.ts';
import type { SignedBy } from './signature.ts';

const rsa = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey;
const ed25519 = generateKeyPairSync('ed25519').publicKey;
const spki = (key: KeyObject) => key.export({ type: 'spki', format: 'der' }).toString('base64');
const p = spki(rsa);
const p25519 = ed25519.export({ type: 'spki', format: 'der' }).subarray(12).toString('base64');

/** An RSA public key of any size, without the time it takes to make one: nobody knows its private half. */
function rsaOfBits(bits: number): string {
  const modulus = Buffer.alloc(bits / 8, 0xa5);
  const key = createPublicKey({ key: { kty: 'RSA', n: modulus.toString('base64url'), e: 'AQAB' }, format: 'jwk' });
  return spki(key);
}

function key(text: string): KeyRecord {
  const record = parseKeyRecord(text);
  assert.ok(typeof record !== 'string', `${text}: ${JSON.stringify(record)}`);
  return record;
}

test('RFC 6376 §3.6.1: defaults', () => {
  assert.partialDeepStrictEqual(key(`p=${p}`), { type: 'rsa', bits: 1024, testing: false, exactDomain: false });
});

test('RFC 6376 §3.6.1: v= first and exactly DKIM1, if at all', () => {
  key(`v=DKIM1; p=${p}`);
  for (const text of [`p=${p}; v=DKIM1`, `v=dkim1; p=${p}`, `v=DKIM2; p=${p}`, `v=; p=${p}`]) {
    assert.equal(parseKeyRecord(text), 'key-unreadable', text);
  }
});

test('RFC 6376 §3.6.1: p= is required; empty means revoked; blanks inside mean nothing', () => {
  assert.equal(parseKeyRecord('v=DKIM1; k=rsa'), 'key-unreadable');
  assert.equal(parseKeyRecord('v=DKIM1; k=rsa; p='), 'key-revoked');
  assert.equal(parseKeyRecord('v=DKIM1; p=  ;'), 'key-revoked');
  assert.equal(key(`p=${p.slice(0, 50)} \t${p.slice(50)}`).bits, 1024);
  for (const bad of ['no+base64!', p.slice(1), 'AAAA']) assert.equal(parseKeyRecord(`p=${bad}`), 'key-unreadable', bad);
});

test('RFC 6376 §3.6.1, RFC 8463 §4: RSA as SubjectPublicKeyInfo or bare, Ed25519 as 32 octets only', () => {
  const bare = rsa.export({ type: 'pkcs1', format: 'der' }).toString('base64');
  assert.equal(key(`p=${bare}`).bits, 1024);
  assert.partialDeepStrictEqual(key(`k=ed25519; p=${p25519}`), { type: 'ed25519', bits: 256 });
  assert.equal(parseKeyRecord(`k=ed25519; p=${spki(ed25519)}`), 'key-unreadable');
  assert.equal(parseKeyRecord(`p=${spki(ed25519)}`), 'key-unreadable');
  assert.equal(parseKeyRecord(`p=${p25519}`), 'key-unreadable');
  assert.equal(
    parseKeyRecord(`p=${spki(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey)}`),
    'key-unreadable',
  );
  assert.equal(parseKeyRecord(`k=dsa; p=${p}`), 'key-of-other-type');
});

test('RFC 8301 §3.2: keys from 1024 to 4096 bit', () => {
  assert.equal(parseKeyRecord(`p=${rsaOfBits(512)}`), 'key-too-small');
  assert.equal(parseKeyRecord(`p=${rsaOfBits(1016)}`), 'key-too-small');
  assert.equal(key(`p=${rsaOfBits(4096)}`).bits, 4096);
  assert.equal(parseKeyRecord(`p=${rsaOfBits(4104)}`), 'key-too-large');
});

test('RFC 6376 §3.6.1: lists and flags, unknown words in them, notes and unknown tags', () => {
  const record = key(`v=DKIM1; h=sha1 : sha256; s= email:other; t=y : s:z; n=a note; g=legacy; p=${p}`);
  assert.deepEqual(record.hashes, ['sha1', 'sha256']);
  assert.deepEqual(record.services, ['email', 'other']);
  assert.partialDeepStrictEqual(record, { testing: true, exactDomain: true });
});

test('RFC 6376 §3.2: a repeated tag makes it no key; another TXT at the name is none either', () => {
  assert.equal(parseKeyRecord(`p=${p}; p=${p}`), 'key-unreadable');
  assert.equal(parseKeyRecord('v=spf1 -all'), 'key-unreadable');
  assert.equal(parseKeyRecord(`n=${'x'.repeat(4_096)}; p=${p}`), 'key-record-too-long');
});

function domain(text: string): DomainName {
  const name = parseDomainName(text);
  assert.ok(name);
  return name;
}

test('RFC 6376 §3.6.1, §6.1.2: what a key allows', () => {
  const by: SignedBy = {
    algorithm: 'rsa-sha256',
    domain: domain('example.com'),
    selector: 's',
    keyName: domain('s._domainkey.example.com'),
    signature: new Uint8Array(),
    base64: '',
    emptied: { start: 0, end: 0 },
  };
  const below = { ...by, identity: { local: 'a', domain: domain('x.example.com') } };
  assert.equal(keyObjection(key(`p=${p}`), below), undefined);
  assert.equal(keyObjection(key(`t=s; p=${p}`), below), 'key-forbids-subdomains');
  assert.equal(keyObjection(key(`t=s; p=${p}`), by), undefined);
  assert.equal(keyObjection(key(`h=sha1; p=${p}`), by), 'key-forbids-hash');
  assert.equal(keyObjection(key(`s=tlsrpt; p=${p}`), by), 'key-not-for-mail');
  assert.equal(keyObjection(key(`s=*; p=${p}`), by), undefined);
  assert.equal(keyObjection(key(`k=ed25519; p=${p25519}`), by), 'key-of-other-type');
  assert.equal(keyObjection(key(`p=${p}`), { ...by, algorithm: 'ed25519-sha256' }), 'key-of-other-type');
});

test('any text is a key or not, never thrown at', () => {
  const unit = fc.constantFrom(
    'v=',
    'DKIM1',
    'k=',
    'rsa',
    'ed25519',
    'p=',
    't=',
    'y',
    ':',
    ';',
    ' ',
    '=',
    p,
    p25519,
    '\xff',
    '\0',
  );
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 30 }), (text) => void parseKeyRecord(text)),
    { numRuns: 300 },
  );
});
