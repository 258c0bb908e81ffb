import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { refuseJsonShape } from './json-shape.ts';

test('whatever JSON a library writes passes, and is read back the same', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 8 }), (text) => {
      // fast-check also makes members called __proto__, which are refused on purpose
      fc.pre(!/__proto__|\\u005f/i.test(text));
      assert.equal(refuseJsonShape(text), undefined);
    }),
    { numRuns: 300 },
  );
});

test('it never throws, whatever the text', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('{', '}', '[', ']', '"', '\\', ':', ',', 'a', ' ') }), (text) => {
      refuseJsonShape(text);
    }),
    { numRuns: 500 },
  );
});

test('64 levels pass, 65 do not', () => {
  const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
  assert.equal(refuseJsonShape(nested(64)), undefined);
  assert.match(refuseJsonShape(nested(65)) ?? '', /deeper than 64/);
  assert.match(refuseJsonShape('{"a":'.repeat(100_000)) ?? '', /deeper than 64/);
});

test('brackets and commas inside texts do not count', () => {
  assert.equal(refuseJsonShape(JSON.stringify({ text: '[{,"'.repeat(200_000) })), undefined);
});

test('values are counted before they cost memory', () => {
  assert.match(refuseJsonShape(`[${'[],'.repeat(100_000)}[]]`) ?? '', /more than 100000 values/);
});

test('a member name may come once in an object, in whatever spelling', () => {
  assert.equal(refuseJsonShape('{"a":{"a":1},"b":[{"a":1},{"a":1}]}'), undefined);
  assert.match(refuseJsonShape('{"a":1,"a":2}') ?? '', /a stands twice/);
  assert.match(refuseJsonShape('{"from":1,"fr\\u006fm":2}') ?? '', /from stands twice/);
  assert.match(refuseJsonShape('{"a" \n :1,"a":2}') ?? '', /a stands twice/);
});

test('__proto__ is no member name, in whatever spelling; as a value it is a text like others', () => {
  assert.match(refuseJsonShape('{"__proto__":{"a":1}}') ?? '', /__proto__/);
  assert.match(refuseJsonShape('{"a":{"\\u005f_proto__":1}}') ?? '', /__proto__/);
  assert.equal(refuseJsonShape('{"a":"__proto__","b":["__proto__"]}'), undefined);
});

test('names are short', () => {
  assert.match(refuseJsonShape(`{"${'n'.repeat(257)}":1}`) ?? '', /longer than 256/);
  assert.match(refuseJsonShape(`{"${'n'.repeat(5_000_000)}":1}`) ?? '', /longer than 256/);
});
