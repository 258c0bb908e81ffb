/** From and To of strangers: one reading or none, the same by every way in, and what was read can be written and read again. */
import assert from 'node:assert/strict';
import { isUtf8 } from 'node:buffer';
import { fromUtf8, utf8 } from '../../../src/base/bytes.ts';
import { mailboxesOf, parseAddressList, parseFromFields, parseMailbox } from '../../../src/format/address.ts';
import { writeAddressField } from '../../../src/format/header-writer.ts';
import type { Mailbox } from '../../../src/format/mailbox.ts';
import { assertMailbox, assertOneField, assertSentence } from '../holds.ts';
import type { FuzzTarget, Outcome } from '../target.ts';

export const address: FuzzTarget = {
  name: 'address',
  seeds: () => [
    ' ann@example.com',
    ' Ann Example <ann@example.com>',
    ' "Example, Ann" <ann@example.com>, Bob <bob@example.com>',
    ' friends: Ann <ann@example.com>, bob@example.com;',
    ' undisclosed-recipients:;',
    ' =?utf-8?q?J=C3=B6rg?= =?utf-8?b?IFg=?= <joerg@example.com>',
    ' "a b\\"c"@example.com (a comment (in a comment))',
    ' jörg@grüße.example, ann@xn--gre-6ka8i.example',
    ' Dr. Ann E. Example\r\n <ann@example.com>,\r\n\tbob@b.example.',
    ' ann@example.com, , bob@example.com',
    ' <@a.example,@b.example:ann@example.com>',
    ' ann@example.com <bob@example.net>',
    ' ann@[192.0.2.1]',
    ' (no address)',
  ],
  dictionary: [
    ...[
      '<',
      '>',
      '@',
      ',',
      ':',
      ';',
      '"',
      '(',
      ')',
      '[',
      ']',
      '\\',
      '.',
      '\r\n ',
      'ann',
      'bob@example.com',
      'example.net',
    ],
    ...[
      '<ann@example.com>',
      '"ann"@example.com',
      '@a.example:',
      'group:',
      '=?utf-8?q?a=40b=2Ec?=',
      '\\"',
      '\\\\',
      'xn--',
      '\uff20',
    ],
    ...['=?us-ascii?q?=22?=', '<>', '<<', '>>', '" "', '(\\)', '..', '.@', '%', '!', 'ann@example.com', 'a'.repeat(64)],
  ],
  separators: [',', '@', '<', ' ', ':', ';'],
  open: () => ({ run }),
};

function run(input: Uint8Array): Outcome {
  const author = parseFromFields([input]);
  const list = parseAddressList(input);
  if (isUtf8(input)) assertSameAsText(fromUtf8(input), list);
  if (list.ok) for (const mailbox of mailboxesOf(list.value).slice(0, 100)) assertMailbox(mailbox);
  else assertSentence(list.say);
  if (author.kind !== 'one') {
    assertSentence(author.why);
    return `${author.why}, ${list.ok}`;
  }
  assert.ok(list.ok, 'an author in a list that cannot be read');
  assert.deepEqual(mailboxesOf(list.value), author.mailboxes);
  assert.equal(author.first, author.mailboxes[0]);
  assert.ok(author.mailboxes.every(({ domain }) => domain === author.domain));
  assertWritable(author.mailboxes.slice(0, 500));
  return `${Math.min(author.mailboxes.length, 3)} ${shapeOf(author.first)}`;
}

function shapeOf({ local, display, domain }: Mailbox): string {
  const kind = (text: string) =>
    /^[a-z0-9. -]*$/i.test(text) ? 'plain' : /^[\x20-\x7e]*$/.test(text) ? 'odd' : 'wide';
  return [kind(local), display === undefined ? 'bare' : kind(display), domain.includes('xn--')].join(' ');
}

/** Octets and text, and what a person types: no way in reads another address. */
function assertSameAsText(text: string, list: ReturnType<typeof parseAddressList>): void {
  assert.deepEqual(parseAddressList(text), list);
  const typed = parseMailbox(text);
  if (!typed.ok) {
    assertSentence(typed.say);
    return;
  }
  const author = parseFromFields([utf8(text)]);
  assert.ok(author.kind === 'one' && author.mailboxes.length === 1, 'typed and in From it is not the same');
  assert.deepEqual(author.first, typed.value);
}

function assertWritable(mailboxes: readonly Mailbox[]): void {
  const written = writeAddressField('From', mailboxes);
  assert.ok(written.ok || written.code === 'line-too-long');
  if (!written.ok) return;
  const again = parseFromFields([assertOneField(written.value, 'From')]);
  assert.equal(again.kind, 'one', again.kind === 'one' ? '' : again.why);
  if (again.kind === 'one') assert.deepEqual(again.mailboxes.map(identity), mailboxes.map(identity));
}

function identity({ local, domain }: Mailbox): string {
  return `${local}@${domain}`;
}
