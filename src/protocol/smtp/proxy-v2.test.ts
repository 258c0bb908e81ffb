import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { concat, fromLatin1 } from '../../base/bytes.ts';
import { readProxyHeader, writeProxyHeader } from './proxy-v2.ts';

const hex = (text: string) => Buffer.from(text.replaceAll(/\s/g, ''), 'hex');
const signature = '0D0A0D0A000D0A515549540A';

test('the header of a connection over IPv4, and over IPv6 with a TLV behind the addresses', () => {
  assert.deepEqual(readProxyHeader(hex(`${signature} 21 11 000C CB007142 C0000219 9C40 0019 454C4F`)), {
    kind: 'proxied',
    octets: 28,
    source: { address: '203.0.113.66', port: 40_000 },
    destination: { address: '192.0.2.25', port: 25 },
  });
  const v6 = `${signature} 21 21 0029 20010DB8000000000000000000000001 20010DB8000000000000000000000002 0400 0019 0400020000`;
  assert.deepEqual(readProxyHeader(hex(v6)), {
    kind: 'proxied',
    octets: 57,
    source: { address: '2001:db8::1', port: 1024 },
    destination: { address: '2001:db8::2', port: 25 },
  });
});

test('a health check of the proxy itself', () => {
  assert.deepEqual(readProxyHeader(hex(`${signature} 20 00 0000`)), { kind: 'local', octets: 16 });
  assert.deepEqual(readProxyHeader(hex(`${signature} 20 11 000C 000000000000000000000000`)), {
    kind: 'local',
    octets: 28,
  });
});

test('everything else is no header', () => {
  for (const octets of [
    fromLatin1('EHLO c.example\r\n'),
    fromLatin1('PROXY TCP4 192.0.2.1 192.0.2.2 1 25\r\n'),
    fromLatin1('\r\n\r\nEHLO'),
    hex(`${signature} 11 11 000C CB007142C0000219 9C400019`), // version 1
    hex(`${signature} 22 11 000C CB007142C0000219 9C400019`), // unknown command
    hex(`${signature} 21 12 000C CB007142C0000219 9C400019`), // UDP
    hex(`${signature} 21 31 00D8 ${'00'.repeat(216)}`), // Unix socket
    hex(`${signature} 21 11 000B CB007142C0000219 9C4000`), // cut short
    hex(`${signature} 21 00 0000`), // a proxy that does not say for whom
    hex(`${signature} 21 11 FFFF`),
  ]) {
    assert.equal(readProxyHeader(octets).kind, 'bad', octets.toString());
  }
});

const endpoint = fc
  .tuple(fc.oneof(fc.ipV4(), fc.constantFrom('2001:db8::1', '::1', 'fe80::1')), fc.nat({ max: 65_535 }))
  .map(([address, port]) => ({ address, port }));

test('what is written is read, at whatever pace it comes', () => {
  fc.assert(
    fc.property(endpoint, endpoint, (source, destination) => {
      const octets = concat([writeProxyHeader(source, destination), fromLatin1('EHLO')]);
      const length = octets.length - 4;
      for (let n = 0; n < length; n++) assert.equal(readProxyHeader(octets.subarray(0, n)).kind, 'more');
      for (let n = length; n <= octets.length; n++) {
        assert.deepEqual(readProxyHeader(octets.subarray(0, n)), {
          kind: 'proxied',
          octets: length,
          source,
          destination,
        });
      }
    }),
  );
});

test('no octets make it throw or read on without end', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), fc.boolean(), (octets, signed) => {
      const header = readProxyHeader(signed ? concat([hex(signature), octets]) : octets);
      if (header.kind === 'more') assert.ok(octets.length < 4_200);
    }),
  );
});
