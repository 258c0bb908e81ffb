import assert from 'node:assert/strict';
import { isIPv4, isIPv6 } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  clientNetwork,
  type IpAddress,
  ipAddressOf,
  isPublicAddress,
  type Network,
  networkHolds,
  parseIpAddress,
  parseNetwork,
  reverseName,
} from './ip-address.ts';

function ip(text: string): IpAddress {
  const address = parseIpAddress(text);
  assert.ok(address, text);
  return address;
}

function network(text: string): Network {
  const parsed = parseNetwork(text);
  assert.ok(parsed, text);
  return parsed;
}

test('IPv4 is four decimal numbers and nothing else', () => {
  assert.deepEqual(ip('192.0.2.1'), { family: 4, bytes: Uint8Array.of(192, 0, 2, 1), text: '192.0.2.1' });
  for (const text of [
    '',
    '1.2.3',
    '1.2.3.4.5',
    '01.2.3.4',
    '1.2.3.256',
    '0x7f.0.0.1',
    '127.1',
    '2130706433',
    '1.2.3.4 ',
    '١.2.3.4',
  ]) {
    assert.equal(parseIpAddress(text), undefined, text);
  }
});

test('RFC 5952 §4: one spelling of IPv6', () => {
  const pairs = [
    ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['0:0:0:0:0:0:0:0', '::'],
    ['::1', '::1'],
    ['1::', '1::'],
    ['2001:0db8:0000:0000:0001:0000:0000:0000', '2001:db8:0:0:1::'],
    ['::192.0.2.1', '::c000:201'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
  ] as const;
  for (const [written, text] of pairs) assert.equal(ip(written).text, text);
});

test('what is no IPv6 address', () => {
  const texts = [
    ':',
    ':::',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7:8::',
    '1::2::3',
    ':1::',
    '1:',
    '::12345',
  ];
  texts.push(
    '::g',
    'fe80::1%eth0',
    '[::1]',
    '1.2.3.4::',
    '::1.2.3.4:5',
    '::1.2.3',
    '::01.2.3.4',
    ' ::1',
    '1:2:3:4:5:6:7:1.2.3.4',
  );
  for (const text of texts) assert.equal(parseIpAddress(text), undefined, text);
});

test('RFC 7208 §5: an IPv4-mapped address is the IPv4 address', () => {
  assert.deepEqual(ip('::ffff:192.0.2.1'), ip('192.0.2.1'));
  assert.deepEqual(ip('::FFFF:c000:201'), ip('192.0.2.1'));
  assert.deepEqual(ipAddressOf(Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 192, 0, 2, 1)), ip('192.0.2.1'));
  assert.equal(ipAddressOf(new Uint8Array(5)), undefined);
});

test('networks', () => {
  assert.equal(network('192.0.2.77/24').text, '192.0.2.0/24');
  assert.equal(network('192.0.2.77').text, '192.0.2.77/32');
  assert.equal(network('2001:db8:ffff::/33').text, '2001:db8:8000::/33');
  assert.equal(network('::ffff:10.0.0.0/104').text, '10.0.0.0/8');
  assert.equal(network('::/0').text, '::/0');
  for (const text of [
    '',
    '/',
    '10.0.0.0/',
    '10.0.0.0/33',
    '10.0.0.0/08',
    '10.0.0.0/+8',
    '::/129',
    '::ffff:0:0/95',
    '10/8',
    'a/8',
  ]) {
    assert.equal(parseNetwork(text), undefined, text);
  }
});

test('what a network holds', () => {
  const rows: [string, string, boolean][] = [
    ['192.0.2.0/24', '192.0.2.255', true],
    ['192.0.2.0/24', '192.0.3.0', false],
    ['192.0.2.128/25', '192.0.2.127', false],
    ['192.0.2.128/25', '::ffff:192.0.2.200', true],
    ['0.0.0.0/0', '203.0.113.9', true],
    ['0.0.0.0/0', '2001:db8::1', false],
    ['::/0', '192.0.2.1', false],
    ['2001:db8::/33', '2001:db8:7fff::1', true],
    ['2001:db8::/33', '2001:db8:8000::1', false],
  ];
  for (const [holder, held, expected] of rows) {
    assert.equal(networkHolds(network(holder), ip(held)), expected, `${holder} ${held}`);
  }
});

test('RFC 1035 §3.5, RFC 3596 §2.5: reverse names', () => {
  assert.equal(reverseName(ip('192.0.2.1')), '1.2.0.192.in-addr.arpa');
  const nibbles = 'b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.0.0.0.0.1.2.3.4';
  assert.equal(reverseName(ip('4321:0:1:2:3:4:567:89ab')), `${nibbles}.ip6.arpa`);
});

test('addresses that may be somebody on the open internet', () => {
  for (const text of [
    '8.8.8.8',
    '172.32.0.1',
    '100.128.0.1',
    '203.0.113.66',
    '2606:4700::1111',
    '2001:db8::1',
    '64:ff9b::8.8.8.8',
    '2002:808:808::1',
  ]) {
    assert.ok(isPublicAddress(ip(text)), text);
  }
});

test('addresses that no stranger may have us dial', () => {
  const texts = ['0.0.0.0', '10.1.2.3', '100.64.0.1', '127.0.0.1', '127.255.255.254', '169.254.169.254', '172.16.0.1'];
  texts.push('172.31.255.255', '192.0.0.8', '192.168.1.1', '198.18.0.1', '224.0.0.1', '240.0.0.1', '255.255.255.255');
  texts.push(
    '::',
    '::1',
    '::127.0.0.1',
    '::ffff:127.0.0.1',
    'fc00::1',
    'fd00:ec2::254',
    'fe80::1',
    'fec0::1',
    'ff02::1',
  );
  texts.push(
    '100::1',
    '2001::1',
    '64:ff9b::127.0.0.1',
    '64:ff9b::a9fe:a9fe',
    '64:ff9b:1::1',
    '2002:7f00:1::',
    '2002:a00:1::1',
  );
  for (const text of texts) assert.ok(!isPublicAddress(ip(text)), text);
});

test('property: we read what Node reads, but for zones, and the text reads back', () => {
  const pieces = fc.string({
    unit: fc.constantFrom('0', '1', 'f', 'ffff', '255', '256', ':', '::', '.', '%'),
    maxLength: 16,
  });
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), fc.ipV4Extended(), pieces, fc.string()), (text) => {
      const address = parseIpAddress(text);
      assert.equal(address !== undefined, isIPv4(text) || (isIPv6(text) && !text.includes('%')), text);
      if (address) assert.deepEqual(parseIpAddress(address.text), address);
    }),
    { numRuns: 500 },
  );
});

test('property: a network holds its own addresses and no other network of that size holds them', () => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), fc.nat({ max: 128 }), (text, bits) => {
      const address = ip(text);
      const prefix = Math.min(bits, address.bytes.length * 8);
      const own = network(`${address.text}/${prefix}`);
      assert.ok(networkHolds(own, address));
      if (prefix === 0) return;
      const flipped = Uint8Array.from(address.bytes);
      flipped[(prefix - 1) >> 3] = (flipped[(prefix - 1) >> 3] ?? 0) ^ (0x80 >> ((prefix - 1) & 7));
      const other = ipAddressOf(flipped);
      assert.ok(other && !networkHolds(own, other));
    }),
    { numRuns: 300 },
  );
});

test('a client is counted by its address, of IPv6 by its /64', () => {
  assert.equal(clientNetwork(ip('192.0.2.7')), '192.0.2.7');
  assert.equal(clientNetwork(ip('2001:db8:1:2::1')), clientNetwork(ip('2001:db8:1:2:ffff::')));
  assert.notEqual(clientNetwork(ip('2001:db8:1:2::1')), clientNetwork(ip('2001:db8:1:3::1')));
});
