import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  asBuffer,
  base32,
  concat,
  equalConstantTime,
  fromLatin1,
  fromUtf8,
  hasControlCharacter,
  isAscii,
  isWellFormed,
  latin1,
  utf8,
} from './bytes.ts';

test('latin1 text has one character per octet, both ways', () => {
  const all = Uint8Array.from({ length: 256 }, (_, octet) => octet);
  assert.equal(latin1(all).length, 256);
  assert.equal(latin1(all).charCodeAt(200), 200);
  assert.deepEqual(Uint8Array.from(fromLatin1(latin1(all))), all);
});

test('UTF-8 there and back', () => {
  assert.equal(fromUtf8(utf8('grüße 😀')), 'grüße 😀');
  assert.equal(fromUtf8(Uint8Array.of(0xff)), '\ufffd');
});

test('asBuffer is a view, not a copy', () => {
  const whole = Uint8Array.of(1, 2, 3, 4);
  const view = asBuffer(whole.subarray(1, 3));
  assert.deepEqual([...view], [2, 3]);
  whole[1] = 9;
  assert.equal(view[0], 9);
  assert.equal(asBuffer(view), view);
});

test('concat', () => {
  assert.deepEqual([...concat([Uint8Array.of(1), Uint8Array.of(), Uint8Array.of(2, 3)])], [1, 2, 3]);
  assert.equal(concat([]).length, 0);
});

test('comparing in constant time', () => {
  assert.ok(equalConstantTime(utf8('secret'), utf8('secret')));
  assert.ok(!equalConstantTime(utf8('secret'), utf8('secreT')));
  assert.ok(!equalConstantTime(utf8('secret'), utf8('secrets')));
  assert.ok(equalConstantTime(utf8(''), utf8('')));
});

test('what counts as ASCII and as a control character', () => {
  assert.ok(isAscii('') && isAscii('\x00~\x7f') && !isAscii('\x80') && !isAscii('😀'));
  for (const text of ['\0', 'a\r', '\n', '\t', '\x1f', '\x7f', '\x85', '\u2028', '\u2029']) {
    assert.ok(hasControlCharacter(text), JSON.stringify(text));
  }
  assert.ok(!hasControlCharacter(' ~\xa0ü😀'));
  assert.ok(isWellFormed('😀') && !isWellFormed('\ud83d'));
});

test('base32: known values, alphabet, length', () => {
  assert.equal(base32(new Uint8Array()), '');
  assert.equal(base32(Uint8Array.of(0)), '00');
  assert.equal(base32(Uint8Array.of(0xff)), 'zw');
  assert.equal(base32(utf8('hello')), 'd1jprv3f');
  assert.equal(base32(new Uint8Array(16)).length, 26);
});

const octets = fc.uint8Array({ maxLength: 40 });

test('property: base32 is lower-case Crockford and tells octets apart', () => {
  fc.assert(
    fc.property(octets, octets, (a, b) => {
      assert.match(base32(a), /^[0-9a-hjkmnp-tv-z]*$/);
      assert.equal(base32(a).length, Math.ceil((a.length * 8) / 5));
      assert.equal(base32(a) === base32(b), Buffer.compare(a, b) === 0);
    }),
    { numRuns: 300 },
  );
});

test('property: base32 of one length sorts like the octets', () => {
  const pair = fc.nat({ max: 20 }).chain((length) => {
    const one = fc.uint8Array({ minLength: length, maxLength: length });
    return fc.tuple(one, one);
  });
  fc.assert(
    fc.property(pair, ([a, b]) => {
      const order = base32(a) < base32(b) ? -1 : base32(a) > base32(b) ? 1 : 0;
      assert.equal(order, Buffer.compare(a, b));
    }),
    { numRuns: 300 },
  );
});
