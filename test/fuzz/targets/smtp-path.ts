/** Paths of MAIL and RCPT: what is taken is one mailbox, can be written to the next hop, and reads the same in a header. */
import assert from 'node:assert/strict';
import { isUtf8 } from 'node:buffer';
import { fromUtf8, utf8 } from '../../../src/base/bytes.ts';
import { formatAddrSpec, isInternationalised, parsePath } from '../../../src/format/address.ts';
import { command, isPathText } from '../../../src/protocol/smtp/client-command.ts';
import { assertMailbox, assertSentence } from '../holds.ts';
import type { FuzzTarget, Outcome } from '../target.ts';

export const smtpPath: FuzzTarget = {
  name: 'smtp-path',
  octetsMax: 4_096,
  seeds: () => [
    '<>',
    '<Postmaster>',
    '<ann@example.com>',
    '<"ann b\\"c"@example.com>',
    '<@a.example,@b.example:ann@example.com>',
    '<jörg@grüße.example>',
    '<ann@[192.0.2.1]>',
    '<ann%b.example@example.com>',
    '<b.example!ann@example.com>',
    `<${'a'.repeat(64)}@${'b'.repeat(60)}.${'c'.repeat(60)}.${'d'.repeat(60)}.ex>`,
    '<ann@EXAMPLE.com.>',
  ],
  dictionary: [
    ...[
      '<',
      '>',
      '@',
      ',',
      ':',
      '"',
      '\\',
      '.',
      '[',
      ']',
      'ann',
      'example.com',
      '<>',
      'postmaster',
      '@a.example:',
      'grüße',
      '例え',
    ],
    ...[
      'IPv6:2001:db8::1',
      'ü'.repeat(20),
      '\u4f8b'.repeat(15),
      '.xn--',
      '\\"',
      '" "',
      '%',
      '!',
      '\uff20',
      'a'.repeat(30),
    ],
  ],
  separators: ['@', ':', ',', '.'],
  open: () => ({ run }),
};

function run(input: Uint8Array): Outcome {
  if (!isUtf8(input)) return 'not UTF-8'; // refused as a command line before
  const path = parsePath(fromUtf8(input));
  if (!path.ok) {
    assertSentence(path.say);
    return path.say;
  }
  if (path.value.kind !== 'mailbox') return path.value.kind;
  const { mailbox, route } = path.value;
  assertMailbox(mailbox);
  assert.equal(mailbox.display, undefined);
  assert.ok(utf8(mailbox.local).length <= 64); // RFC 5321 §4.5.3.1.1
  const spec = formatAddrSpec(mailbox);
  const again = parsePath(`<${spec}>`);
  assert.deepEqual(again.ok && again.value, { kind: 'mailbox', mailbox, route: false });
  assert.ok(isPathText(spec), `<${spec}> is taken here and cannot be sent on`);
  assert.equal(command.rcpt(spec), `RCPT TO:<${spec}>`);
  return `${route} ${isInternationalised(mailbox)} ${spec.startsWith('"')} ${mailbox.domain.includes('xn--')}`;
}
