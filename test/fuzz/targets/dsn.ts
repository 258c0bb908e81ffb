/** Delivery status notifications: read in bounds; and whatever a stranger's said can be told on in a well-formed one of ours. */
import assert from 'node:assert/strict';
import { parseDomainName } from '../../../src/format/domain-name.ts';
import { indexMessage } from '../../../src/format/message/message-index.ts';
import { readDsn } from '../../../src/protocol/dsn/read-dsn.ts';
import { writeDsn } from '../../../src/protocol/dsn/write-dsn.ts';
import { assertTiled } from '../holds.ts';
import type { FuzzTarget, Outcome } from '../target.ts';
import { mimeWords } from './mime-messages.ts';

const report = (blocks: readonly string[]) =>
  [
    'From: MAILER-DAEMON@mx.example.net',
    'To: b+x@bounce.example.com',
    'Content-Type: multipart/report; report-type=delivery-status; boundary=r',
    '',
    '--r',
    '',
    'It failed.',
    '--r',
    'Content-Type: message/delivery-status',
    '',
    ...blocks,
    '--r--',
    '',
  ].join('\r\n');

const failed =
  'Final-Recipient: rfc822; bob@example.net\r\nAction: failed\r\nStatus: 5.1.1\r\nRemote-MTA: dns; mx.example.net\r\nDiagnostic-Code: smtp; 550 5.1.1 no\r\n such user\r\n';

export const dsn: FuzzTarget = {
  name: 'dsn',
  seeds: () => [
    report(['Reporting-MTA: dns; mx.example.net\r\nOriginal-Envelope-Id: x\r\n', failed]),
    report([
      'Reporting-MTA: dns; mx\r\n',
      failed,
      failed.replace('failed', 'delayed (greylisted)').replace('5.1.1', '4.7.1'),
    ]),
    report([
      'Reporting-MTA: dns; mx\r\n',
      'Original-Recipient: utf-8; j\\x{F6}rg@x.example\r\nFinal-Recipient: utf-8;j\\x{110000}@x\r\nAction: RELAYED\r\nStatus: 2.0.0\r\n',
    ]),
    report([]),
    'Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\nFinal-Recipient: rfc822;a@b\r\nAction: failed\r\nStatus: 5.0.0\r\n',
  ],
  dictionary: [
    ...[
      'Final-Recipient: rfc822; ',
      'Original-Recipient: utf-8; ',
      'Action: failed\r\n',
      'Status: 4.2.2\r\n',
      'Diagnostic-Code: smtp; ',
      'Remote-MTA: dns; ',
    ],
    ...[
      '\r\n\r\n',
      '\r\n ',
      '\\x{F6}',
      '\\x{110000}',
      '\\x{D800}',
      '\\x{0A}',
      ';',
      failed,
      '\0',
      '\r',
      'x'.repeat(1_100),
      ...mimeWords.slice(0, 12),
    ],
  ],
  separators: ['\r\n', '\r\n\r\n', ';', ':'],
  open: () => ({ run }),
};

const reportingMta = parseDomainName('mx.example.com') ?? assert.fail();
const us = { local: 'postmaster', domain: reportingMta };
const frame = {
  reportingMta,
  from: us,
  to: us,
  messageId: '<x@mx.example.com>',
  dateMs: 0,
  arrivedMs: 0,
  boundary: 'ours',
  subject: 'Not delivered',
};

function run(input: Uint8Array): Outcome {
  const read = readDsn(input);
  if (read === undefined) return 'none';
  const { recipients, envelopeId } = read;
  assert.ok(recipients.length >= 1 && recipients.length <= 1_000);
  let octets = envelopeId?.length ?? 0;
  for (const { finalRecipient, originalRecipient, status, remoteMta, diagnostic } of recipients) {
    assert.match(status, /^[245]\.\d{1,3}\.\d{1,3}$/);
    octets += [finalRecipient, originalRecipient, remoteMta, diagnostic].join('').length;
  }
  assert.ok(octets <= input.length, 'more text than came in');
  const told = recipients.slice(0, 20).map((one) => ({ ...one, say: one.diagnostic ?? 'It failed.' }));
  const originalHeader = input.subarray(0, indexMessage(input).headerEnd);
  const written = writeDsn({
    ...frame,
    dateMs: 1e12,
    arrivedMs: 1e12,
    recipients: told,
    originalHeader,
    ...(envelopeId && { envelopeId }),
  });
  const index = indexMessage(written);
  assertTiled(index);
  assert.deepEqual(index.fields.map(({ name }) => name).sort(), ownFields);
  return `${Math.min(recipients.length, 3)} ${recipients[0]?.action} ${envelopeId !== undefined} ${recipients[0]?.diagnostic !== undefined}`;
}

const ownFields = ['auto-submitted', 'content-type', 'date', 'from', 'message-id', 'mime-version', 'subject', 'to'];
