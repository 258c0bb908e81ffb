import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { fromLatin1, latin1 } from '../base/bytes.ts';
import {
  createLineWatch,
  crlfText,
  findBareLineEnd,
  LineNormaliser,
  normaliseLineEnds,
  watchLines,
} from './line-ends.ts';

const lineOctets = fc
  .array(fc.constantFrom('\r', '\n', '\r\n', 'a', 'bc', '\0', '\xe4'), { maxLength: 40 })
  .map((pieces) => fromLatin1(pieces.join('')));

test('LF becomes CRLF, CRLF stays, a lone CR is refused', () => {
  const normalised = normaliseLineEnds(fromLatin1('a\nb\r\nc\n\n'));
  assert.equal(normalised.ok && latin1(normalised.value), 'a\r\nb\r\nc\r\n\r\n');
  for (const text of ['\r', 'a\rb', 'a\r\r\nb', 'a\r']) {
    assert.equal(normaliseLineEnds(fromLatin1(text)).ok, false, JSON.stringify(text));
  }
});

test('with nothing to do the very same array comes back', () => {
  const bytes = fromLatin1('a\r\nb\r\n');
  const normalised = normaliseLineEnds(bytes);
  assert.equal(normalised.ok && normalised.value, bytes);
});

test('property: what was normalised has no lone line end, and normalising again changes nothing', () => {
  fc.assert(
    fc.property(lineOctets, (bytes) => {
      const once = normaliseLineEnds(bytes);
      assert.equal(once.ok, !/\r(?!\n)/.test(latin1(bytes)));
      if (!once.ok) return;
      assert.equal(findBareLineEnd(once.value), undefined);
      assert.equal(latin1(once.value).replaceAll('\r\n', '\n'), latin1(bytes).replaceAll('\r\n', '\n'));
      const twice = normaliseLineEnds(once.value);
      assert.equal(twice.ok && twice.value, once.value);
    }),
    { numRuns: 300 },
  );
});

test('text from an API field: every kind of new line is one', () => {
  assert.equal(crlfText('a\nb\rc\r\nd\r\re'), 'a\r\nb\r\nc\r\nd\r\n\r\ne');
});

test('the watch names the first culprit of each kind and the longest line', () => {
  assert.deepEqual(watchLines(fromLatin1('ab\r\ncde\r\n')), {
    bareCrAt: undefined,
    bareLfAt: undefined,
    nulAt: undefined,
    eightBitAt: undefined,
    longestLine: 3,
    endsWithCrlf: true,
  });
  assert.deepEqual(watchLines(fromLatin1('a\nb\rc\0\0\xe4\r')), {
    bareCrAt: 3,
    bareLfAt: 1,
    nulAt: 5,
    eightBitAt: 7,
    longestLine: 9,
    endsWithCrlf: false,
  });
  assert.equal(watchLines(fromLatin1('')).longestLine, 0);
  assert.equal(findBareLineEnd(fromLatin1('a\r\nb\nc\r')), 4);
  assert.equal(findBareLineEnd(fromLatin1('a\rb\n')), 1);
});

test('property: chunks cut anywhere tell the same as the whole, and the whole tells what patterns tell', () => {
  fc.assert(
    fc.property(lineOctets, fc.array(fc.nat(80)), (bytes, cuts) => {
      const watch = createLineWatch();
      let at = 0;
      for (const cut of [...cuts.map((place) => Math.min(place, bytes.length)).sort((a, b) => a - b), bytes.length]) {
        watch.feed(bytes.subarray(at, cut));
        at = cut;
      }
      const facts = watch.facts();
      assert.deepEqual(facts, watchLines(bytes));
      const text = latin1(bytes);
      const found = (pattern: RegExp) => (pattern.test(text) ? text.search(pattern) : undefined);
      assert.equal(facts.bareCrAt, found(/\r(?!\n)/));
      assert.equal(facts.bareLfAt, found(/(?<!\r)\n/));
      assert.equal(facts.nulAt, found(/\0/));
      assert.equal(facts.eightBitAt, found(/[\x80-\xff]/));
      assert.equal(facts.longestLine, Math.max(...text.split('\r\n').map((line) => line.length)));
      assert.equal(facts.endsWithCrlf, text.endsWith('\r\n'));
    }),
    { numRuns: 300 },
  );
});

test('line ends made CRLF on the way are those made at once, however the bytes are cut; the last line ends', () => {
  const unit = fc.constantFrom('a', 'bc', '\r\n', '\r\n', '\n', '\r', '\0', '\xff');
  const sizes = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 30 }), sizes, (text, cuts) => {
      const whole = normaliseLineEnds(fromLatin1(text));
      const lines = new LineNormaliser();
      let out = '';
      let say = '';
      for (let at = 0, turn = 0; at < text.length && say === ''; turn++) {
        const size = cuts[turn % cuts.length] ?? 1;
        const made = lines.push(fromLatin1(text.slice(at, at + size)));
        if (made.ok) out += latin1(made.value);
        else say = made.say;
        at += size;
      }
      const end = lines.finish();
      if (say === '' && end.ok) out += latin1(end.value);
      else if (say === '' && !end.ok) say = end.say;
      if (!whole.ok) return assert.equal(say, whole.say);
      const expected = latin1(whole.value);
      assert.equal(say, '');
      assert.equal(out, expected === '' || expected.endsWith('\r\n') ? expected : `${expected}\r\n`);
    }),
  );
});
