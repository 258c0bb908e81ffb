import assert from 'node:assert/strict';
import { isIPv4, isIPv6 } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { ipv4Octets, ipv4Text, ipv6Octets, ipv6Text } from './ip-octets.ts';

/** The canonical text, undefined when it is no address. */
function canonical(text: string): string | undefined {
  const octets = ipv6Octets(text);
  return octets && ipv6Text(octets);
}

test('RFC 5952 §4: one text for every address', () => {
  assert.equal(canonical('2001:DB8:0:0:1:0:0:1'), '2001:db8::1:0:0:1');
  assert.equal(canonical('2001:db8:0:1:1:1:1:1'), '2001:db8:0:1:1:1:1:1');
  assert.equal(canonical('0:0:0:0:0:0:0:0'), '::');
  assert.equal(canonical('1::'), '1::');
  assert.equal(canonical('::1'), '::1');
  assert.equal(canonical('::ffff:c000:0201'), '::ffff:192.0.2.1');
  assert.equal(canonical('64:ff9b::192.0.2.1'), '64:ff9b::c000:201');
});

test('what is no address', () => {
  for (const text of [
    '',
    ':',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7::8',
    '12345::',
    '::1%eth0',
    '::192.0.2',
    '192.0.2.1::',
  ]) {
    assert.equal(canonical(text), undefined, text);
  }
  for (const text of ['', '192.0.2', '192.0.2.256', '192.0.2.01', '192.0.2.1.', '0x7f.0.0.1']) {
    assert.equal(ipv4Octets(text), undefined, text);
  }
});

test('addresses and text agree with the platform', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (octets) => {
      assert.deepEqual(ipv6Octets(ipv6Text(octets)), octets);
      assert.ok(isIPv6(ipv6Text(octets)));
      assert.deepEqual(ipv4Octets(ipv4Text(octets.subarray(0, 4))), octets.subarray(0, 4));
    }),
  );
  const text = fc.string({ unit: fc.constantFrom('0', '1', 'f', ':', ':', '.', '10', '255'), maxLength: 20 });
  fc.assert(
    fc.property(text, (written) => {
      assert.equal(ipv6Octets(written) !== undefined, isIPv6(written), written);
      assert.equal(ipv4Octets(written) !== undefined, isIPv4(written), written);
    }),
    { numRuns: 500 },
  );
});
