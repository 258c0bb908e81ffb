import assert from 'node:assert/strict';
import test from 'node:test';
import { written } from './merge-terms.ts';
import { looksLikeSpf, readTerms } from './read-terms.ts';

const spelled = (text: string) => readTerms(text).terms.map(written);

test('what means the same has one spelling', () => {
  assert.deepEqual(
    spelled('V=SPF1 +IP4:192.0.2.77/24 ip4:192.0.2.1/32 IP6:2001:DB8:0::1/128 ip6:2001:db8:ffff::1/33'),
    ['ip4:192.0.2.0/24', 'ip4:192.0.2.1', 'ip6:2001:db8::1', 'ip6:2001:db8:8000::/33'],
  );
  assert.deepEqual(spelled('v=spf1 +A:Mail.Example.COM. mx/32//128 a/24//64 ~INCLUDE:_SPF.Example.Com ptr'), [
    'a:mail.example.com',
    'mx',
    'a/24//64',
    '~include:_spf.example.com',
    'ptr',
  ]);
});

test('RFC 7208 §7.3: macros stay as they are, because the case of their letters counts', () => {
  assert.deepEqual(spelled('v=spf1 exists:%{I}.%{v}._SPF.Example.com include:%{D2}'), [
    'exists:%{I}.%{v}._spf.example.com',
    'include:%{D2}',
  ]);
  assert.deepEqual(spelled('v=spf1 exists:A%_B.Example.com'), ['exists:a%_b.example.com']);
});

test('what ends a record, and what stands behind it', () => {
  const read = readTerms('v=spf1 a ~all include:b.test -all exp=Why.Test x=y redirect=C.test');
  assert.deepEqual(
    [read.terms.map(written), read.all, read.behind.map(written), read.exp?.text, read.redirect?.text, read.unknown],
    [['a'], '~', ['include:b.test'], 'exp=why.test', 'redirect=c.test', ['x=y']],
  );
});

/** Code, the marked piece of the text, and the fix. */
const told = (text: string) =>
  readTerms(text).problems.map(({ code, where, fix }) => [
    code,
    where === undefined ? '' : where.text.slice(where.at, where.at + where.length),
    fix ?? '',
  ]);

test('a term that cannot be read costs none of the others, and is named with its place', () => {
  const text =
    'v=spf1 include:a.test inclde:b.test  ip4:300.1.1.1 ipv4:192.0.2.1 a:192.0.2.2 ip4:2001:db8::1 include: c.test -all';
  assert.deepEqual(spelled(text), ['include:a.test']);
  assert.equal(readTerms(text).all, '-');
  assert.deepEqual(told(text), [
    ['unreadable-term', 'inclde:b.test', 'perhaps include:b.test is meant'],
    ['unreadable-term', 'ip4:300.1.1.1', ''],
    ['unreadable-term', 'ipv4:192.0.2.1', 'perhaps ip4:192.0.2.1 is meant'],
    ['unreadable-term', 'a:192.0.2.2', 'perhaps ip4:192.0.2.2 is meant'],
    ['unreadable-term', 'ip4:2001:db8::1', 'perhaps ip6:2001:db8::1 is meant'],
    ['unreadable-term', 'include:', 'perhaps include:c.test is meant'],
    ['unreadable-term', 'c.test', ''],
  ]);
});

test('a second redirect, a second version, a modifier that was meant as a mechanism', () => {
  assert.deepEqual(told('v=spf1 a redirect=a.test redirect=b.test'), [['unreadable-term', 'redirect=b.test', '']]);
  assert.equal(readTerms('v=spf1 a redirect=a.test redirect=b.test').redirect?.text, 'redirect=a.test');
  const glued = readTerms('v=spf1 include:a.test v=spf1 include:b.test -all');
  assert.deepEqual(
    [glued.terms.map(written), glued.unknown, glued.problems[0]?.code],
    [['include:a.test', 'include:b.test'], [], 'not-quite-spf'],
  );
  assert.deepEqual(told('v=spf1 ip4=192.0.2.1 -all'), [['unreadable-term', 'ip4=192.0.2.1', 'write ip4:192.0.2.1']]);
});

test('what was meant as a record is read as one; what is something else is left alone', () => {
  for (const text of [
    '"v=spf1 a -all"',
    ' v=spf1 a -all',
    '\u201cv=spf1 a -all\u201d',
    '\u00e2\u0080\u009cv=spf1 a -all\u00e2\u0080\u009d', // the same as DNS gives it: an octet a character
    '\u00ef\u00bb\u00bfv=spf1 a -all',
    'v=spf1; a -all',
    'v = spf1 a -all',
  ]) {
    assert.ok(looksLikeSpf(text), text);
    assert.deepEqual([spelled(text), readTerms(text).problems[0]?.code], [['a'], 'not-quite-spf'], text);
  }
  assert.deepEqual(told('v=spf1 a\tmx -all'), [['not-quite-spf', '\t', '']]);
  assert.deepEqual(spelled('v=spf1 a\tmx -all'), ['a', 'mx']);
  for (const text of ['v=spf10 a', 'v=spf2.0/pra a', 'spf2.0/mfrom a', 'google-site-verification=v=spf1', ''])
    assert.ok(!looksLikeSpf(text), text);
});
