import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { fromLatin1, latin1 } from '../../base/bytes.ts';
import { LineReader } from './line-reader.ts';

/** What a reader makes of a text, in short notation: lines as text, the rest in brackets. */
function linesOf(chunks: readonly string[], octetsMax = 100): string[] {
  const reader = new LineReader();
  const out: string[] = [];
  for (const chunk of chunks) {
    reader.push(fromLatin1(chunk));
    for (let line = reader.next(octetsMax); line; line = reader.next(octetsMax)) {
      out.push(line.kind === 'line' ? latin1(line.octets) : `(${line.kind})`);
      if (line.kind === 'bare-newline') return out;
    }
  }
  const rest = latin1(reader.takeRest());
  return rest === '' ? out : [...out, `(unread ${JSON.stringify(rest)})`];
}

test('RFC 5321 §2.3.8: only CR LF ends a line', () => {
  assert.deepEqual(linesOf(['EHLO a\r\n\r\nMAIL\r\nRC']), ['EHLO a', '', 'MAIL', '(unread "RC")']);
  for (const bare of ['a\nb\r\n', '\n', 'a\rb\r\n', 'a\r\r\n', '\r\r\n', 'a\r\n\n']) {
    assert.equal(linesOf([bare]).at(-1), '(bare-newline)', JSON.stringify(bare));
  }
  assert.deepEqual(linesOf(['a\r', '\nb']), ['a', '(unread "b")']);
});

test('lines handed out and what was unread stay as they are while more comes in', () => {
  const reader = new LineReader();
  const taken: Uint8Array[] = [];
  for (const octet of 'first\r\nsecond\r\nthird') {
    reader.push(fromLatin1(octet));
    const line = reader.next(100);
    if (line?.kind === 'line') taken.push(line.octets);
  }
  const rest = reader.takeRest();
  reader.push(fromLatin1('fourth'));
  reader.push(fromLatin1('\r\n'));
  assert.deepEqual([...taken, rest].map(latin1), ['first', 'second', 'third']);
});

test('normalize: LF alone ends a command too, a CR alone is still refused', () => {
  const reader = new LineReader();
  reader.push(fromLatin1('a\nb\r\n\nc\rd\n'));
  const seen = [0, 1, 2, 3].map(() => reader.next(100, 'normalize'));
  assert.deepEqual(
    seen.map((line) => (line?.kind === 'line' ? latin1(line.octets) : line?.kind)),
    ['a', 'b', '', 'bare-newline'],
  );
});

test('a line too long is told at once and swallowed, the next one is read', () => {
  assert.deepEqual(linesOf(['x'.repeat(98), '\r\n', 'y'.repeat(99), '\r\nNOOP\r\n']), [
    'x'.repeat(98),
    '(too-long)',
    'NOOP',
  ]);
  assert.deepEqual(linesOf(['x'.repeat(101), 'x', '\r', '\nNOOP\r\n']), ['(too-long)', 'NOOP']);
});

test('an endless line is told again and again, and holds no memory', () => {
  const reader = new LineReader();
  const seen: string[] = [];
  for (let i = 0; i < 130; i++) {
    reader.push(new Uint8Array(1024).fill(0x41));
    for (let line = reader.next(100); line; line = reader.next(100)) seen.push(line.kind);
    assert.equal(reader.unread.length, 0);
  }
  assert.deepEqual(seen, ['too-long', 'endless', 'endless']);
});

test('once everything is read, nothing of the chunks is held: a silent client costs no buffer', () => {
  const reader = new LineReader();
  reader.push(new Uint8Array(65_536).fill(0x41).fill(0x0d, 65_534, 65_535).fill(0x0a, 65_535));
  assert.equal(reader.next(65_536)?.kind, 'line');
  assert.equal(reader.unread.buffer.byteLength, 0);
});

const noise = fc.string({ unit: fc.constantFrom('a', 'b', ' ', '\r', '\n', '\r\n', '\0', 'ÿ', 'xxxxxxxxxxxxxxx') });

test('any chunking of any octets gives the same lines', () => {
  fc.assert(
    fc.property(fc.array(noise, { maxLength: 20 }), (chunks) => {
      assert.deepEqual(linesOf(chunks, 30), linesOf([chunks.join('')], 30));
      assert.deepEqual(linesOf([...chunks.join('')], 30), linesOf([chunks.join('')], 30));
    }),
    { numRuns: 300 },
  );
});
