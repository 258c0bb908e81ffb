import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fromLatin1, utf8 } from '../base/bytes.ts';
import {
  formatAddrSpec,
  type Group,
  isInternationalised,
  type Mailbox,
  mailboxesOf,
  parseAddressList,
  parseMailbox,
  sameMailbox,
} from './address.ts';
import { parseDomainName } from './domain-name.ts';

/** Any UTF-16 units, lone surrogates too. */
const anyText = fc.string({ unit: fc.nat({ max: 0xffff }).map((unit) => String.fromCharCode(unit)) });

function mailbox(text: string): Mailbox {
  const outcome = parseMailbox(text);
  assert.ok(outcome.ok, text);
  return outcome.value;
}

function list(text: string | Uint8Array): readonly (Mailbox | Group)[] | string {
  const outcome = parseAddressList(text);
  return outcome.ok ? outcome.value : outcome.say;
}

test('one address, with or without a name', () => {
  assert.deepEqual(mailbox('joe@Example.org'), { local: 'joe', domain: 'example.org' });
  assert.deepEqual(mailbox(' Joe Öl <joe@example.org> '), { local: 'joe', domain: 'example.org', display: 'Joe Öl' });
  assert.deepEqual(mailbox('"Public, Joe \\"Q\\"" <joe@example.org>').display, 'Public, Joe "Q"');
  assert.deepEqual(mailbox('" " <joe@example.org>'), { local: 'joe', domain: 'example.org' });
});

test('what an API field may not hold', () => {
  const texts = [
    '',
    'joe',
    'joe@',
    '@example.org',
    'a@example.org, b@example.org',
    'g: a@example.org;',
    'a@example.org,',
  ];
  texts.push(
    'Joe, Inc. <joe@example.org>',
    'joe@example.org\r\nBcc: x@example.org',
    'Joe\r\n <joe@example.org>',
    'a\0@example.org',
  );
  texts.push('a\t<joe@example.org>', 'joe@[192.0.2.1]', 'a\ud800b <joe@example.org>', `${'a'.repeat(65)}@example.org`);
  texts.push(
    '=?utf-8?q?=0D=0ABcc:_x?= <joe@example.org>',
    '"=?utf-8?q?x?=" <joe@example.org>',
    'joe@example.org\u2028',
  );
  for (const text of texts) {
    const outcome = parseMailbox(text);
    assert.ok(!outcome.ok && outcome.code === 'bad-address' && outcome.say !== '', JSON.stringify(text));
  }
});

test('a company with a comma in its name is told what to do', () => {
  const outcome = parseMailbox('Joe, Inc. <joe@example.org>');
  assert.ok(!outcome.ok);
  assert.equal(outcome.say, 'a name stands without an address; a name with a comma needs quotation marks');
});

test('local parts are quoted when they must be', () => {
  const rows: [string, string][] = [
    ['joe', 'joe'],
    ['joe.öl+x', 'joe.öl+x'],
    ['a@b', '"a@b"'],
    ['a b', '"a b"'],
    ['', '""'],
    ['.a', '".a"'],
    ['a..b', '"a..b"'],
    ['say "hi"\\', '"say \\"hi\\"\\\\"'],
  ];
  const domain = parseDomainName('bücher.example');
  assert.ok(domain);
  for (const [local, written] of rows)
    assert.equal(formatAddrSpec({ local, domain }), `${written}@xn--bcher-kva.example`);
});

test('RFC 6531: only a local part makes a mailbox internationalised', () => {
  assert.equal(isInternationalised(mailbox('jörg@example.org')), true);
  assert.equal(isInternationalised(mailbox('Jörg <joerg@bücher.example>')), false);
});

test('RFC 5321 §2.4: local parts differ by case, domains do not', () => {
  assert.ok(sameMailbox(mailbox('Joe <joe@example.org>'), mailbox('"joe"@EXAMPLE.ORG.')));
  assert.ok(!sameMailbox(mailbox('joe@example.org'), mailbox('Joe@example.org')));
  assert.ok(sameMailbox(mailbox('jo\u0308rg@example.org'), mailbox('jörg@example.org')));
});

test('RFC 5322 §3.4: lists with groups', () => {
  const entries = list('A <a@example.org>, Team: b@example.org, "C" <c@example.net>;,\r\n d@example.org');
  assert.deepEqual(entries, [
    { local: 'a', domain: 'example.org', display: 'A' },
    {
      group: 'Team',
      mailboxes: [
        { local: 'b', domain: 'example.org' },
        { local: 'c', domain: 'example.net', display: 'C' },
      ],
    },
    { local: 'd', domain: 'example.org' },
  ]);
  assert.ok(typeof entries !== 'string');
  assert.deepEqual(
    mailboxesOf(entries).map(({ local }) => local),
    ['a', 'b', 'c', 'd'],
  );
  assert.deepEqual(list('undisclosed-recipients:;'), [{ group: 'undisclosed-recipients', mailboxes: [] }]);
});

test('RFC 5322 §4.4: empty places among recipients', () => {
  assert.deepEqual(list(''), []);
  assert.deepEqual(list(' ,, a@example.org, '), [{ local: 'a', domain: 'example.org' }]);
});

test('one bad address spoils the list: who gets a message is not guessed', () => {
  assert.equal(typeof list('a@example.org, b@@example.org'), 'string');
  assert.equal(typeof list(fromLatin1('\xe4 <a@example.org>')), 'string');
});

test('RFC 2047: encoded words are decoded outside quotation marks, whatever hides in them stays one line', () => {
  const names: [string, string][] = [
    ['=?utf-8?q?J=C3=B6rg?=', 'Jörg'],
    ['=?utf-8?q?J=C3=B6?= =?utf-8?q?rg?= Meyer', 'Jörg Meyer'],
    ['=?iso-8859-1?b?SvZyZw==?= "=?utf-8?q?x?="', 'Jörg =?utf-8?q?x?='],
    ['=?utf-8?q?a=0D=0ABcc=3A_b?=', 'a\ufffd\ufffdBcc: b'],
    ['Jörg', 'Jörg'],
    ['"a\tb"', 'a b'],
  ];
  for (const [written, display] of names) {
    assert.deepEqual(
      list(utf8(`${written} <a@example.org>`)),
      [{ local: 'a', domain: 'example.org', display }],
      written,
    );
  }
});

const localPart = fc.string({ unit: fc.constantFrom(...'aZ0.+!%@ "\\<>(),:;[]', 'ü', '京', '😀'), maxLength: 15 });

test('property: format, then parse, gives the same mailbox', () => {
  fc.assert(
    fc.property(localPart, fc.domain(), (local, host) => {
      const domain = parseDomainName(host);
      if (domain === undefined) return;
      const written = formatAddrSpec({ local, domain });
      assert.deepEqual(mailbox(written), { local, domain });
      assert.deepEqual(mailbox(`"x" <${written}>`), { local, domain, display: 'x' });
      assert.deepEqual(list(` ${written} (c), ${written}`), [
        { local, domain },
        { local, domain },
      ]);
    }),
    { numRuns: 300 },
  );
});

test('property: never throws on any text', () => {
  fc.assert(
    fc.property(fc.oneof(anyText, fc.string()), (text) => {
      const outcome = parseMailbox(text);
      if (outcome.ok) assert.deepEqual(mailbox(formatAddrSpec(outcome.value)).local, outcome.value.local);
      parseAddressList(text);
    }),
    { numRuns: 500 },
  );
});
