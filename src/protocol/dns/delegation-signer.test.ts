import assert from 'node:assert/strict';
import test from 'node:test';
import { dnsNameOf } from '../../format/dns-name.ts';
import { parseQueryName } from '../../format/domain-name.ts';
import { canTell, vouchesFor } from './delegation-signer.ts';

const name = parseQueryName('dskey.example.com');
assert.ok(name);
const zone = dnsNameOf(name);
const key = {
  flags: 256,
  protocol: 3,
  algorithm: 5,
  key: Uint8Array.fromBase64(
    'AQOeiiR0GOMYkDshWoSKz9XzfwJr1AYtsmx3TGkJaNXVbfi/2pHm822aJ5iI9BMzNXxeYCmZDRD99WYwYqUSdjMmmAphXdvxegXd/M5+X7OrzKBaMbCVdFLUUh6DhweJBjEVv5f2wwjM9XzcnOf+EPbtG9DMBmADjFDc2w/rljwvFw==',
  ),
};
const signer = (digestType: number, digest: string) => ({
  keyTag: 60485,
  algorithm: 5,
  digestType,
  digest: Uint8Array.fromHex(digest),
});

test('RFC 4034 §5.4 and RFC 4509 §2.3: the examples vouch for their key, and for no other', () => {
  const vouching = [
    signer(1, '2BB183AF5F22588179A53B0A98631FAD1A292118'),
    signer(2, 'D4B7D520E7BB5F0F67674A0CCEB1E3E0614B93C4F9E99B8383F6A1E4469DA50A'),
  ];
  for (const ds of vouching) {
    assert.ok(vouchesFor(ds, zone, key));
    assert.ok(vouchesFor(ds, ['DSKEY', 'Example', 'com'], key));
    assert.ok(!vouchesFor(ds, ['example', 'com'], key));
    assert.ok(!vouchesFor(ds, zone, { ...key, flags: 257 }));
    assert.ok(!vouchesFor({ ...ds, algorithm: 8 }, zone, key));
  }
});

test('of a digest nobody knows nothing is said', () => {
  assert.ok(!canTell(signer(9, 'ff')));
  assert.ok(!vouchesFor(signer(9, 'ff'), zone, key));
});
