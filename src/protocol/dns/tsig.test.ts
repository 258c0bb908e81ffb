import assert from 'node:assert/strict';
import test from 'node:test';
import { signMessage, type TsigAlgorithm, type TsigKey, TsigStream } from './tsig.ts';

/** Updates as BIND's nsupdate 9.18 sent them, signed with `editor.key`. */
const captured: Readonly<Partial<Record<TsigAlgorithm, string>>> = {
  'hmac-sha256':
    '1a562800000100010002000108706f7374686f726e076578616d706c6500000600010174c00c0010000100000000000403612062c022001000ff000000000000c022001000010000012c0002016306656469746f72036b65790000fa00ff00000000003d0b686d61632d7368613235360000006b031d04012c0020dfe8e2c4a34d92ba136a5897128fd7aa324fdc052e1bfe5eed7f7e98b8e091861a5600000000',
  'hmac-sha512':
    '66232800000100010002000108706f7374686f726e076578616d706c6500000600010174c00c0010000100000000000403612062c022001000ff000000000000c022001000010000012c0002016306656469746f72036b65790000fa00ff00000000005d0b686d61632d7368613531320000006b031d04012c00408a9bf3b1044d1af6f43a66deea311848b34a28489fb0174946024dde5d07f432fb5280acd847750785a0213749d7ff4d69ad8260a82cd3b75d02200e9c812cb4662300000000',
};
const signedAtMs = 0x6b031d04 * 1000;

function key(algorithm: TsigAlgorithm, secret = 'sixteen octets and sixteen more!'): TsigKey {
  return { name: ['editor', 'key'], algorithm, secret: Buffer.from(secret) };
}

for (const [algorithm, hex] of Object.entries(captured) as [TsigAlgorithm, string][]) {
  const signed = Buffer.from(hex, 'hex');
  const unsigned = signed.subarray(0, signed.indexOf('\x06editor\x03key', 'latin1'));
  unsigned.writeUInt16BE(0, 10);

  test(`RFC 8945 §4.3.3: an update is signed as BIND signs it, ${algorithm}`, () => {
    const ours = signMessage(unsigned, key(algorithm), signedAtMs);
    assert.equal(Buffer.from(ours.octets).toString('hex'), hex);
  });

  test(`RFC 8945 §5.3: a reply that was signed without our question is forged, ${algorithm}`, () => {
    const { octets, mac } = signMessage(unsigned, key(algorithm), signedAtMs);
    assert.equal(new TsigStream(key(algorithm), mac).check(octets, signedAtMs), 'forged');
    assert.equal(new TsigStream(key(algorithm), mac).check(unsigned, signedAtMs), 'unsigned');
  });
}

test('RFC 8945 §5.3.2: what the server says of the key is told, whatever else the reply is', () => {
  const words = { 16: 'bad-signature', 17: 'bad-key', 18: 'bad-time' } as const;
  for (const [code, verdict] of Object.entries(words)) {
    const reply = Buffer.from(captured['hmac-sha256'] ?? '', 'hex');
    reply.writeUInt16BE(Number(code), reply.length - 4);
    assert.equal(new TsigStream(key('hmac-sha256'), new Uint8Array(32)).check(reply, signedAtMs), verdict);
  }
});

test('whatever the octets, there is a verdict', () => {
  const whole = Buffer.from(captured['hmac-sha256'] ?? '', 'hex');
  const stream = () => new TsigStream(key('hmac-sha256'), new Uint8Array(32));
  for (let end = 0; end < whole.length; end++) assert.equal(stream().check(whole.subarray(0, end), 0), 'unsigned');
  for (let at = 0; at < whole.length; at++) {
    const bent = Buffer.from(whole);
    bent[at] = (bent[at] ?? 0) ^ 0xc1;
    assert.notEqual(stream().check(bent, signedAtMs), 'good');
  }
});
