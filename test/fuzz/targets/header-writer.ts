/** The writer of header fields: whatever the values, what comes out is exactly one field that says what was put in, or a refusal. */
import assert from 'node:assert/strict';
import { latin1 } from '../../../src/base/bytes.ts';
import { parseDomainName } from '../../../src/format/domain-name.ts';
import { writeAddressField, writeHeaderField } from '../../../src/format/header-writer.ts';
import { unfold } from '../../../src/format/message/message-index.ts';
import { writeReceivedField } from '../../../src/format/message/received-field.ts';
import { decodeWords } from '../../../src/format/mime/encoded-word.ts';
import { assertOneField, assertSentence, trimmed } from '../holds.ts';
import { type FuzzTarget, headAndRest, type Outcome } from '../target.ts';

export const headerWriter: FuzzTarget = {
  name: 'header-writer',
  octetsMax: 8_192, // a field is written three times for each
  seeds: () => [
    '0Subject|Hello',
    '0Subject|Grüße aus Köln, und noch viel mehr Text, damit eine Falte nötig wird, wenn nicht gar zwei',
    '1References|<a@example.com> <b@example.com> <c@example.com> <d@example.com> <e@example.com>',
    '0X-Long|=?utf-8?q?looks_like_one?=',
    '0Subject|a\r\nBcc: victim@example.com',
    `0X|${'x'.repeat(1_200)}`,
    `1X|${'y'.repeat(900)} ${'z'.repeat(996)}`,
    '0X: y|z',
    '2Subject|\u00d8\u00dc',
    '0X|  blanks  inside   ',
  ],
  dictionary: [
    ...[
      '\r\n',
      '\n',
      '\r',
      '\0',
      '\u2028',
      '\u0085',
      '=?',
      '?=',
      '|',
      ' ',
      '  ',
      'Subject',
      'Bcc: ',
      '\u00fc',
      '\u{1f4ef}',
      '"',
      '\\',
    ],
    ...[
      'x'.repeat(78),
      'x '.repeat(40),
      'ü'.repeat(40),
      ',',
      '<',
      '>',
      ':',
      '\ud83d'.toWellFormed(),
      'é'.normalize('NFD'),
    ],
  ],
  separators: ['|', ' ', '\r\n'],
  open: () => ({ run }),
};

const by = parseDomainName('mx.example.com') ?? assert.fail();

/** `<kind><name>|<value>`; kind 2 has UTF-16 in it, so that surrogates can be lonely. */
function run(input: Uint8Array): Outcome {
  const { head, rest } = headAndRest(input);
  const text = Buffer.from(rest).toString(head === 2 ? 'utf16le' : 'utf8');
  const bar = text.indexOf('|');
  const name = bar < 0 ? 'Subject' : text.slice(0, bar);
  const value = text.slice(bar + 1);
  writeOthers(value);
  const kind = head === 1 ? 'structured' : 'text';
  const written = writeHeaderField(name, value, kind);
  if (!written.ok) {
    if (written.code !== 'not-ascii' && written.code !== 'line-too-long') assertSentence(written.say);
    return `${kind} ${written.code}`;
  }
  const body = unfold(assertOneField(written.value, name));
  const meant = trimmed(value, ' ');
  assert.equal(kind === 'text' ? decodeWords(body.slice(1)) : body.slice(1), meant);
  const octets = 200 + 12 * Buffer.byteLength(value);
  assert.ok(written.value.length <= octets, `${value.length} characters became ${written.value.length} octets`);
  return `${kind} ${latin1(written.value).includes('=?')} ${written.value.length > 78}`;
}

/** The value as a display name and as what a client calls itself. */
function writeOthers(value: string): void {
  const domain = by;
  const field = writeAddressField('To', [{ local: 'ann', domain, display: value }]);
  if (field.ok) assert.match(unfold(assertOneField(field.value, 'To')), / <?ann@mx\.example\.com>?$/);
  const hop = {
    from: { helo: value, address: value },
    by,
    with: 'ESMTP',
    id: value,
    dateMs: 1_700_000_000_000,
  } as const;
  assertOneField(writeReceivedField(hop), 'Received');
}
