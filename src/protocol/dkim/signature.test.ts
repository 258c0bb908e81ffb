import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { indexMessage } from '../../format/message/message-index.ts';
import type { DkimProblem } from './problems.ts';
import { type Reading, readSignature, type Signature } from './signature.ts';

const b64 = 'MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI='; // 32 octets
const good = { v: '1', a: 'rsa-sha256', b: b64, bh: b64, d: 'example.com', h: 'From : To', s: 'sel' };

function read(tags: string, kind: 'dkim' | 'arc' = 'dkim'): Reading<Signature> {
  const index = indexMessage(Buffer.from(`DKIM-Signature:${tags}\r\n\r\n`, 'latin1'));
  const [field] = index.fields;
  assert.ok(field);
  return readSignature(index, field, kind);
}

function list(changes: Record<string, string | undefined> = {}): string {
  const tags = Object.entries({ ...good, ...changes });
  return tags.flatMap(([name, value]) => (value === undefined ? [] : [` ${name}=${value}`])).join(';');
}

function problem(changes: Record<string, string | undefined>): DkimProblem | undefined {
  const reading = read(list(changes));
  return reading.ok ? undefined : reading.problem;
}

function value(changes: Record<string, string | undefined>): Signature {
  const reading = read(list(changes));
  assert.ok(reading.ok, JSON.stringify(reading));
  return reading.value;
}

test('RFC 6376 §3.5: the tags of a plain signature', () => {
  const signature = value({});
  assert.partialDeepStrictEqual(signature, {
    algorithm: 'rsa-sha256',
    domain: 'example.com',
    selector: 'sel',
    keyName: 'sel._domainkey.example.com',
    headerForm: 'simple',
    bodyForm: 'simple',
    fieldNames: ['from', 'to'],
  });
  assert.equal(signature.identity, undefined);
  assert.equal(Buffer.from(signature.bodyHash, 'base64').toString(), '12345678901234567890123456789012');
});

test('RFC 6376 §3.5 (c=): absent, one word, two words, nonsense', () => {
  for (const [c, headerForm, bodyForm] of [
    [undefined, 'simple', 'simple'],
    ['relaxed', 'relaxed', 'simple'],
    ['simple/relaxed', 'simple', 'relaxed'],
    ['relaxed/relaxed', 'relaxed', 'relaxed'],
  ] as const) {
    assert.partialDeepStrictEqual(value({ c }), { headerForm, bodyForm });
  }
  for (const c of ['', 'Relaxed', 'relaxed/', '/simple', 'relaxed / relaxed', 'nowsp']) {
    assert.equal(problem({ c }), 'canonicalization-unknown', c);
  }
});

test('RFC 6376 §3.2: repeated tags, wrong case, a semicolon too many; a final one and unknown tags are fine', () => {
  const reading = (tags: string) => {
    const got = read(tags);
    return got.ok ? undefined : got.problem;
  };
  assert.equal(reading(`${list()}; s=other`), 'tags-unreadable');
  assert.equal(reading(`${list()};;`), 'tags-unreadable');
  assert.equal(reading(`${list()}; =x`), 'tags-unreadable');
  assert.equal(reading(list({ d: undefined, D: 'example.com' })), 'tag-missing');
  assert.equal(reading(`${list()};\r\n `), undefined);
  assert.equal(reading(`${list()}; future=yes; V=2`), undefined);
});

test('RFC 6376 §6.1.1: required tags and the version', () => {
  for (const tag of ['a', 'b', 'bh', 'd', 'h', 's']) assert.equal(problem({ [tag]: undefined }), 'tag-missing', tag);
  for (const v of [undefined, '2', '', '1.0', '01']) assert.equal(problem({ v }), 'version-unknown', String(v));
});

test('RFC 8301 §3.1, RFC 8463 §3: algorithms', () => {
  assert.equal(problem({ a: 'rsa-sha1' }), 'algorithm-retired');
  assert.equal(value({ a: 'ed25519-sha256' }).algorithm, 'ed25519-sha256');
  for (const a of ['', 'RSA-SHA256', 'rsa-sha512', 'ed25519', 'sha256'])
    assert.equal(problem({ a }), 'algorithm-unknown', a);
});

test('RFC 6376 §2.10: base64 may be folded anywhere and must be exact', () => {
  const folded = ` ${b64.slice(0, 7)}\r\n\t ${b64.slice(7)} `;
  assert.deepEqual(value({ b: folded, bh: folded }).bodyHash, value({}).bodyHash);
  const stray = `${b64.slice(0, -2)}J=`; // RFC 4648 §3.5: bits that no octet has
  assert.equal(value({ bh: stray }).bodyHash, value({}).bodyHash);
  for (const b of ['', 'abc', 'ab=c', 'abcd=', 'ab-d', 'ab_d', '====']) {
    assert.equal(problem({ b }), 'signature-unreadable', b);
    assert.equal(problem({ bh: b }), 'body-hash-unreadable', b);
  }
  assert.equal(problem({ bh: 'MTIz' }), 'body-hash-unreadable');
});

test('RFC 6376 §3.1, §6.1.1: d= and s= are checked before anything is asked', () => {
  for (const d of [
    '',
    '.',
    'a..b',
    'example.com.',
    'exa\xa0mple.com',
    'a b.c',
    '"x".c',
    'a@b.c',
    `${'a'.repeat(64)}.c`,
    'a.-b',
  ]) {
    assert.equal(problem({ d }), 'domain-invalid', d);
  }
  for (const s of ['', '.', 'a.', '.a', 'a b', '"a"', 'a/b', 'a'.repeat(64)]) {
    assert.equal(problem({ s }), 'selector-invalid', s);
  }
  assert.equal(problem({ s: 'se\0l' }), 'tags-unreadable');
  assert.equal(value({ s: 'A.b_2024', d: 'EXAMPLE.Com' }).keyName, 'a.b_2024._domainkey.example.com');
});

test('RFC 8616 §5: U-labels in d=, s= and i= are looked up as A-labels', () => {
  const utf8 = Buffer.from('grün.example', 'utf8').toString('latin1');
  const signature = value({ d: utf8, i: `@${utf8}` });
  assert.equal(signature.keyName, 'sel._domainkey.xn--grn-ioa.example');
  assert.equal(signature.identity?.domain, 'xn--grn-ioa.example');
  assert.equal(problem({ d: 'gr\xfcn.example' }), 'domain-invalid');
});

test('RFC 6376 §6.1.1: From as a whole name in h=, whatever the case and the folding', () => {
  assert.equal(problem({ h: 'to:subject' }), 'from-unsigned');
  assert.equal(problem({ h: 'x-from:from-x' }), 'from-unsigned');
  assert.equal(problem({ h: '' }), 'from-unsigned');
  assert.equal(problem({ h: 'fr om' }), 'fields-unreadable');
  assert.deepEqual(value({ h: 'To \r\n\t:\r\n FROM::' }).fieldNames, ['to', 'from', '', '']);
});

test('RFC 6376 §3.5 (i=): decoded, and at or below d= on a label boundary', () => {
  assert.deepEqual(value({ i: 'j=C3=B6 e=40x@mail.example.com' }).identity, {
    local: 'jöe@x',
    domain: 'mail.example.com',
  });
  assert.deepEqual(value({ i: '@example.com' }).identity, { local: '', domain: 'example.com' });
  for (const i of ['a@b.example', 'a@evilexample.com', 'a@com', '@example.com.evil']) {
    assert.equal(problem({ i }), 'identity-foreign', i);
  }
  for (const i of ['', 'example.com', 'a@', 'a=ZZ@example.com', 'a=c3@example.com', 'a=C3@example.com']) {
    assert.equal(problem({ i }), 'identity-invalid', i);
  }
});

test('RFC 6376 §3.5 (t=, x=, l=, q=): numbers and lists', () => {
  assert.partialDeepStrictEqual(value({ t: '1', x: '999999999999' }), {
    signedAtSeconds: 1,
    expiresAtSeconds: 999_999_999_999,
  });
  for (const t of ['', '-1', '1.5', '1e3', 'now', '1234567890123']) assert.equal(problem({ t }), 'time-unreadable', t);
  assert.equal(problem({ t: '5', x: '5' }), 'expiry-before-signing');
  assert.equal(problem({ t: '5', x: '4' }), 'expiry-before-signing');
  for (const l of ['', '-1', 'all', '1'.repeat(77)]) assert.equal(problem({ l }), 'length-unreadable', l);
  assert.equal(value({ l: '0' }).bodyOctets, 0);
  assert.equal(value({ l: '9'.repeat(76) }).bodyOctets, Number.MAX_SAFE_INTEGER);
  assert.equal(problem({ q: 'http' }), 'query-method-unknown');
  assert.equal(problem({ q: '' }), 'query-method-unknown');
  value({ q: 'http : dns/txt' });
});

test('RFC 8617 §4.1.2: an ARC-Message-Signature has no version, a number for i= and covers no seal', () => {
  const reading = (changes: Record<string, string | undefined>) => {
    const got = read(list({ v: undefined, i: '2', ...changes }), 'arc');
    return got.ok ? undefined : got.problem;
  };
  assert.equal(reading({}), undefined);
  assert.equal(reading({ v: '1' }), 'version-in-arc');
  assert.equal(reading({ h: 'from:ARC-Seal' }), 'seal-signed');
});

test('what a broken signature still says of itself', () => {
  const reading = read(list({ a: 'rsa-sha1', b: 'ab cd' }));
  assert.deepEqual(!reading.ok && reading.named, {
    domain: 'example.com',
    selector: 'sel',
    algorithm: 'rsa-sha1',
    base64: 'abcd',
  });
  const hostile = read(list({ d: 'a"; dkim=pass', s: '"', b: '<script>' }));
  assert.equal(hostile.ok, false);
});

test('any field is read or refused, never thrown at', () => {
  const unit = fc.constantFrom(
    ...'abdhsvilqtxz=;: \t@./"\\',
    '\r\n ',
    '\r',
    '\n',
    '\0',
    '\xff',
    'from',
    'rsa-sha256',
    b64,
  );
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 80 }), (tags) => {
      const index = indexMessage(Buffer.from(`DKIM-Signature:${tags}`, 'latin1'));
      for (const field of index.fields) {
        readSignature(index, field, 'dkim');
        readSignature(index, field, 'arc');
      }
    }),
    { numRuns: 500 },
  );
});
