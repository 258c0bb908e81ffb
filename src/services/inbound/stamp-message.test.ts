import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { fromLatin1, latin1 } from '../../base/bytes.ts';
import { bodyBytes, fieldsNamed, fieldText, indexMessage, rawField } from '../../format/message/message-index.ts';
import { forgedResultsFields } from '../../protocol/auth-results/strip-auth-results.ts';
import { stampMessage } from './stamp-message.ts';

const received = 'Received: by mx.example.com; Sat, 1 Jan 2000 00:00:00 +0000\r\n';
const results = 'Authentication-Results: mx.example.com; spf=pass smtp.mailfrom=b.test\r\n';

function stamp(text: string, envelopeFrom = 'bob@b.test'): string {
  const index = indexMessage(fromLatin1(text));
  const bytes = stampMessage(index, {
    envelopeFrom,
    recipient: 'ada@example.com',
    trace: [fromLatin1(results), fromLatin1(received)],
    forged: forgedResultsFields(index, ['mx.example.com']),
  });
  return latin1(bytes);
}
const ours = (from = 'bob@b.test') =>
  `Return-Path: <${from}>\r\nDelivered-To: ada@example.com\r\n${results}${received}`;

test('RFC 5321 §4.4: our fields on top, everything below octet for octet', () => {
  const text =
    'DKIM-Signature: v=1; x\r\n\ty\r\nFrom : bob@b.test\r\nX:\r\n\r\n 8 bit: \xfc, bare\nLF, NUL \0\r\n.\r\n';
  assert.equal(stamp(text), ours() + text);
});

test('exactly one Return-Path and Delivered-To, whatever came', () => {
  const text =
    'Return-Path: <a@x.test>\r\nReceived: x\r\nRETURN-PATH : <b@x.test>\r\nDelivered-To: eve@x.test\r\nReturn-Path:\r\n <folded@x.test>\r\nFrom: bob@b.test\r\n\r\nReturn-Path: <body@x.test>\r\n';
  assert.equal(stamp(text), `${ours()}Received: x\r\nFrom: bob@b.test\r\n\r\nReturn-Path: <body@x.test>\r\n`);
  assert.match(stamp(text, ''), /^Return-Path: <>\r\n/);
});

test('RFC 8601 §5: results that pretend to be ours go, in every spelling; others stay', () => {
  const other = 'Authentication-Results: mx.list.test; dkim=pass header.d=b.test\r\n';
  const fakes = [
    'Authentication-Results: mx.example.com; dmarc=pass header.from=bank.test\r\n',
    'AUTHENTICATION-RESULTS: MX.Example.COM 1; dmarc=pass\r\n',
    'authentication-results :\r\n (a comment) "mx.example.com" ; dmarc=pass\r\n',
    'Authentication-Results: mx.example.com\r\n',
    'Authentication-Results: (unclosed; dmarc=pass\r\n',
  ];
  assert.equal(
    stamp(`${fakes.join('')}${other}From: bob@b.test\r\n\r\nhi\r\n`),
    `${ours()}${other}From: bob@b.test\r\n\r\nhi\r\n`,
  );
});

test('blanks before the first name do not hide that field in one of ours', () => {
  const stamped = stamp(' \t From: bob@b.test\r\nSubject: x\r\n\r\nhi\r\n');
  assert.equal(stamped, `${ours()}From: bob@b.test\r\nSubject: x\r\n\r\nhi\r\n`);
  assert.equal(
    stamp(' Return-Path: <x@y>\r\nFrom: bob@b.test\r\n\r\nhi\r\n'),
    `${ours()}From: bob@b.test\r\n\r\nhi\r\n`,
  );
});

test('a first line of blanks does not end the header before the author who was judged', () => {
  for (const blank of [' \r\n', '\t\r\n \r\n', ' \r\n\t '])
    assert.equal(stamp(`${blank}From: bob@b.test\r\n\r\nhi\r\n`), `${ours()}From: bob@b.test\r\n\r\nhi\r\n`);
  assert.equal(stamp('\t\r\n\r\nFrom: bob@b.test\r\n'), `${ours()}\r\nFrom: bob@b.test\r\n`);
});

test('a message without header, without body, without anything', () => {
  assert.equal(stamp('\r\nbody\r\n'), `${ours()}\r\nbody\r\n`);
  assert.equal(stamp(''), ours());
  assert.equal(stamp('   '), ours());
});

const piece = fc.constantFrom(
  ...[
    'Return-Path: <x@y>\r\n',
    'Delivered-To: ada@example.com\r\n',
    results,
    'From: bob@b.test\r\n',
    ' folded\r\n',
    '\r\n',
    'no colon\r\n',
  ],
  ...['X: \xfc\r\n', ' ', '\t', '\n', '\r', ':', 'Return-Path', 'authentication-results : mx.example.com;', 'text'],
);

test('whatever comes: one Return-Path, one Delivered-To, one field of results under our name, the body untouched', () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const text = pieces.join('');
      const before = indexMessage(fromLatin1(text));
      const after = indexMessage(fromLatin1(stamp(text)));
      assert.equal(fieldsNamed(after, 'return-path').length, 1);
      assert.equal(fieldText(after, 'return-path'), '<bob@b.test>');
      assert.equal(fieldText(after, 'delivered-to'), 'ada@example.com');
      assert.equal(fieldsNamed(after, 'delivered-to').length, 1);
      assert.equal(forgedResultsFields(after, ['mx.example.com']).length, 1, 'ours');
      assert.equal(latin1(rawField(after, after.fields[2] as never)), results);
      if (before.bodyStart < before.bytes.length) assert.equal(latin1(bodyBytes(after)), latin1(bodyBytes(before)));
    }),
    { numRuns: 500 },
  );
});
