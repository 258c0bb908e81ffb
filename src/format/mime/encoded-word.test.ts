import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { anyCharacter } from '../../../test/support/any-character.ts';
import { hasControlCharacter, isWellFormed, latin1, utf8 } from '../../base/bytes.ts';
import { decodeWords, encodeWords } from './encoded-word.ts';

test('RFC 2047 §8: the examples', () => {
  for (const [text, shown] of [
    ['(=?ISO-8859-1?Q?a?=)', '(a)'],
    ['(=?ISO-8859-1?Q?a?= b)', '(a b)'],
    ['(=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=)', '(ab)'],
    ['(=?ISO-8859-1?Q?a?=  =?ISO-8859-1?Q?b?=)', '(ab)'],
    ['(=?ISO-8859-1?Q?a_b?=)', '(a b)'],
    ['(=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=)', '(a b)'],
    [
      '=?ISO-8859-1?B?SWYgeW91IGNhbiByZWFkIHRoaXMgeW8=?= =?ISO-8859-2?B?dSB1bmRlcnN0YW5kIHRoZSBleGFtcGxlLg==?=',
      'If you can read this you understand the example.',
    ],
    ['=?US-ASCII?Q?Keith_Moore?= <moore@cs.utk.edu>', 'Keith Moore <moore@cs.utk.edu>'],
    ['=?ISO-8859-1?Q?Keld_J=F8rn_Simonsen?=', 'Keld Jørn Simonsen'],
  ] as const) {
    assert.equal(decodeWords(text), shown);
  }
});

test('other charsets, languages, characters split between words', () => {
  assert.equal(decodeWords('=?iso-2022-jp?B?GyRCRnxLXBsoQg==?='), '日本');
  assert.equal(decodeWords('=?utf-8*en?q?caf=C3=A9?='), 'café');
  assert.equal(decodeWords('=?utf-8?q?caf=C3?= =?utf-8?q?=A9?='), 'café');
  assert.equal(decodeWords('=?windows-1252?q?=80?='), '€');
});

test('raw octets are UTF-8 where they can be', () => {
  assert.equal(decodeWords(latin1(utf8('Grüße'))), 'Grüße');
  assert.equal(decodeWords('Gr\xfc\xdfe'), 'Grüße');
});

test('unknown charsets and broken words stay as they are', () => {
  for (const text of [
    '=?utf-7?q?+AGE-?=',
    '=?iso-2022-kr?b?YQ==?=',
    '=?utf-8?x?a?=',
    '=?utf-8?b?a*?=',
    '=?utf-8?q?a',
    '=??q?a?=',
    '=?=',
  ]) {
    assert.equal(decodeWords(text), text);
  }
});

test('what hides in a word cannot break the line', () => {
  assert.equal(decodeWords('=?utf-8?q?a=0D=0ABcc:_x=00=E2=80=A8?='), 'a\ufffd\ufffdBcc: x\ufffd\ufffd');
  assert.equal(decodeWords('a\tb'), 'a b');
});

test('tens of thousands of words, and masses of beginnings, are read in linear time', () => {
  const many = Array(50_000).fill('=?iso-8859-1?q?a?=').join(' ');
  assert.equal(decodeWords(many), 'a'.repeat(50_000));
  const starts = '=?utf-8?q?'.repeat(50_000);
  assert.equal(decodeWords(starts), starts);
  assert.equal(decodeWords('=?'.repeat(300_000)).length, 600_000);
  assert.equal(decodeWords(`=?a?q?${'x'.repeat(1_000_000)}`).length, 1_000_006);
});

test('property: any text survives, every word is short and whole', () => {
  const text = fc
    .string({ unit: anyCharacter, minLength: 1, maxLength: 200 })
    .filter((one) => isWellFormed(one) && !hasControlCharacter(one));
  fc.assert(
    fc.property(text, fc.option(fc.nat(100), { nil: undefined }), (given, room) => {
      const words = encodeWords(given, room === undefined ? {} : { room });
      for (const word of words) assert.match(word, /^=\?UTF-8\?[BQ]\?[!-~]+\?=$/);
      for (const word of words) assert.ok(word.length <= 75); // RFC 2047 §2
      for (const word of words) assert.ok(!decodeWords(word).includes('\ufffd') || given.includes('\ufffd'));
      assert.equal(decodeWords(words.join(' ')), given);
    }),
    { numRuns: 500 },
  );
});

test('property: any octets are shown somehow, on one line', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('=?', '?=', '?', 'q', 'b', 'utf-8', 'YQ==', '=0A', ' ', '\r\n', '\xe4', '\0')),
      (pieces) => {
        assert.ok(!hasControlCharacter(decodeWords(pieces.join(''))));
      },
    ),
    { numRuns: 300 },
  );
});
