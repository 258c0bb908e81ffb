import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { fromLatin1, latin1, utf8 } from '../../base/bytes.ts';
import { watchLines } from '../line-ends.ts';
import {
  decodeTransferEncoding,
  encodeBase64,
  encodeQuotedPrintable,
  transferEncodingToken,
} from './transfer-encoding.ts';

const encodeText = (text: string) => latin1(encodeQuotedPrintable(fromLatin1(text)));
const decode = (text: string, token: string) => {
  const content = decodeTransferEncoding(fromLatin1(text), token);
  return content && latin1(content);
};

test('RFC 2045 §6.7: what must be escaped is, what may stay stays', () => {
  assert.equal(encodeText('a=b\tc d'), 'a=3Db\tc d');
  assert.equal(encodeText('blank \r\ntab\t\r\nend '), 'blank=20\r\ntab=09\r\nend=20');
  assert.equal(encodeText('\0\x7f\xe4'), '=00=7F=E4');
  assert.equal(encodeText('lone\rlone\nboth\r\n'), 'lone=0Dlone=0Aboth\r\n');
  assert.equal(encodeText('From me\r\nFrom you\r\nNot From'), '=46rom me\r\n=46rom you\r\nNot From');
  assert.equal(latin1(encodeQuotedPrintable(utf8('ü'))), '=C3=BC');
});

test('RFC 2045 §6.7 (5): lines end at 76, the equals sign of a soft break included', () => {
  assert.equal(encodeText('x'.repeat(76)), 'x'.repeat(76));
  assert.equal(encodeText('x'.repeat(77)), `${'x'.repeat(75)}=\r\nxx`);
  assert.equal(encodeText('\xff'.repeat(26)), `${'=FF'.repeat(25)}=\r\n=FF`);
});

test('quoted-printable is read as leniently as readers do', () => {
  assert.equal(decode('a=3db=\r\nc =20\r\nd  \r\n', 'quoted-printable'), 'a=bc  \r\nd\r\n');
  assert.equal(decode('a= \t\r\nb=\nc=', 'quoted-printable'), 'abc');
  assert.equal(decode('50% =ZZ =4 \xe4', 'quoted-printable'), '50% =ZZ =4 \xe4');
  assert.equal(decode('a \t\nb \rc =20 \r\n =\r\n \r\n', 'quoted-printable'), 'a\nb \rc  \r\n \r\n');
  assert.equal(decode('x=0D=0A =20=\r\n  \t', 'quoted-printable'), 'x\r\n  ');
});

test('base64 skips what is not its alphabet and ends at the padding', () => {
  assert.equal(decode('SGVs\r\n bG8*h\r\n', 'base64'), 'Hello!');
  assert.equal(decode('SGk=\r\n-- \r\nfooter', 'base64'), 'Hi');
  assert.equal(decode('', 'base64'), '');
});

test('tokens', () => {
  assert.deepEqual([undefined, ' 8Bit ', 'base64 (rfc2045)', 'BINARY;', ''].map(transferEncodingToken), [
    '7bit',
    '8bit',
    'base64',
    'binary',
    '7bit',
  ]);
  assert.equal(decode('x', 'x-uuencode'), undefined);
  assert.equal(decode('x', '8bit'), 'x');
});

const content = fc.oneof(
  fc.uint8Array({ maxLength: 400 }),
  fc
    .array(fc.constantFrom(' ', '\t', '\r\n', '\r', '\n', '=', 'a', 'From ', 'ü', 'x'.repeat(80)), { maxLength: 60 })
    .map((all) => utf8(all.join(''))),
);

test('property: any octets come back, and on the way they are short 7-bit lines', () => {
  fc.assert(
    fc.property(content, (octets) => {
      for (const [token, encoded] of [
        ['base64', encodeBase64(octets)],
        ['quoted-printable', encodeQuotedPrintable(octets)],
      ] as const) {
        const facts = watchLines(encoded);
        assert.ok(facts.longestLine <= 76);
        assert.deepEqual(
          [facts.eightBitAt, facts.bareCrAt, facts.bareLfAt, facts.nulAt],
          [undefined, undefined, undefined, undefined],
        );
        assert.deepEqual(Buffer.from(decodeTransferEncoding(encoded, token) ?? []), Buffer.from(octets));
        assert.ok(!/[\t ](?:\r\n|$)/.test(latin1(encoded)));
      }
    }),
    { numRuns: 500 },
  );
});

test('property: decoding never throws; masses of blanks and equals signs are linear', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.constantFrom('base64', 'quoted-printable', '7bit', 'x'), (octets, token) => {
      decodeTransferEncoding(octets, token);
    }),
  );
  for (const unit of [' ', '= ', '=', '\t\r', '=\r\n']) decode(unit.repeat(200_000), 'quoted-printable');
  decode('='.repeat(500_000), 'base64');
});
