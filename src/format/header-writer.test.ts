import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { anyCharacter } from '../../test/support/any-character.ts';
import { concat, fromUtf8, hasControlCharacter, isAscii, isWellFormed, utf8 } from '../base/bytes.ts';
import { parseDomainName } from './domain-name.ts';
import { refuseFieldName, writeAddressField, writeHeaderField } from './header-writer.ts';
import type { Mailbox } from './mailbox.ts';
import { fieldBody, fieldText, indexMessage, unfold } from './message/message-index.ts';
import { decodeWords } from './mime/encoded-word.ts';

const write = (name: string, value: string, kind: 'text' | 'structured' = 'text') => {
  const written = writeHeaderField(name, value, kind);
  return written.ok ? fromUtf8(written.value) : written.code;
};

function mailbox(local: string, domain: string, display?: string): Mailbox {
  const name = parseDomainName(domain);
  assert.ok(name);
  return { local, domain: name, ...(display === undefined ? {} : { display }) };
}

const writeTo = (...mailboxes: Mailbox[]) => {
  const written = writeAddressField('To', mailboxes);
  return written.ok ? fromUtf8(written.value) : written.code;
};

test('plain text stays plain', () => {
  assert.equal(write('Subject', 'Hello, world'), 'Subject: Hello, world\r\n');
  assert.equal(write('Subject', '  two  blanks  '), 'Subject: two  blanks\r\n');
  assert.equal(write('Subject', ''), 'Subject:\r\n');
});

test('nothing that could begin a second field or command gets through', () => {
  for (const value of [
    'a\r\nBcc: x',
    'a\nb',
    'a\rb',
    'a\0b',
    'a\tb',
    'a\x7fb',
    'a\x85b',
    'a\u2028b',
    'a\u2029b',
    '\x0b',
  ]) {
    assert.equal(write('Subject', value), 'control-character', JSON.stringify(value));
    assert.equal(write('References', value, 'structured'), 'control-character');
    assert.equal(writeTo(mailbox('a', 'b.test', value)), 'control-character');
    assert.equal(writeTo(mailbox(value, 'b.test')), 'control-character');
  }
  assert.equal(write('Subject', 'a\ud800b'), 'lone-surrogate');
  assert.equal(writeTo(mailbox('a', 'b.test', '\udc00')), 'lone-surrogate');
  for (const name of ['', 'A B', 'A:', 'A\r\n', 'Ä', 'A\0', ' A', 'x'.repeat(77)]) {
    assert.equal(write(name, 'x'), 'bad-field-name', JSON.stringify(name));
  }
  assert.equal(refuseFieldName('__proto__'), undefined);
});

test('RFC 5322 §2.1.1: folds at 78, before blanks, never a line of blanks', () => {
  const folded = write('X-Words', Array(30).fill('word').join(' '));
  for (const line of folded.split('\r\n')) assert.ok(line.length <= 78, line);
  assert.equal(folded.replaceAll('\r\n', ''), `X-Words: ${Array(30).fill('word').join(' ')}`);
  const blanks = write('X', `${'a'.repeat(70)}${' '.repeat(200)}b`);
  assert.ok(!/\r\n +\r\n/.test(blanks));
});

test('a value without a blank stays beside its name, unless the fold makes it fit', () => {
  assert.equal(write('List-Unsubscribe', `<https://${'x'.repeat(200)}>`, 'structured').indexOf('\r\n'), 228);
  assert.equal(write('X-Rather-Long-Name', 'y'.repeat(70)), `X-Rather-Long-Name:\r\n ${'y'.repeat(70)}\r\n`);
});

test('no line beyond 998: text is encoded, structure is refused', () => {
  assert.equal(write('References', 'x'.repeat(999), 'structured'), 'line-too-long');
  const encoded = write('Subject', 'x'.repeat(2_000));
  for (const line of encoded.split('\r\n')) assert.ok(line.length <= 76);
  const index = indexMessage(utf8(`${encoded}\r\n`));
  assert.equal(decodeWords(fieldText(index, 'subject') ?? ''), 'x'.repeat(2_000));
});

test('RFC 2047: other scripts become encoded words, and so does ASCII that would read as one', () => {
  assert.equal(write('Subject', 'Grüße'), 'Subject: =?UTF-8?B?R3LDvMOfZQ==?=\r\n');
  assert.equal(write('Subject', 'Résumé of the meeting'), 'Subject: =?UTF-8?Q?R=C3=A9sum=C3=A9_of_the_meeting?=\r\n');
  assert.equal(write('Subject', '=?utf-8?q?Hi?='), 'Subject: =?UTF-8?B?PT91dGYtOD9xP0hpPz0=?=\r\n');
  assert.equal(write('References', '<ü@x>', 'structured'), 'not-ascii');
});

test('RFC 5322 §3.4: display names are atoms, quoted, or encoded', () => {
  assert.equal(writeTo(mailbox('a', 'b.test')), 'To: a@b.test\r\n');
  assert.equal(writeTo(mailbox('a', 'b.test', 'Ann Smith')), 'To: Ann Smith <a@b.test>\r\n');
  assert.equal(writeTo(mailbox('a', 'b.test', 'Smith, Ann')), 'To: "Smith, Ann" <a@b.test>\r\n');
  assert.equal(
    writeTo(mailbox('a', 'b.test', 'x" <v@victim.test>, "')),
    'To: "x\\" <v@victim.test>, \\"" <a@b.test>\r\n',
  );
  assert.equal(writeTo(mailbox('a', 'b.test', 'Jörg')), 'To: =?UTF-8?B?SsO2cmc=?= <a@b.test>\r\n');
  assert.equal(writeTo(mailbox('a', 'b.test', '=?utf-8?q?v@victim.test?=')).includes('=?utf-8?q?v'), false);
  assert.equal(writeTo(mailbox('a b', 'b.test')), 'To: "a b"@b.test\r\n');
  assert.equal(writeTo(mailbox('grüße', 'b.test')), 'To: grüße@b.test\r\n');
  assert.equal(writeTo(mailbox('a', 'b.test', '  ')), 'To: a@b.test\r\n');
});

test('lists fold between mailboxes', () => {
  const list = writeTo(...Array.from({ length: 50 }, (_, i) => mailbox(`user${i}`, 'example.com', `User ${i}`)));
  for (const line of list.split('\r\n')) assert.ok(line.length <= 78, line);
  assert.equal(list.match(/,/g)?.length, 49);
});

const anyText = fc.string({ unit: anyCharacter, maxLength: 300 });

test('property: whatever goes in, out comes exactly one field or a refusal', () => {
  fc.assert(
    fc.property(
      fc.string({ maxLength: 80 }),
      anyText,
      fc.constantFrom('text' as const, 'structured' as const),
      (...given) => {
        const written = writeHeaderField(...given);
        if (!written.ok) return;
        assert.equal(isAscii(fromUtf8(written.value)), true);
        const index = indexMessage(concat([written.value, utf8('\r\n')]));
        assert.deepEqual([index.fields.length, index.problems], [1, []]);
        assert.equal(index.fields[0]?.name, given[0].toLowerCase());
      },
    ),
    { numRuns: 500 },
  );
});

test('property: text is read back as it was given', () => {
  const writable = fc
    .oneof(
      anyText,
      fc.string({ unit: 'grapheme', maxLength: 200 }),
      fc.string({ unit: fc.constantFrom(' ', '=', '?', 'a', 'ü') }),
    )
    .map((text) => text.replace(/^ +| +$/g, ''))
    .filter((text) => !hasControlCharacter(text) && isWellFormed(text));
  fc.assert(
    fc.property(writable, fc.stringMatching(/^[A-Za-z-]{1,70}$/), (text, name) => {
      const written = writeHeaderField(name, text, 'text');
      assert.ok(written.ok);
      for (const line of fromUtf8(written.value).split('\r\n')) assert.ok(line.length <= 998);
      const index = indexMessage(concat([written.value, utf8('\r\n')]));
      const field = index.fields[0];
      assert.ok(field);
      assert.equal(decodeWords(unfold(fieldBody(index, field)).slice(1)), text);
    }),
    { numRuns: 500 },
  );
});
