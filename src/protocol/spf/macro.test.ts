import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { expandAll, expandRightEnd, type MacroValues, parseMacroString } from './macro.ts';
import { expandTargetName, parseTargetName } from './target-name.ts';

/** The example of RFC 7208 §7.4. */
const values: MacroValues = {
  s: 'strong-bad@email.example.com',
  l: 'strong-bad',
  o: 'email.example.com',
  d: 'email.example.com',
  i: '192.0.2.3',
  p: 'mx.example.org',
  v: 'in-addr',
  h: 'mail.example.org',
  c: '192.0.2.3',
  r: 'mx.receiver.example',
  t: '1790000000',
};

function expand(text: string, with_: Partial<MacroValues> = {}): string | undefined {
  const macros = parseMacroString(text, { explanationLetters: true, spaces: true });
  return macros && expandAll(macros, { ...values, ...with_ }, 10_000);
}

test('RFC 7208 §7.4: the examples of the RFC', () => {
  const examples: Record<string, string> = {
    '%{s}': 'strong-bad@email.example.com',
    '%{o}': 'email.example.com',
    '%{d}': 'email.example.com',
    '%{d4}': 'email.example.com',
    '%{d3}': 'email.example.com',
    '%{d2}': 'example.com',
    '%{d1}': 'com',
    '%{dr}': 'com.example.email',
    '%{d2r}': 'example.email',
    '%{l}': 'strong-bad',
    '%{l-}': 'strong.bad',
    '%{lr}': 'strong-bad',
    '%{lr-}': 'bad.strong',
    '%{l1r-}': 'strong',
    '%{ir}.%{v}._spf.%{d2}': '3.2.0.192.in-addr._spf.example.com',
    '%{lr-}.lp._spf.%{d2}': 'bad.strong.lp._spf.example.com',
    '%{lr-}.lp.%{ir}.%{v}._spf.%{d2}': 'bad.strong.lp.3.2.0.192.in-addr._spf.example.com',
    '%{d2}.trusted-domains.example.net': 'example.com.trusted-domains.example.net',
  };
  for (const [text, expanded] of Object.entries(examples)) assert.equal(expand(text), expanded, text);
});

test('RFC 7208 §7.3: every delimiter splits, dots join', () => {
  assert.equal(expand('%{l.-+,/_=}', { l: 'a.b-c+d,e/f_g=h' }), 'a.b.c.d.e.f.g.h');
  assert.equal(expand('%{l2r+}', { l: 'a+b+c' }), 'b.a');
  assert.equal(expand('%{l-}', { l: 'a--b' }), 'a..b');
});

test('RFC 7208 §7.1: a delimiter may be written more than once and stands for itself only', () => {
  assert.equal(expand('%{l-_-/}', { l: 'a-b_c/d,e' }), 'a.b.c.d,e');
  assert.equal(expand('%{l1+-,-/}', { l: 'a.b' }), 'a.b');
});

test('RFC 7208 §7.3: an upper-case letter escapes what is not unreserved, by octets', () => {
  assert.equal(expand('%{L}', { l: '~jack&jill=up-a_b3.c' }), '~jack%26jill%3Dup-a_b3.c');
  assert.equal(expand('%{L}', { l: 'ü' }), '%C3%BC');
  assert.equal(expand('%{L}', { l: '\ud800' }), '%EF%BF%BD'); // a lone surrogate does not throw
});

test('RFC 7208 §7.1: %% %_ %- and nothing else after %', () => {
  assert.equal(expand('100%%%_%-'), '100% %20');
  for (const text of ['%', '%a', '%(d)', '100%', '%{', '%{d', '%{d}}%']) {
    assert.equal(parseMacroString(text, { explanationLetters: true, spaces: true }), undefined, text);
  }
});

test('a letter without a value makes the expansion impossible', () => {
  assert.equal(expand('%{l}.x', { l: undefined }), undefined);
  assert.equal(expand('%{d}.x', { l: undefined }), 'email.example.com.x');
});

test('an expansion longer than asked is none, or only its right end', () => {
  const macros = parseMacroString('%{d}'.repeat(10_000), { explanationLetters: true, spaces: true });
  assert.ok(macros);
  assert.equal(expandAll(macros, values, 1_000), undefined);
  assert.ok((expandRightEnd(macros, values, 255) ?? '').length < 300);
});

function target(text: string, with_: Partial<MacroValues> = {}): string | undefined {
  const parsed = parseTargetName(text);
  assert.ok(parsed, text);
  return expandTargetName(parsed, { ...values, ...with_ });
}

test('RFC 7208 §7.3: a name over 253 octets loses labels from the left, whole ones', () => {
  const tail = `${`${'a'.repeat(60)}.`.repeat(3)}example.com`;
  assert.equal(target('%{h}', { h: `${'b'.repeat(60)}.${tail}` }), tail);
  assert.equal(target('%{h}.example.com.', { h: `${'b'.repeat(60)}.${tail.slice(0, -12)}` }), tail);
  const full = `${'c'.repeat(252 - tail.length)}.${tail}`;
  assert.equal(full.length, 253);
  assert.equal(target('%{h}', { h: full }), full);
  assert.equal(target('%{h}', { h: `x.${full}` }), full);
  assert.equal(target('%{h}', { h: `x${full}` }), tail);
  assert.equal(target('%{h}', { h: 'a'.repeat(300) }), undefined);
});

test('RFC 7208 §4.8: what cannot be a name is no name', () => {
  for (const h of [
    '',
    '.',
    'a..b',
    'a.b..',
    `${'a'.repeat(64)}.example`,
    'a\0b.example',
    'ü.example',
    'a\nb.example',
    'a\tb.example',
  ]) {
    assert.equal(target('%{h}', { h }), undefined, JSON.stringify(h));
  }
  assert.equal(target('%{h}', { h: 'MAIL.Example.ORG.' }), 'mail.example.org');
  assert.equal(target('a..example'), undefined);
  assert.equal(target('a%_b.example'), 'a b.example');
});

test('RFC 7208 §7.3: cutting from the right end gives what cutting the whole would give', () => {
  const piece = fc.constantFrom('%{d}', '%{h}', '.', 'x', '%%', 'some-label.', '%{ir}', '%{l}');
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), fc.string({ maxLength: 80 }), (pieces, h) => {
      const text = `${pieces.join('')}.example`;
      const macros = parseMacroString(text, { explanationLetters: false, spaces: false });
      assert.ok(macros);
      const all = { ...values, h };
      const whole = expandAll(macros, all, Number.POSITIVE_INFINITY) ?? '';
      assert.ok(whole.endsWith(expandRightEnd(macros, all, 255) ?? 'never'));
      const name = target(text, { h });
      if (name !== undefined) {
        assert.ok(name.length <= 253);
        assert.ok(whole.toLowerCase().endsWith(name));
        assert.match(name, /^[\x20-\x7e]+$/);
      }
    }),
    { numRuns: 300 },
  );
});

test('any text is compiled without throwing', () => {
  const syntax = fc.record({ explanationLetters: fc.boolean(), spaces: fc.boolean() });
  fc.assert(
    fc.property(
      fc.oneof(fc.string(), fc.stringMatching(/^(?:%\{[dl]r?[.\-+,/_=]*\}|[%{}a-z0-9r.\-_+=])*$/)),
      syntax,
      (text, how) => {
        parseMacroString(text, how);
        parseTargetName(text);
      },
    ),
    { numRuns: 500 },
  );
});
