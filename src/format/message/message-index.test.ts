import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { concat, fromLatin1, latin1 } from '../../base/bytes.ts';
import {
  bodyBytes,
  fieldBody,
  fieldsNamed,
  fieldText,
  type HeaderField,
  headerBytes,
  indexHeader,
  indexMessage,
  type MessageIndex,
  rawField,
  trimBlanks,
  unfold,
} from './message-index.ts';

const indexOf = (text: string, limits?: Parameters<typeof indexMessage>[1]) => indexMessage(fromLatin1(text), limits);
const names = (index: MessageIndex) => index.fields.map((field) => field.name);
const codes = (index: MessageIndex) => index.problems.map((problem) => problem.code);
const raw = (index: MessageIndex, field: HeaderField | undefined) => field && latin1(rawField(index, field));

test('fields, their bodies and the body are views of the very octets', () => {
  const index = indexOf('From: a@b.test\r\nSubject: one\r\n\t two\r\nSUBJECT:\r\n\r\nbody\r\n\r\nmore');
  assert.deepEqual(names(index), ['from', 'subject', 'subject']);
  assert.equal(raw(index, index.fields[1]), 'Subject: one\r\n\t two\r\n');
  assert.equal(latin1(fieldBody(index, index.fields[1] as HeaderField)), ' one\r\n\t two');
  assert.equal(unfold(fieldBody(index, index.fields[1] as HeaderField)), ' one\t two');
  assert.equal(fieldText(index, 'Subject'), 'one\t two');
  assert.equal(fieldsNamed(index, 'subject').length, 2);
  assert.equal(fieldText(index, 'to'), undefined);
  assert.equal(latin1(bodyBytes(index)), 'body\r\n\r\nmore');
  assert.equal(rawField(index, index.fields[0] as HeaderField).buffer, index.bytes.buffer);
  assert.deepEqual(index.problems, []);
  assert.equal(index.complete, true);
});

test('RFC 5322 §3.5: header only, body only, nothing at all', () => {
  assert.deepEqual([indexOf('A: b\r\n').bodyStart, codes(indexOf('A: b\r\n'))], [6, ['no-blank-line']]);
  assert.deepEqual([indexOf('\r\nbody').bodyStart, codes(indexOf('\r\nbody'))], [2, []]);
  assert.deepEqual([indexOf('').bodyStart, codes(indexOf(''))], [0, ['no-blank-line']]);
  assert.deepEqual(codes(indexOf('A: b')), ['unterminated', 'no-blank-line']);
  assert.deepEqual(codes(indexHeader(fromLatin1('A: b\r\n'))), []);
  assert.deepEqual(codes(indexHeader(fromLatin1('A: b\r\n\r\n'))), []);
});

test('shown = judged: every spelling that some reader shows as From is a From field with a problem', () => {
  for (const [text, code] of [
    ['From : v@victim.test\r\n', 'blank-before-colon'],
    ['From\t \t: v@victim.test\r\n', 'blank-before-colon'],
    ['From\r\n : v@victim.test\r\n', 'folded-name'],
    [' From: v@victim.test\r\n', 'blank-before-name'],
    ['\tFrom: v@victim.test\r\n', 'blank-before-name'],
    ['\xef\xbb\xbfFrom: v@victim.test\r\n', 'blank-before-name'],
    ['\0From: v@victim.test\r\n', 'blank-before-name'],
    ['From\0: v@victim.test\r\n', 'blank-before-colon'],
    ['From\xa0: v@victim.test\r\n', 'blank-before-colon'],
  ] as const) {
    const index = indexOf(`${text}From: a@attacker.test\r\n\r\n`);
    assert.equal(fieldsNamed(index, 'from').length, 2, JSON.stringify(text));
    assert.ok(codes(index).includes(code), JSON.stringify(text));
    assert.equal(fieldText(index, 'from'), 'v@victim.test');
  }
});

test('a name with foreign octets inside is no name anybody asks for', () => {
  for (const text of ['Fr\0om: x', 'F rom: x', 'From x@y Mon Jan 1 00:00:00 2024', 'Fr\r\n om: x', ': x', '\0: x']) {
    const index = indexOf(`${text}\r\n\r\n`);
    assert.deepEqual([fieldsNamed(index, 'from').length, codes(index).includes('bad-name')], [0, true], text);
  }
});

test('a line without colon hides nothing: the fields below it are still in the header', () => {
  const index = indexOf('From: a@attacker.test\r\njunk\r\n with a fold\r\nFrom: v@victim.test\r\n\r\nbody');
  assert.deepEqual(names(index), ['from', '', 'from']);
  assert.equal(latin1(fieldBody(index, index.fields[1] as HeaderField)), 'junk\r\n with a fold');
  assert.deepEqual(codes(index), ['no-colon']);
  assert.equal(latin1(bodyBytes(index)), 'body');
});

test('a continuation belongs to its field, a line of blanks too', () => {
  const index = indexOf('Subject: a\r\n From: x\r\n \r\n\tb\r\nTo: c\r\n\r\n');
  assert.deepEqual(names(index), ['subject', 'to']);
  assert.deepEqual(index.problems, []);
});

test('only CRLF ends a line: lone CR, lone LF and NUL are content with a problem, once per field', () => {
  const index = indexOf('A: 1\nFrom: x\nTo: y\r\nB: 1\rC: 2\r\r\nD: \0\0\r\n\r\nbo\ndy');
  assert.deepEqual(names(index), ['a', 'b', 'd']);
  assert.deepEqual(index.problems, [
    { code: 'bare-lf', at: 4, name: 'a' },
    { code: 'bare-cr', at: 24, name: 'b' },
    { code: 'nul', at: 35, name: 'd' },
  ]);
  assert.deepEqual(codes(indexOf('A: b\n\nbody')), ['bare-lf', 'unterminated', 'no-blank-line']);
  assert.deepEqual(codes(indexOf('A: b\r\n\r\r\n\r\n')), ['no-colon', 'bare-cr']);
});

test('lines over 998 octets are noted', () => {
  assert.deepEqual(codes(indexOf(`A: ${'x'.repeat(995)}\r\n\r\n`)), []);
  assert.deepEqual(codes(indexOf(`A: ${'x'.repeat(996)}\r\n\r\n`)), ['long-line']);
  assert.deepEqual(codes(indexOf(`A: b\r\n ${'x'.repeat(998)}`)), ['long-line', 'unterminated', 'no-blank-line']);
});

test('names from outside are only words: no object is asked for them', () => {
  const index = indexOf('__proto__: 1\r\nconstructor: 2\r\ntoString: 3\r\n\r\n');
  assert.deepEqual(names(index), ['__proto__', 'constructor', 'tostring']);
  assert.equal(fieldText(index, '__proto__'), '1');
  assert.equal(fieldText(index, 'hasOwnProperty'), undefined);
});

test('beyond a limit the rest of the header is one nameless field, and the index says so', () => {
  const many = indexOf(`${'A: b\r\n'.repeat(20_000)}From: x\r\n\r\nbody`);
  assert.equal(many.fields.length, 1_001);
  assert.deepEqual([codes(many), many.complete], [['too-many-fields'], false]);
  assert.equal(latin1(bodyBytes(many)), 'body');
  assertTiles(many);
  const long = indexOf(`From: x\r\nSubject: ${'y'.repeat(1_000_000)}\r\nTo: z\r\n\r\nbody`);
  assert.deepEqual([names(long), codes(long), long.complete], [['from', ''], ['too-many-octets'], false]);
  assert.equal(latin1(bodyBytes(long)), 'body');
  assertTiles(long);
  const folds = indexOf(`Subject: a\r\n${' b\r\n'.repeat(500_000)}\r\nbody`);
  assert.deepEqual([names(folds), codes(folds)], [[''], ['too-many-octets']]);
  assert.equal(latin1(bodyBytes(folds)), 'body');
});

test('a limit that falls between two fields cuts exactly there', () => {
  const limits = { fieldsMax: 10, headerBytesMax: 12 };
  assert.deepEqual(names(indexOf('A: b\r\nC: d\r\nE: f\r\n\r\n', limits)), ['a', 'c', '']);
  assert.deepEqual(names(indexOf('A: b\r\nC: d\r\n e\r\n\r\n', limits)), ['a', '']);
  assert.deepEqual(names(indexOf('A: b\r\nC: d\r\n\r\nbody', limits)), ['a', 'c']);
});

/** Octets that make up the trouble of real headers. */
const headerOctets = fc
  .array(fc.constantFrom(...'\r\n \t:ab-\0\x80"', '\r\n', '\r\n\r\n', 'From', ': '), { maxLength: 60 })
  .map((pieces) => fromLatin1(pieces.join('')));

function assertTiles(index: MessageIndex): void {
  let at = 0;
  for (const field of index.fields) {
    assert.equal(field.start, at);
    assert.ok(field.start <= field.nameEnd && field.nameEnd <= field.bodyStart && field.bodyStart <= field.end);
    assert.ok(field.end > field.start);
    at = field.end;
  }
  assert.equal(index.headerEnd, at);
  assert.ok(index.bodyStart === at + 2 || (index.bodyStart === at && at === index.bytes.length));
}

test('property: any octets, any limits: it never throws, and the fields tile the header exactly', () => {
  const limits = fc.record({ fieldsMax: fc.nat(5), headerBytesMax: fc.nat(40) });
  fc.assert(
    fc.property(fc.oneof(headerOctets, fc.uint8Array({ maxLength: 200 })), limits, (bytes, cut) => {
      for (const index of [indexMessage(bytes), indexMessage(bytes, cut), indexHeader(bytes, cut)]) {
        assertTiles(index);
        const whole = concat([headerBytes(index), bytes.subarray(index.headerEnd, index.bodyStart), bodyBytes(index)]);
        assert.deepEqual(Buffer.from(whole), Buffer.from(bytes));
        assert.equal(
          index.fields.length,
          [...index.byName.values()].reduce((sum, group) => sum + group.length, 0),
        );
      }
    }),
    { numRuns: 500 },
  );
});

test('property: the header ends at the first empty line, whatever stands above it', () => {
  fc.assert(
    fc.property(headerOctets, (bytes) => {
      const text = `\r\n${latin1(bytes)}`;
      const empty = text.indexOf('\r\n\r\n');
      assert.equal(indexMessage(bytes).headerEnd, empty < 0 ? bytes.length : empty);
    }),
    { numRuns: 500 },
  );
});

test('property: what was folded unfolds to what was written', () => {
  const words = fc.array(fc.stringMatching(/^[!-~]{1,10}$/), { minLength: 1, maxLength: 10 });
  fc.assert(
    fc.property(words, fc.array(fc.constantFrom(' ', '\t', '\r\n ', '\r\n\t')), (written, folds) => {
      const body = written.map((word, at) => (at === 0 ? word : `${folds[at] ?? ' '}${word}`)).join('');
      const index = indexOf(`X: ${body}\r\n\r\n`);
      assert.equal(fieldText(index, 'x'), body.replaceAll('\r\n', ''));
      assert.deepEqual(index.problems, []);
    }),
  );
});

test('trimBlanks drops blanks at the ends only', () => {
  assert.deepEqual(['  a b\t ', '', ' \t', 'a'].map(trimBlanks), ['a b', '', '', 'a']);
});
