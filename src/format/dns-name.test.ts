import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { arbitraryName } from '../../test/support/arbitrary-dns.ts';
import { dnsNameKey, dnsNameText, isSameOrBelow, lowerDnsName, parseDnsName } from './dns-name.ts';

test('relative, absolute, origin and root', () => {
  assert.deepEqual(parseDnsName('www', ['example', 'com']), ['www', 'example', 'com']);
  assert.deepEqual(parseDnsName('www.', ['example', 'com']), ['www']);
  assert.deepEqual(parseDnsName('@', ['example', 'com']), ['example', 'com']);
  assert.deepEqual(parseDnsName('.', ['example', 'com']), []);
});

test('what is no name', () => {
  const tooLong = Array.from({ length: 128 }, () => 'a').join('.');
  for (const text of ['', '..', '.a', 'a..b', 'a\\', 'a\\25', 'a\\999', 'ä', `${'a'.repeat(64)}.`, tooLong]) {
    assert.equal(parseDnsName(text), undefined, text);
  }
});

test('different names have different texts, and every text is read back', () => {
  fc.assert(
    fc.property(arbitraryName(), arbitraryName(), (a, b) => {
      assert.deepEqual(parseDnsName(`${dnsNameText(a)}.`), a);
      assert.equal(dnsNameText(a) === dnsNameText(b), JSON.stringify(a) === JSON.stringify(b));
    }),
  );
});

test('RFC 4343 §3: letters compare without case, other octets as they are', () => {
  assert.equal(dnsNameKey(['ExAmPlE']), 'example');
  assert.deepEqual(lowerDnsName(['\xc4A\u0130'.slice(0, 2)]), ['\xc4a']);
  assert.ok(isSameOrBelow(['a', 'B'], ['b']));
  assert.ok(isSameOrBelow(['b'], []));
  assert.ok(!isSameOrBelow(['xb'], ['b']));
  assert.ok(!isSameOrBelow(['a.b'], ['b']), 'a dot inside a label is no boundary');
});
