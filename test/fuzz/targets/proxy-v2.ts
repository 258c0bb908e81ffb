/** The PROXY header: known as soon as it is whole and not before, and what it says can be written to say the same. */
import assert from 'node:assert/strict';
import { concat } from '../../../src/base/bytes.ts';
import { parseIpAddress } from '../../../src/format/ip-address.ts';
import { readProxyHeader, writeProxyHeader } from '../../../src/protocol/smtp/proxy-v2.ts';
import type { FuzzTarget, Outcome } from '../target.ts';

const v4 = () => writeProxyHeader({ address: '192.0.2.1', port: 1024 }, { address: '192.0.2.25', port: 25 });
const v6 = () => writeProxyHeader({ address: '2001:db8::1', port: 1024 }, { address: '2001:db8::25', port: 25 });

export const proxyV2: FuzzTarget = {
  name: 'proxy-v2',
  octetsMax: 8_192,
  seeds: () => {
    const local = Buffer.from(v4());
    local[12] = 0x20;
    const withTlv = Buffer.concat([v4(), Uint8Array.of(4, 0, 1, 0)]);
    withTlv.writeUInt16BE(16, 14);
    return [
      v4(),
      v6(),
      local,
      withTlv,
      concat([v4(), Buffer.from('EHLO a.example\r\n')]),
      v4().subarray(0, 20),
      'PROXY TCP4 1 2 3 4\r\n',
    ];
  },
  dictionary: [
    ...[
      [0x21, 0x11, 0, 12],
      [0x21, 0x21, 0, 36],
      [0x20, 0],
      [0x21, 0x31],
      [0x11, 0x11],
      [0xff, 0xff],
      [0x10, 0x00],
      [0, 0],
    ].map((octets) => Uint8Array.from(octets)),
    ...['\r\n\r\n\0\r\nQUIT\n', 'EHLO a\r\n', '\0\0\0\0\0\0\0\0\0\0\xff\xff'],
  ],
  separators: ['\n', '\0'],
  open: () => ({ run }),
};

function run(input: Uint8Array): Outcome {
  const header = readProxyHeader(input);
  for (const length of [0, 1, 12, 15, 16, 17, input.length - 1]) {
    if (length < 0 || length >= input.length) continue;
    const early = readProxyHeader(input.subarray(0, length));
    if (early.kind !== 'more') assert.deepEqual(early, header, 'more octets made it something else');
  }
  if (header.kind === 'more') assert.ok(input.length < 16 + 4_096, 'it waits for more than a header may have');
  if (header.kind === 'more' || header.kind === 'bad') return header.kind === 'bad' ? header.why : 'more';
  assert.ok(header.octets >= 16 && header.octets <= Math.min(input.length, 16 + 4_096));
  assert.deepEqual(readProxyHeader(input.subarray(0, header.octets)), header, 'what follows the header counts');
  assert.equal(readProxyHeader(input.subarray(0, header.octets - 1)).kind, 'more');
  if (header.kind === 'local') return 'local';
  const { source, destination } = header;
  for (const { address, port } of [source, destination]) {
    assert.equal(parseIpAddress(address)?.text, address);
    assert.ok(port >= 0 && port <= 65_535);
  }
  const again = readProxyHeader(writeProxyHeader(source, destination));
  assert.ok(again.kind === 'proxied');
  assert.deepEqual([again.source, again.destination], [source, destination]);
  return `${source.address.includes(':')} ${destination.address.includes(':')}`;
}
