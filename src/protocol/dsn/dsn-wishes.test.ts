/** The parameters of RFC 3461: what they may say, what they may not, and that the next hop reads what we read. */
import assert from 'node:assert/strict';
import test from 'node:test';
import * as fc from 'fast-check';
import { anyCharacter } from '../../../test/support/any-character.ts';
import {
  type DsnOccasion,
  originalRecipientOf,
  readEnvelopeId,
  readNotify,
  readOriginalRecipient,
  readReturn,
  wantsNews,
  writeEnvelopeId,
  writeNotify,
  writeOriginalRecipient,
  writeReturn,
} from './dsn-wishes.ts';

const plain = { smtpUtf8: false };

test('RFC 3461 §4.1: NEVER alone, or each occasion once, in any case', () => {
  assert.deepEqual(readNotify('NEVER'), []);
  assert.deepEqual(readNotify('delay,Success'), ['success', 'delay']);
  assert.deepEqual(readNotify('SUCCESS,FAILURE,DELAY'), ['success', 'failure', 'delay']);
  for (const bad of ['', ',', 'NEVER,FAILURE', 'FAILURE,NEVER', 'FAILURE,FAILURE', 'FAILURE,', 'ALWAYS', 'NEVER,NEVER'])
    assert.equal(readNotify(bad), undefined, bad);
});

test('RFC 3461 §4.1: who says nothing hears of failures', () => {
  const heard = (notify?: readonly DsnOccasion[]) =>
    (['success', 'failure', 'delay'] as const).filter((of) => wantsNews(notify ? { notify } : {}, of));
  assert.deepEqual(heard(), ['failure']);
  assert.deepEqual(heard([]), []);
  assert.deepEqual(heard(['success', 'delay']), ['success', 'delay']);
});

test('RFC 3461 §4.3: FULL or HDRS', () => {
  assert.equal(readReturn('Full'), 'full');
  assert.equal(readReturn('HDRS'), 'hdrs');
  for (const bad of ['', 'BODY', 'FULL,HDRS']) assert.equal(readReturn(bad), undefined, bad);
});

test('RFC 3461 §4.4: an envelope id is xtext of printable text, 100 characters at most', () => {
  assert.equal(readEnvelopeId('QQ314159'), 'QQ314159');
  assert.equal(readEnvelopeId('a+20b+2Bc+3Dd'), 'a b+c=d');
  assert.equal(readEnvelopeId('x'.repeat(100)), 'x'.repeat(100));
  for (const bad of ['', '+', '+2', '+2b', 'a b', 'a=b', 'a+0D+0AX: y', '+00', '+7F', '+C3+A9', 'é', 'x'.repeat(101)])
    assert.equal(readEnvelopeId(bad), undefined, bad);
});

test('RFC 3461 §4.2: an original recipient has a type; rfc822 is xtext, others are kept', () => {
  assert.deepEqual(readOriginalRecipient('rfc822;Bob+2Btag@b.test', plain), {
    type: 'rfc822',
    address: 'Bob+tag@b.test',
  });
  assert.deepEqual(readOriginalRecipient('X400;/G=bob/', plain), undefined, 'the equals sign is encoded');
  assert.deepEqual(readOriginalRecipient('X400;/G+3Dbob/', plain), { type: 'x400', address: '/G=bob/' });
  const longest = `rfc822;${'x'.repeat(493)}`;
  assert.ok(readOriginalRecipient(longest, plain));
  for (const bad of [
    '',
    ';',
    'bob@b.test',
    'rfc822;',
    ';bob@b.test',
    'rfc 822;b',
    'rfc822;b+0Ac',
    'rfc822;+',
    `${longest}x`,
  ])
    assert.equal(readOriginalRecipient(bad, plain), undefined, bad);
});

test('RFC 6533 §3: utf-8 escapes characters, and comes as it is under SMTPUTF8 only', () => {
  const address = '用户@b.test';
  assert.deepEqual(readOriginalRecipient('utf-8;\\x{7528}\\x{6237}@b.test', plain), { type: 'utf-8', address });
  assert.deepEqual(readOriginalRecipient('UTF-8;用户@b.test', { smtpUtf8: true }), { type: 'utf-8', address });
  assert.deepEqual(readOriginalRecipient('utf-8;a\\x{2B}b\\x{3D}\\x{5C}', plain)?.address, 'a+b=\\');
  const bad = [
    ...['utf-8;用户@b.test', 'utf-8;a+b', 'utf-8;a\\b', 'utf-8;\\x{41}', 'utf-8;\\x{D800}', 'utf-8;\\x{110000}'],
    ...['utf-8;\\x{00E9}', 'utf-8;\\x{0A}', 'utf-8;\\x{85}', 'utf-8;\\x{2028}', 'utf-8;\\x{e9}', 'utf-8;\\x{}'],
  ];
  for (const text of bad) assert.equal(readOriginalRecipient(text, plain), undefined, text);
  assert.equal(readOriginalRecipient('rfc822;é@b.test', { smtpUtf8: true }), undefined);
});

test('what is written reads back the same, in printable ASCII without a blank', () => {
  const ascii = fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 30 });
  const unicode = fc
    .string({ unit: anyCharacter, minLength: 1, maxLength: 30 })
    .filter((text) => !/[\p{Cc}\u2028\u2029]/u.test(text));
  const wire = /^[!-<>-~]+$/;
  fc.assert(
    fc.property(ascii, unicode, fc.subarray(['success', 'failure', 'delay'] as const), (plainText, anyText, notify) => {
      const id = writeEnvelopeId(plainText);
      assert.match(id, wire);
      assert.equal(readEnvelopeId(id), plainText);
      assert.deepEqual(readNotify(writeNotify(notify)), notify);
      for (const original of [
        { type: 'x400', address: plainText },
        { type: 'utf-8', address: anyText },
        originalRecipientOf(anyText),
      ]) {
        const written = writeOriginalRecipient(original) ?? '';
        assert.match(written, wire);
        assert.deepEqual(readOriginalRecipient(written, plain), original);
      }
    }),
    { numRuns: 100 },
  );
  for (const ret of ['full', 'hdrs'] as const) assert.equal(readReturn(writeReturn(ret)), ret);
});

test('RFC 3461 §4.2: an original recipient that would be too long is not written', () => {
  assert.equal(writeOriginalRecipient(originalRecipientOf(`${'用'.repeat(80)}@b.test`)), undefined);
});

test('no text makes a reader throw, and what it accepts can be written', () => {
  fc.assert(
    fc.property(fc.string({ unit: anyCharacter, maxLength: 40 }), fc.boolean(), (text, smtpUtf8) => {
      readNotify(text);
      readReturn(text);
      const id = readEnvelopeId(text);
      if (id !== undefined) assert.equal(readEnvelopeId(writeEnvelopeId(id)), id);
      const read = readOriginalRecipient(`utf-8;${text}`, { smtpUtf8 });
      if (read) assert.deepEqual(readOriginalRecipient(writeOriginalRecipient(read) ?? '', plain), read);
    }),
    { numRuns: 100 },
  );
});
