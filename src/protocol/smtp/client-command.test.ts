import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { anyCharacter } from '../../../test/support/any-character.ts';
import { Bug } from '../../base/outcome.ts';
import { command, isEhloName, isPathText } from './client-command.ts';

const bare = { eightBit: false, smtpUtf8: false };

test('paths that may stand between brackets', () => {
  for (const path of [
    'a@example.net',
    "a.b+c=d_e/f!g#h$i%j&k'l*m?n^o`p{q|r}s~t@example.net",
    '"a b"@example.net',
    '"a\\"b\\\\c>d"@example.net',
    '""@example.net',
    'ü@xn--bcher-kva.example',
    'b+0123.4567@bounce.example.net',
  ])
    assert.ok(isPathText(path), path);
});

test('whatever could end a path or a line early is not one', () => {
  for (const path of [
    '',
    'a',
    '@example.net',
    'a@',
    'a@example.net\r\nRCPT TO:<c@example.net>',
    'a@example.net\nDATA',
    'a\0@example.net',
    'a@example.net> SIZE=1',
    'a>b@example.net',
    'a b@example.net',
    'a,b@example.net',
    '"a\nb"@example.net',
    '"a"b@example.net',
    '"a\\"@example.net',
    'a@b@example.net',
    'a@exämple.net',
    'a@[192.0.2.1]',
    'a@example.net.',
    'a@-',
    '\u2028@example.net',
    '\u0085@example.net',
    '\ud800@example.net',
    `${'a'.repeat(250)}@example.net`,
  ])
    assert.ok(!isPathText(path), path);
});

test('what is no path, name or base64 is a bug of ours, never a command', () => {
  assert.throws(() => command.mail('a@x.test\r\nDATA', bare), Bug);
  assert.throws(() => command.mail('ü@x.test', bare), Bug);
  assert.throws(() => command.rcpt(''), Bug);
  assert.throws(() => command.ehlo('a b'), Bug);
  assert.throws(() => command.ehlo('a\r\nb'), Bug);
  assert.throws(() => command.authPlain('a\r\n'), Bug);
  assert.throws(() => command.authResponse('*'), Bug);
});

test('EHLO takes host names and address literals', () => {
  for (const name of ['mx.example.com', 'localhost', '[192.0.2.1]', '[IPv6:2001:db8::1]'])
    assert.ok(isEhloName(name), name);
  for (const name of ['', '-', 'a b', 'a\n', 'mx.example.com.', '[]', 'ä.test']) assert.ok(!isEhloName(name), name);
});

test('the parameters of MAIL', () => {
  assert.equal(command.mail('', bare), 'MAIL FROM:<>');
  assert.equal(
    command.mail('ü@x.test', { size: 5, eightBit: true, smtpUtf8: true }),
    'MAIL FROM:<ü@x.test> SIZE=5 BODY=8BITMIME SMTPUTF8',
  );
});

test('a chunk has a size', () => {
  assert.equal(command.bdatLast(0), 'BDAT 0 LAST');
  assert.equal(command.bdatLast(26_214_400), 'BDAT 26214400 LAST');
  for (const size of [-1, 0.5, Number.NaN, Infinity, 2 ** 53]) assert.throws(() => command.bdatLast(size), Bug);
});

test('property: no text becomes two lines or leaves its brackets', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string({ unit: anyCharacter, maxLength: 20 }), fc.string({ maxLength: 20 })),
      fc.string({ maxLength: 8 }),
      (left, right) => {
        const path = `${left}@${right}.test`;
        if (!isPathText(path)) return;
        const line = command.rcpt(path);
        assert.doesNotMatch(line, /[\r\n\0]/);
        assert.equal(line.lastIndexOf('>'), line.length - 1);
      },
    ),
    { numRuns: 500 },
  );
});
