import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { nearest } from './nearest.ts';

test('a mistyped word finds the one that was meant', () => {
  const words = ['send', 'serve', 'sandbox', 'message', 'queue', 'list'];
  assert.equal(nearest('sned', words), 'send'); // a swap is one mistake
  assert.equal(nearest('lsit', words), 'list');
  assert.equal(nearest('queu', words), 'queue');
  assert.equal(nearest('mesages', words), 'message');
  assert.equal(nearest('send', words), 'send');
});

test('what is not close to anything has no neighbour', () => {
  assert.equal(nearest('backup', ['send', 'serve']), undefined);
  assert.equal(nearest('', ['send']), undefined);
  assert.equal(nearest('abc', []), undefined);
});

test('one mistake in a word of five letters and more is always found', () => {
  const words = ['received', 'message', 'domains'];
  const mistake = fc.tuple(fc.constantFrom(...words), fc.nat(), fc.constantFrom('drop', 'swap', 'change'));
  fc.assert(
    fc.property(mistake, ([word, place, kind]) => {
      const at = place % (word.length - 1);
      const [left, right] = [word[at] ?? '', word[at + 1] ?? ''];
      const middle = { drop: right, swap: right + left, change: `_${right}` }[kind];
      assert.equal(nearest(word.slice(0, at) + middle + word.slice(at + 2), words), word);
    }),
    { numRuns: 200 },
  );
});
