import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseTagList, type TagListOptions, withoutBlanks } from './tag-list.ts';

function values(text: string, options?: TagListOptions): Record<string, string> | string {
  const outcome = parseTagList(text, options);
  return outcome.ok ? Object.fromEntries([...outcome.value].map(([name, tag]) => [name, tag.value])) : outcome.code;
}

test('RFC 6376 §3.2: white space around names and values is dropped, inside values it stays', () => {
  assert.deepEqual(values(' v = 1;\ta=rsa-sha256 ;\r\n  n= two  words ;b='), {
    v: '1',
    a: 'rsa-sha256',
    n: 'two  words',
    b: '',
  });
  assert.deepEqual(values('b=dz\r\n\tdz\r\n \r\n dz'), { b: 'dz\r\n\tdz\r\n \r\n dz' });
});

test('a value may hold "="; names are told apart by case', () => {
  assert.deepEqual(values('b=YQ==;B=c=d'), { b: 'YQ==', B: 'c=d' });
});

test('one semicolon may end the list, more may not', () => {
  assert.deepEqual(values('v=1;'), { v: '1' });
  assert.deepEqual(values('v=1;\r\n '), { v: '1' });
  for (const text of ['v=1;;', 'v=1;;a=2', ';v=1', 'v=1; ;']) assert.equal(values(text), 'bad-tag', text);
});

test('what is no tag list', () => {
  for (const text of ['v', '=1', '1v=1', 'v v=1', 'v-x=1', 'ä=1', 'v=\x00', 'v=\x7f', 'v=1;\x0bb=2', '\xa0v=1']) {
    assert.equal(values(text), 'bad-tag', JSON.stringify(text));
  }
  for (const text of ['v=1\r\nx=2', 'v=1\n x', 'v=1\r x', 'v=1;\r\n', '\r\r\n v=1', 'v=\n\r\n 1']) {
    assert.equal(values(text), 'bare-line-end', JSON.stringify(text));
  }
  for (const text of ['', ' ', '\r\n ']) assert.equal(values(text), 'bad-tag');
});

test('RFC 6376 §3.2: a tag that appears twice invalidates the list', () => {
  assert.equal(values('v=1; d=a.test; d=b.test'), 'duplicate-tag');
  assert.deepEqual(values('d=a.test; D=b.test'), { d: 'a.test', D: 'b.test' });
});

test('RFC 8616 §5: octets of UTF-8 pass', () => {
  assert.deepEqual(values('d=b\xc3\xbccher.test'), { d: 'b\xc3\xbccher.test' });
});

test('names in any case are lower-cased, and then doubles count', () => {
  assert.deepEqual(values('V=DMARC1; P=none', { names: 'any-case' }), { v: 'DMARC1', p: 'none' });
  assert.equal(values('p=none; P=none', { names: 'any-case' }), 'duplicate-tag');
});

test('RFC 9989 §4.8: broken parts can be skipped', () => {
  assert.deepEqual(values('v=DMARC1;; nonsense; p=none; =x', { broken: 'skip' }), { v: 'DMARC1', p: 'none' });
  assert.equal(values(';;', { broken: 'skip' }), 'no-tags');
  assert.equal(values('v=DMARC1; p=none; p=reject', { broken: 'skip' }), 'duplicate-tag');
});

test('the offsets cut out exactly what stands between "=" and ";"', () => {
  const text = ' a=1 ; b =\r\n dz dz\t; bh=x';
  const outcome = parseTagList(text);
  assert.ok(outcome.ok);
  const b = outcome.value.get('b');
  assert.ok(b);
  assert.equal(text.slice(b.start, b.end), '\r\n dz dz\t');
  assert.equal(text.slice(0, b.start) + text.slice(b.end), ' a=1 ; b =; bh=x');
});

test('withoutBlanks', () => {
  assert.equal(withoutBlanks(' a\r\n\tb  c '), 'abc');
});

test('names like those of Object are only names', () => {
  assert.deepEqual(parseTagList('constructor=1; __proto__=2').ok, false);
  assert.equal(parseTagList('constructor=1; toString=2').ok, true);
});

const octets = fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)) });
const tagText = fc.string({
  unit: fc.constantFrom('a', 'B', '=', ';', ' ', '\t', '\r\n ', '\r\n', '\n', '1', '_', '\xe9'),
});

test('property: never throws, and every tag found is where it says', () => {
  fc.assert(
    fc.property(fc.oneof(octets, tagText), (text) => {
      const outcome = parseTagList(text);
      if (!outcome.ok) return;
      for (const [name, tag] of outcome.value) {
        assert.match(name, /^[A-Za-z][A-Za-z0-9_]*$/);
        assert.equal(text[tag.start - 1], '=');
        assert.equal(text[tag.end] ?? ';', ';');
        assert.ok(text.slice(tag.start, tag.end).includes(tag.value) && !text.slice(tag.start, tag.end).includes(';'));
      }
    }),
    { numRuns: 500 },
  );
});

test('property: a list that was written is read back', () => {
  const name = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_]{0,8}$/);
  const value = fc.stringMatching(/^(?:[!-:<-~](?:[ -:<-~]{0,10}[!-:<-~])?)?$/);
  fc.assert(
    fc.property(fc.uniqueArray(fc.tuple(name, value), { selector: ([n]) => n, minLength: 1 }), (tags) => {
      assert.deepEqual(values(tags.map(([n, v]) => `${n}=${v}`).join('; ')), Object.fromEntries(tags));
    }),
    { numRuns: 300 },
  );
});

test('a megabyte of separators or blanks is read in linear time', () => {
  assert.equal(values(`v=1${' '.repeat(1_000_000)};${';'.repeat(1_000_000)}`), 'bad-tag');
  assert.equal(values('a='.repeat(500_000)) instanceof Object, true);
  assert.equal(values('\r\n '.repeat(300_000)), 'bad-tag');
});
