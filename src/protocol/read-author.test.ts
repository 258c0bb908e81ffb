import assert from 'node:assert/strict';
import test from 'node:test';
import { headerLimits, indexMessage } from '../format/message/message-index.ts';
import { readAuthor, readSendersBeside } from './read-author.ts';

const authorOf = (header: string) => readAuthor(indexMessage(Buffer.from(`${header}\r\n\r\nbody\r\n`, 'latin1')));

test('RFC 9989 §5.3.1: one From, one author', () => {
  assert.partialDeepStrictEqual(authorOf('Subject: x\r\nFrom: A <a@Bank.example>'), {
    kind: 'one',
    domain: 'bank.example',
  });
  assert.partialDeepStrictEqual(authorOf('From:\r\n a@bank.example'), { kind: 'one', domain: 'bank.example' });
});

test('RFC 9989 §11.5: what readers see differently names nobody', () => {
  for (const header of [
    'Subject: x',
    'From: a@bank.example\r\nFrom: b@evil.example',
    'From: a@bank.example\r\nfrom: a@bank.example',
    ' From: a@bank.example\r\nFrom: b@evil.example',
    ' From: a@bank.example',
    'From : a@bank.example',
    'From\t: a@bank.example',
    'From\r\n : a@bank.example',
    '\xef\xbb\xbfFrom: a@bank.example',
    'From\0: a@bank.example',
    'Fr\0om: a@bank.example\r\nFrom: b@evil.example',
    'F\x80rom: a@bank.example\r\nFrom: b@evil.example',
    'From: a@bank.example\rX: y',
    'From: a@bank.example\nX: y',
    'From: a@bank.example\0',
    'X: y\nFrom: a@bank.example\r\nFrom: b@evil.example',
    'X: y\rFrom : a@bank.example\r\nFrom: b@evil.example',
    'Subject: x\n\tfrom:a@bank.example\r\nFrom: b@evil.example',
    'X: y\r\0From: a@bank.example\r\nFrom: b@evil.example',
    'X: y\n\xef\xbb\xbfFr\x80om : a@bank.example\r\nFrom: b@evil.example',
  ]) {
    assert.equal(authorOf(header).kind, 'none-or-unclear', JSON.stringify(header));
  }
});

test('a lone line end elsewhere in the header hides no author', () => {
  assert.equal(authorOf('Subject: x\ny\r\nFrom: a@bank.example').kind, 'one');
});

test('a header larger than we read names nobody', () => {
  assert.equal(
    authorOf(`From: a@bank.example\r\n${'X: y\r\n'.repeat(headerLimits.fieldsMax)}`).kind,
    'none-or-unclear',
  );
});

test('RFC 5322 §3.6.2, §3.6.6: who is named beside the author, as far as it can be read', () => {
  const header = [
    'From: a@bank.example',
    'Sender: "b" <b@one.example>',
    'SENDER: b@one.example, b@one.example (twice)',
    'Resent-From: c@one.example, d@two.example',
    'Resent-Sender: <e@one.example',
    `Resent-From: ${Array.from({ length: 11 }, (_, nth) => `f@d${nth}.example`).join(', ')}`,
    'Resent-To: g@three.example',
  ];
  assert.deepEqual(readSendersBeside(indexMessage(Buffer.from(`${header.join('\r\n')}\r\n\r\nx`))), [
    { field: 'sender', domains: ['one.example'] },
    { field: 'sender', domains: ['one.example'] },
    { field: 'resent-from', domains: ['one.example', 'two.example'] },
    { field: 'resent-from', domains: undefined },
    { field: 'resent-sender', domains: undefined },
  ]);
});
