import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { fromLatin1, hasControlCharacter, latin1, utf8 } from '../../base/bytes.ts';
import { parseContentType, parseParameterised } from './content-type.ts';

const parameters = (text: string) => [...parseParameterised(text).parameters];

test('RFC 2045 §5.1: tokens, quoted strings, comments, blanks, case', () => {
  assert.equal(parseContentType('TEXT / Plain ; CHARSET=us-ascii').value, 'text/plain');
  assert.deepEqual(parameters('text/plain; charset=us-ascii (Plain text)'), [['charset', 'us-ascii']]);
  assert.deepEqual(parameters('text/plain; charset="us-ascii"'), [['charset', 'us-ascii']]);
  assert.deepEqual(parameters('a/b; x="a;b\\"c\\\\" ; y = z'), [
    ['x', 'a;b"c\\'],
    ['y', 'z'],
  ]);
  assert.deepEqual(parameters('a/b(;x=1); y=2'), [['y', '2']]);
});

test('what mail readers forgive', () => {
  assert.deepEqual(parameters('a/b; name=my file.pdf; q'), [['name', 'my file.pdf']]);
  assert.deepEqual(parameters('a/b;;; ; x=1;x=2;=3'), [['x', '1']]);
  assert.deepEqual(parameters('a/b; x="never closed; y=1'), [['x', 'never closed; y=1']]);
  assert.deepEqual(parameters('a/b; x=1 (never closed; y=2'), [['x', '1']]);
  assert.deepEqual(parameters(`a/b; name="${latin1(utf8('Grüße'))}"`), [['name', 'Grüße']]);
  assert.deepEqual(parameters('a/b; __proto__=1; constructor=2'), [
    ['__proto__', '1'],
    ['constructor', '2'],
  ]);
});

test('RFC 2045 §5.2: missing or unreadable types are plain text', () => {
  for (const text of [undefined, '', 'text', 'text/', '/plain', 'a/b/c', 'te xt/pl@in']) {
    assert.equal(parseContentType(text).value, 'text/plain');
  }
  assert.equal(parseContentType('', 'message/rfc822').value, 'message/rfc822');
});

test('RFC 2231: charset, language, continuations', () => {
  assert.deepEqual(parameters("a/b; title*=us-ascii'en-us'This%20is%20%2A%2A%2Afun%2A%2A%2A"), [
    ['title', 'This is ***fun***'],
  ]);
  assert.deepEqual(parameters('m/e; URL*0="ftp://"; URL*1="cs.utk.edu/pub"'), [['url', 'ftp://cs.utk.edu/pub']]);
  assert.deepEqual(
    parameters(
      "a/b; title*0*=us-ascii'en'This%20is%20even%20more%20; title*1*=%2A%2A%2Afun%2A%2A%2A%20; title*2=\"isn't it!\"",
    ),
    [['title', "This is even more ***fun*** isn't it!"]],
  );
  assert.deepEqual(parameters("a/b; f*1*=%A4; f*0*=utf-8''%C3"), [['f', 'ä']]);
  assert.deepEqual(parameters("a/b; f=plain; f*=utf-8''b%C3%A9"), [['f', 'bé']]);
  assert.deepEqual(parameters("a/b; f*=x-unknown''%E4; g*1=lost"), [['f', 'ä']]);
});

test('decoded values never hold control characters', () => {
  assert.deepEqual(parameters("a/b; f*=utf-8''a%0D%0Ab%00"), [['f', 'a\ufffd\ufffdb\ufffd']]);
});

test('masses of continuations, comments and quotes are read in linear time', () => {
  const continuations = Array.from({ length: 30_000 }, (_, i) => `f*${i}=x`).join(';');
  assert.equal(parseParameterised(`a/b;${continuations}`).parameters.get('f')?.length, 1_000);
  assert.equal(parseParameterised('('.repeat(500_000)).value, '');
  assert.equal(parameters(`a/b; x=${'"'.repeat(200_000)}`).length, 1);
  assert.equal(parameters('a/b;'.repeat(100_000)).length, 0);
});

test('property: it never throws, names are lower case, values are one line', () => {
  const pieces = fc.constantFrom(
    'a',
    '/',
    ';',
    '=',
    '"',
    '\\',
    '(',
    ')',
    '*',
    '0',
    "'",
    '%41',
    '%',
    ' ',
    '\r\n',
    '\xe4',
    'boundary',
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.array(pieces).map((all) => all.join('')),
        fc.uint8Array().map(latin1),
      ),
      (text) => {
        for (const [name, value] of parseContentType(text).parameters) {
          assert.equal(name, name.toLowerCase());
          assert.ok(!hasControlCharacter(value));
        }
      },
    ),
    { numRuns: 500 },
  );
});

test('property: a quoted value is read back', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[ -~]{0,40}$/), (value) => {
      const text = latin1(fromLatin1(`a/b; x="${value.replace(/["\\]/g, '\\$&')}"; y=1`));
      assert.deepEqual(parameters(text), [
        ['x', value],
        ['y', '1'],
      ]);
    }),
  );
});
