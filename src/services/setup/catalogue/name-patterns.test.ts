import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { fitsPattern, isNamePattern, NamePatterns, weightOf } from './name-patterns.ts';

function patternsOf(...texts: readonly string[]): NamePatterns<string> {
  const patterns = new NamePatterns<string>();
  for (const text of texts) patterns.add(text, text);
  return patterns;
}

test('a name alone, a name and all below it, letters of one label', () => {
  const fits = (pattern: string) =>
    ['a.test', 'x.a.test', 'xa.test', 'a.test.x', 'y.x.a.test'].filter((name) => fitsPattern(name, pattern));
  assert.deepEqual(fits('a.test'), ['a.test']);
  assert.deepEqual(fits('.a.test'), ['a.test', 'x.a.test', 'y.x.a.test']);
  assert.deepEqual(fits('*.a.test'), ['x.a.test']);
  assert.deepEqual(fits('*a.test'), ['xa.test']);
  assert.deepEqual(fits('.*.test'), ['a.test', 'x.a.test', 'xa.test', 'y.x.a.test']);
});

test('of several that fit, the one that says most is found, with a star or without', () => {
  const find = (name: string) =>
    patternsOf('.test', 'k*.a.test', '.a.test', 'key1.a.test', '*.test').find(name)?.pattern;
  assert.equal(find('key1.a.test'), 'key1.a.test');
  assert.equal(find('key2.a.test'), 'k*.a.test');
  assert.equal(find('mx.a.test'), '.a.test');
  assert.equal(find('b.test'), '*.test');
  assert.equal(find('test'), '.test');
  assert.equal(find('test.b'), undefined);
  assert.equal(find(''), undefined);
});

test('the look-up finds what trying every pattern would', () => {
  const label = fc.constantFrom('a', 'b', 'ab', '*', 'a*');
  const pattern = fc
    .tuple(fc.boolean(), fc.array(label, { minLength: 1, maxLength: 3 }))
    .map(([below, labels]) => `${below ? '.' : ''}${labels.join('.')}`)
    .filter(isNamePattern);
  const name = fc
    .array(fc.constantFrom('a', 'b', 'ab', 'aa'), { minLength: 1, maxLength: 4 })
    .map((labels) => labels.join('.'));
  fc.assert(
    fc.property(fc.array(pattern, { maxLength: 6 }), name, (texts, asked) => {
      const weights = texts.filter((text) => fitsPattern(asked, text)).map(weightOf);
      const found = patternsOf(...texts).find(asked)?.pattern;
      assert.equal(found && weightOf(found), weights.length === 0 ? undefined : Math.max(...weights));
    }),
    { numRuns: 500 },
  );
});
