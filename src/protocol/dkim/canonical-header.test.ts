import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { referenceRelaxedField } from '../../../test/support/reference-dkim.ts';
import { indexMessage } from '../../format/message/message-index.ts';
import { coveredHeader, pickFields } from './canonical-header.ts';

const nowhere = { start: -1, end: -1 };
const octetsOf = (text: string) => Buffer.from(text, 'latin1');
const textOf = (octets: Uint8Array) => Buffer.from(octets).toString('latin1');

function covered(message: string, names: string, form: 'simple' | 'relaxed'): string {
  const index = indexMessage(octetsOf(message));
  const picked = pickFields(index, names.split(':'), nowhere);
  return textOf(
    coveredHeader(
      index.bytes,
      picked.map((field) => ({ field })),
      form,
    ),
  );
}

const example = 'A: X\r\nB : Y\t\r\n\tZ  \r\n\r\n C \r\n';

test('RFC 6376 §3.4.5: relaxed', () => assert.equal(covered(example, 'a:b', 'relaxed'), 'a:X\r\nb:Y Z'));
test('RFC 6376 §3.4.5: simple', () => assert.equal(covered(example, 'a:b', 'simple'), 'A: X\r\nB : Y\t\r\n\tZ  '));

test('RFC 6376 §3.4.2: a fold of blanks only, blanks before the end, and an empty value', () => {
  assert.equal(covered('Subject:\r\n \r\n  a\r\n \t\r\nTo:  \r\n\r\n', 'subject:to', 'relaxed'), 'subject:a\r\nto:');
});

test('RFC 6376 §3.4.2: only the name goes to lower case, 8-bit octets stay', () => {
  assert.equal(
    covered('SUBJECT: Gr\xfc\xc3\xbc\xff\xdf VT\v\r\n\r\n', 'subject', 'relaxed'),
    'subject:Gr\xfc\xc3\xbc\xff\xdf VT\v',
  );
});

test('RFC 6376 §2.8: lone CR and lone LF inside a field are content', () => {
  assert.equal(covered('To: a\r b\n c\r\n\r\n', 'to', 'relaxed'), 'to:a\r b\n c');
});

test('RFC 6376 §3.4: a last field without CRLF is covered as if it had one', () => {
  assert.equal(covered('To: a\r\nFrom: b', 'from:to', 'simple'), 'From: b\r\nTo: a');
});

test('RFC 6376 §5.4.2: instances from the bottom up, absent ones and empty names pick nothing', () => {
  const message = 'X: 1\r\nX: 2\r\nno colon here\r\nX: 3\r\n\r\n';
  assert.equal(covered(message, 'x:y:x::x:x', 'relaxed'), 'x:3\r\nx:2\r\nx:1');
});

test('RFC 6376 §3.5 (h=): a signature does not cover itself', () => {
  const index = indexMessage(octetsOf('S: 1\r\nS: own\r\nS: 3\r\n\r\n'));
  const own = index.fields[1] ?? nowhere;
  const picked = pickFields(index, ['s', 's', 's'], own);
  assert.deepEqual(
    picked.map(({ start }) => start),
    [index.fields[2]?.start, index.fields[0]?.start],
  );
});

test('RFC 6376 §3.7: what is emptied disappears with its blanks, in both forms', () => {
  const field = 'S: xb=1; b =\r\n abc\r\n def ; z=b=9';
  const start = field.indexOf('b =') + 3;
  const range = { field: { start: 0, end: field.length }, without: { start, end: field.indexOf(' ; z') + 1 } };
  assert.equal(textOf(coveredHeader(octetsOf(field), [range], 'simple')), 'S: xb=1; b =; z=b=9');
  assert.equal(textOf(coveredHeader(octetsOf(field), [range], 'relaxed')), 's:xb=1; b =; z=b=9');
});

test('RFC 6376 §3.4.2: any field is what the letter of the RFC gives', () => {
  const unit = fc.constantFrom('a', 'B', ' ', '\t', '\r\n ', '\r\n\t', ':', ';', '\xe4', '\x80', '\v');
  fc.assert(
    fc.property(
      fc.constantFrom('From', 'X-y', 'SUBJECT'),
      fc.constantFrom('', ' ', '\t '),
      fc.string({ unit }),
      (name, gap, value) => {
        const field = `${name}${gap}:${value}`;
        const whole = { field: { start: 0, end: field.length + 2 } };
        assert.equal(textOf(coveredHeader(octetsOf(`${field}\r\n`), [whole], 'relaxed')), referenceRelaxedField(field));
      },
    ),
    { numRuns: 500 },
  );
});
