import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatAddrSpec } from './mailbox.ts';
import { parsePath } from './smtp-path.ts';

/** Any UTF-16 units, lone surrogates too. */
const anyText = fc.string({ unit: fc.nat({ max: 0xffff }).map((unit) => String.fromCharCode(unit)) });

function read(text: string): string {
  const outcome = parsePath(text);
  if (!outcome.ok) return outcome.code;
  const path = outcome.value;
  if (path.kind !== 'mailbox') return path.kind;
  return `${path.route ? 'route ' : ''}${formatAddrSpec(path.mailbox)}`;
}

test('RFC 5321 §4.1.2: paths', () => {
  const rows: [string, string][] = [
    ['<>', 'null'],
    ['<Postmaster>', 'postmaster'],
    ['<POSTMASTER@example.org>', 'POSTMASTER@example.org'],
    ['<joe@Example.ORG>', 'joe@example.org'],
    ['<"joe q"@example.org>', '"joe q"@example.org'],
    ['<"a\\"b\\\\@c"@example.org>', '"a\\"b\\\\@c"@example.org'],
    ['<"joe"@example.org>', 'joe@example.org'],
    ['<jörg@bücher.example>', 'jörg@xn--bcher-kva.example'],
    ['<joe%a.test@example.org>', 'joe%a.test@example.org'],
    ['<a.test!joe@example.org>', 'a.test!joe@example.org'],
    ['<b+0123=x#@example.org>', 'b+0123=x#@example.org'],
  ];
  for (const [text, expected] of rows) assert.equal(read(text), expected, text);
});

test('RFC 5321 §3.6.1: a source route is dropped and told', () => {
  assert.equal(read('<@a.test:joe@example.org>'), 'route joe@example.org');
  assert.equal(read('<@a.test,@b.test:"x:y"@example.org>'), 'route "x:y"@example.org');
  for (const text of [
    '<@a.test>',
    '<@a.test,b.test:joe@example.org>',
    '<@a.test,:joe@example.org>',
    '<@:joe@example.org>',
    '<@a.test:@b.test:joe@example.org>',
  ]) {
    assert.equal(read(text), 'bad-path', text);
  }
});

test('what is not exactly a path', () => {
  const texts = [
    '',
    'joe@example.org',
    '<joe@example.org',
    'joe@example.org>',
    '< >',
    '< joe@example.org>',
    '<joe@example.org >',
  ];
  texts.push(
    '<joe>',
    '<joe@>',
    '<@example.org>',
    '<joe@example.org.>',
    '<joe@example..org>',
    '<joe@exam ple.org>',
    '<joe@192.0.2.1>',
  );
  texts.push(
    '<joe q@example.org>',
    '<joe@a.test@example.org>',
    '<joe@example.org>x>',
    '<(x)joe@example.org>',
    '<joe@example.org(x)>',
  );
  texts.push(
    '<.joe@example.org>',
    '<joe.@example.org>',
    '<j..e@example.org>',
    '<"joe@example.org>',
    '<"a"b@example.org>',
    '<a\\@b@example.org>',
  );
  texts.push(
    '<joe\0@example.org>',
    '<joe@example.org\0.test>',
    '<"jo\te"@example.org>',
    '<"jo\\\re"@example.org>',
    '<joe\r\n@example.org>',
  );
  texts.push(
    '<any(@bank.test>',
    '<joe@example。org>',
    '<joe＠bank.test@example.org>',
    '<joe\u200b@example.org>',
    '<j\ufffd@example.org>',
    '<j\ud800@example.org>',
  );
  texts.push('<=?utf-8?q?joe?=@example.org>', '<<joe@example.org>>');
  for (const text of texts) assert.equal(read(text), 'bad-path', JSON.stringify(text));
});

test('address literals have a code of their own', () => {
  assert.equal(read('<joe@[192.0.2.1]>'), 'address-literal');
  assert.equal(read('<joe@[IPv6:2001:db8::1]>'), 'address-literal');
});

test('RFC 5321 §4.5.3.1: lengths in octets', () => {
  assert.equal(read(`<${'a'.repeat(64)}@example.org>`), `${'a'.repeat(64)}@example.org`);
  assert.equal(read(`<${'a'.repeat(65)}@example.org>`), 'too-long');
  assert.equal(read(`<${'ü'.repeat(33)}@example.org>`), 'too-long');
  assert.equal(read(`<joe@${'a.'.repeat(123)}abcd>`).length, 254);
  assert.equal(read(`<joe@${'a.'.repeat(123)}abcde>`), 'too-long');
  assert.equal(read(`<${'"'.repeat(1_000_000)}@example.org>`), 'too-long');
  // 244 octets as it is written, 319 in A-labels
  assert.equal(
    read(`<${'a'.repeat(64)}@${'b'.repeat(60)}.${'c'.repeat(60)}.${'ü.'.repeat(15)}ex.example>`),
    'too-long',
  );
});

const pieces = fc.constantFrom(
  '<',
  '>',
  '@',
  '"',
  '\\',
  '.',
  'a',
  'test',
  ':',
  ',',
  ' ',
  'ü',
  '[',
  ']',
  '\r\n',
  '\0',
  '%',
);

test('property: never throws, and what is taken reads back from its own spelling', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        anyText,
        fc.string({ unit: pieces }).map((inside) => `<${inside}>`),
      ),
      (text) => {
        const outcome = parsePath(text);
        if (!outcome.ok || outcome.value.kind !== 'mailbox') return;
        const { mailbox } = outcome.value;
        assert.deepEqual(parsePath(`<${formatAddrSpec(mailbox)}>`), {
          ok: true,
          value: { kind: 'mailbox', mailbox, route: false },
        });
      },
    ),
    { numRuns: 500 },
  );
});
