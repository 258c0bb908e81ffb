import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fromLatin1, utf8 } from '../base/bytes.ts';
import { type AddressFault, addressFaults } from './address-lexer.ts';
import { parseFromFields } from './from-author.ts';
import { formatAddrSpec } from './mailbox.ts';

/** The addresses that are judged, or why there are none. */
function authors(...fields: string[]): string {
  const author = parseFromFields(fields.map(utf8));
  if (author.kind === 'none-or-unclear') return author.why;
  assert.equal(author.first, author.mailboxes[0]);
  assert.ok(author.mailboxes.every((mailbox) => mailbox.domain === author.domain));
  return author.mailboxes.map(formatAddrSpec).join(' ');
}

test('one author', () => {
  const fields: [string, string][] = [
    [' joe@example.org', 'joe@example.org'],
    ['Joe <joe@Example.ORG>', 'joe@example.org'],
    ['"Joe Q. Public" <joe@example.org>', 'joe@example.org'],
    ['Joe Q. Public <joe@example.org>', 'joe@example.org'],
    ['<joe@example.org>', 'joe@example.org'],
    ['joe@example.org.', 'joe@example.org'],
    ['joe@bücher.example', 'joe@xn--bcher-kva.example'],
    ['jörg@bücher.example', 'jörg@xn--bcher-kva.example'],
    ['"a@b"@c.test', '"a@b"@c.test'],
    ['"joe"@example.org', 'joe@example.org'],
    ['"j\\oe \\"x\\""@example.org', '"joe \\"x\\""@example.org'],
    ['joe(a (nested (comment\\)) here))@(b)example.org(c)', 'joe@example.org'],
    ['Joe\r\n\t<joe@\r\n example.org>\r\n ', 'joe@example.org'],
    ['"<victim@bank.test>," <joe@example.org>', 'joe@example.org'],
    ['=?utf-8?q?victim=40bank=2Etest?= <joe@example.org>', 'joe@example.org'],
    ['admin＠bank.test <joe@example.org>', 'joe@example.org'],
    ['joe%bank.test@example.org', 'joe%bank.test@example.org'],
    ['bank.test!joe@example.org', 'bank.test!joe@example.org'],
  ];
  for (const [field, address] of fields) assert.equal(authors(field), address, field);
});

test('several authors of one domain are one author domain', () => {
  assert.equal(authors('a@example.org, "B" <b@EXAMPLE.org>'), 'a@example.org b@example.org');
});

test('RFC 9989 §5.3.1: authors of different domains are none', () => {
  assert.equal(authors('a@example.org, b@example.net'), 'From names authors of different domains');
  assert.equal(authors('a@example.org, b@sub.example.org'), 'From names authors of different domains');
});

test('RFC 6854: mailboxes of a group are authors, an empty group is none', () => {
  assert.equal(authors('Board: a@example.org, B <b@example.org>;'), 'a@example.org b@example.org');
  assert.equal(authors('Board:;, a@example.org'), 'a@example.org');
  assert.equal(authors('Board: a@example.org;, b@example.net'), 'From names authors of different domains');
  assert.equal(authors('Undisclosed:;'), 'From names no mailbox');
  assert.equal(authors('Undisclosed: (nobody) ;'), 'From names no mailbox');
});

test('RFC 5322 §3.6: exactly one From field', () => {
  assert.equal(authors(), 'there is no From field');
  assert.equal(authors('a@example.org', 'a@example.org'), 'there is more than one From field');
  assert.equal(authors(''), 'From names no mailbox');
  assert.equal(authors(' (nobody) '), 'From names no mailbox');
});

test('what has more than one reading has none', () => {
  const faults: Record<string, AddressFault> = {
    '<a@bank.test> <b@evil.test>': 'text-after-address',
    '<a@bank.test> b@evil.test': 'text-after-address',
    '<a@bank.test> b': 'text-after-address',
    'a@bank.test b@evil.test': 'bad-domain',
    'a@bank.test@evil.test': 'text-after-address',
    'a@bank.test <b@evil.test>': 'bare-before-angle',
    '"a"@bank.test<b@evil.test>': 'bare-before-angle',
    '<<a@bank.test>>': 'bad-local-part',
    '<a@bank.test': 'open-angle',
    'a@bank.test>': 'open-angle',
    '<a@bank.test, b@bank.test>': 'open-angle',
    '<>': 'empty-address',
    '<@evil.test:a@bank.test>': 'route',
    '<@evil.test,@x.test:a@bank.test>': 'route',
    a: 'no-address',
    'Joe, Inc. <a@bank.test>': 'no-address',
    '=?utf-8?b?YUBiYW5rLnRlc3Q=?=': 'no-address',
    'admin＠bank.test': 'no-address',
    '<admin＠bank.test@evil.test>': 'look-alike',
    'admin\u200b@bank.test': 'look-alike',
    '<=?utf-8?q?admin?=@bank.test>': 'encoded-local-part',
    '@bank.test': 'bad-local-part',
    '.a@bank.test': 'bad-local-part',
    'a..b@bank.test': 'bad-local-part',
    'a.@bank.test': 'bad-local-part',
    'a .b@bank.test': 'bad-local-part',
    '"a".b@bank.test': 'bad-local-part',
    'a(x)b@bank.test': 'bad-local-part',
    'a@': 'bad-domain',
    'a@bank .test': 'bad-domain',
    'a@"bank.test"': 'bad-domain',
    'a@bank..test': 'bad-domain',
    'a@bank。test': 'bad-domain',
    'a@ｂank.test': 'bad-domain',
    'a@xn--zz.test': 'bad-domain',
    'a@192.0.2.1': 'bad-domain',
    'a@[192.0.2.1]': 'literal',
    '[Joe] <a@bank.test>': 'literal',
    '"a@bank.test': 'open-quote',
    'a@bank.test "': 'open-quote',
    '"a\\"@bank.test': 'open-quote',
    '(a@bank.test': 'open-comment',
    'a)@bank.test': 'open-comment',
    'a@bank.test (\\)': 'open-comment',
    'a\\@evil.test@bank.test': 'stray-backslash',
    'a@bank.test;': 'stray-semicolon',
    'Board: a@bank.test': 'bad-group',
    ':a@bank.test;': 'bad-group',
    'Board: Inner: a@bank.test;;': 'bad-group',
    'Board: a@bank.test; b@bank.test': 'text-after-address',
    'a@bank.test:;': 'text-after-address',
    'a@bank.test,': 'empty-place',
    ', a@bank.test': 'empty-place',
    'a@bank.test,,b@bank.test': 'empty-place',
    'Board: a@bank.test,;': 'empty-place',
    'a@bank.test\0': 'control-character',
    'a@bank.test\0.evil.test': 'control-character',
    '"a\tb"@bank.test': 'control-character',
    'a@bank.test\u0085': 'control-character',
    'a@bank.test\rb@evil.test': 'control-character',
    'a@bank.test\nb@evil.test': 'control-character',
    'a@bank.test\r\nb@evil.test': 'control-character',
    'a@bank.test\r\n': 'control-character',
    'a\u2028@bank.test': 'control-character',
    'a\ufffd@bank.test': 'bad-utf8',
  };
  for (const [field, fault] of Object.entries(faults)) {
    const expected = `From: ${addressFaults[fault]}`;
    assert.equal(authors(field), expected, JSON.stringify(field));
  }
});

test('octets that are not UTF-8 have no reading', () => {
  for (const field of ['J\xf6rg <joe@example.org>', '\xc0\xbc a@example.org', 'a@example.org \xed\xa0\x80']) {
    assert.deepEqual(parseFromFields([fromLatin1(field)]), {
      kind: 'none-or-unclear',
      why: `From: ${addressFaults['bad-utf8']}`,
    });
  }
});

test('comments nest 32 deep and no deeper', () => {
  assert.equal(authors(`${'('.repeat(32)}${')'.repeat(32)}a@example.org`), 'a@example.org');
  assert.equal(authors(`${'('.repeat(33)}${')'.repeat(33)}a@example.org`), `From: ${addressFaults['deep-comment']}`);
});

test('an address longer than SMTP can carry is none', () => {
  assert.equal(authors(`${'a'.repeat(242)}@example.org`).length, 254);
  assert.equal(authors(`${'a'.repeat(243)}@example.org`), `From: ${addressFaults['too-long']}`);
  assert.equal(authors(`${'ü'.repeat(122)}@example.org`), `From: ${addressFaults['too-long']}`);
  assert.equal(authors(`"${'\\"'.repeat(121)}"@example.org`), `From: ${addressFaults['too-long']}`); // quoted again to be sent
});

const pieces = fc.constantFrom(
  ...['a', 'b.c', '@', '<', '>', '"', '\\', '(', ')', ',', ';', ':', '.', ' ', '\r\n ', '[', ']', 'test', 'ü', '＠'],
  ...['=?utf-8?q?x?=', 'a@b.test', '\r', '\n', '\0', '\xff'],
);

test('property: never throws, and the author shown parses to itself', () => {
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array(), fc.string({ unit: pieces, maxLength: 24 }).map(utf8)), (field) => {
      const author = parseFromFields([field]);
      if (author.kind === 'none-or-unclear') return;
      for (const mailbox of author.mailboxes) {
        const again = parseFromFields([utf8(formatAddrSpec(mailbox))]);
        assert.ok(again.kind === 'one');
        assert.deepEqual([again.first.local, again.first.domain], [mailbox.local, author.domain]);
        assert.doesNotMatch(mailbox.display ?? '', /\p{Cc}/u);
      }
    }),
    { numRuns: 500 },
  );
});

test('a megabyte of quotation marks, commas or parentheses is read in linear time, and so is all else', () => {
  const assertUnclear = (unit: string, octets: number) => {
    const author = parseFromFields([utf8(unit.repeat(octets / unit.length))]);
    assert.ok(author.kind === 'none-or-unclear', unit);
  };
  for (const unit of ['"', '""', ',', '(', ')', '()', '(\\']) assertUnclear(unit, 1_000_000);
  const units = [
    '<',
    '>',
    '@',
    ':',
    ';',
    '\\',
    '[',
    'a ',
    'a.',
    '"\\"',
    'a@b.test,',
    'a:;,',
    '\r\n ',
    '=?',
    'a@',
    'ü',
    '("',
  ];
  for (const unit of [...units, '=?utf-8?q?a?= ']) assertUnclear(unit, 200_000);
});
