/**
 * Writes a delivery status notification: what became of a message, in a sentence for people, in fields for programs, and with the
 * header of the message it is about. RFC 3464, RFC 6522, RFC 6533. Pure; the caller sends it from the null sender and signs it.
 */
import { concat, fromLatin1, isAscii, utf8 } from '../../base/bytes.ts';
import { invariant } from '../../base/outcome.ts';
import type { Mailbox } from '../../format/address.ts';
import { formatDate } from '../../format/date.ts';
import type { DomainName } from '../../format/domain-name.ts';
import { writeAddressField, writeHeaderField } from '../../format/header-writer.ts';
import { toSevenBit } from '../../format/mime/seven-bit.ts';
import { encodeUtf8Address } from './dsn-wishes.ts';

/** RFC 3464 §2.3.3 */
export type DsnAction = 'failed' | 'delayed' | 'delivered' | 'relayed' | 'expanded';

export type DsnRecipient = {
  /** addr-spec the message was sent to. */
  readonly finalRecipient: string;
  /** RFC 3461 ORCPT as it was given, decoded. */
  readonly originalRecipient?: string;
  /** Its type where that is neither `rfc822` nor `utf-8`. */
  readonly originalRecipientType?: string;
  readonly action: DsnAction;
  /** RFC 3463: `5.1.1` */
  readonly status: string;
  /** The host that answered. */
  readonly remoteMta?: string;
  /** Its reply, code first. Foreign text: cleaned here. */
  readonly diagnostic?: string;
  /** One sentence for people. */
  readonly say: string;
  /** What the refusal means and what to do, a sentence each. Ours. */
  readonly advice?: readonly string[];
  /** RFC 3464 §2.3.9: for `delayed` */
  readonly willRetryUntilMs?: number;
};

export type Dsn = {
  readonly reportingMta: DomainName;
  readonly from: Mailbox;
  readonly to: Mailbox;
  readonly messageId: string;
  readonly dateMs: number;
  readonly arrivedMs: number;
  /** Unique text of letters and digits for the MIME boundary. */
  readonly boundary: string;
  readonly recipients: readonly DsnRecipient[];
  readonly subject: string;
  /** RFC 3461 ENVID, decoded. */
  readonly envelopeId?: string;
  /** The header of the message reported on, CRLF lines. */
  readonly originalHeader: Uint8Array;
  /** The whole of it instead, in 7-bit form. RFC 3461 §4.3 */
  readonly originalMessage?: Uint8Array;
};

/** A reply of 64 KB does not become a notification of 64 KB. */
const foreignTextMax = 1_000;

export function writeDsn(dsn: Dsn): Uint8Array {
  const date = formatDate(dsn.dateMs);
  const head = [
    address('From', dsn.from),
    address('To', dsn.to),
    field('Subject', dsn.subject, 'text'),
    field('Date', date),
    field('Message-ID', dsn.messageId),
    field('Auto-Submitted', 'auto-replied'), // RFC 3834 §5
    field('MIME-Version', '1.0'),
    // RFC 6522 §3
    field('Content-Type', `multipart/report; report-type=delivery-status; boundary="${dsn.boundary}"`),
  ];
  const part = (type: string, content: Uint8Array) => [
    fromLatin1(`\r\n--${dsn.boundary}\r\nContent-Type: ${type}\r\n\r\n`),
    content,
  ];
  const bytes = concat([
    ...head,
    ...part('text/plain; charset=utf-8', utf8(forPeople(dsn).join('\r\n'))),
    ...part('message/delivery-status', concat(forPrograms(dsn))),
    ...(dsn.originalMessage
      ? part('message/rfc822', dsn.originalMessage)
      : part('text/rfc822-headers', dsn.originalHeader)),
    fromLatin1(`\r\n--${dsn.boundary}--\r\n`),
  ]);
  return toSevenBit(bytes);
}

function forPeople(dsn: Dsn): string[] {
  const lines = [`This is the mail server ${dsn.reportingMta}.`, ''];
  for (const one of dsn.recipients) {
    lines.push(`${cleanText(one.finalRecipient)}: ${one.action}`, `  ${cleanText(one.say)}`);
    if (one.diagnostic && !one.say.includes(one.diagnostic))
      lines.push(
        `  ${one.remoteMta ? `${cleanText(one.remoteMta)} said` : 'The other side said'}: ${cleanText(one.diagnostic)}`,
      );
    for (const sentence of one.advice ?? []) lines.push(`  ${cleanText(sentence)}`);
    if (one.willRetryUntilMs !== undefined)
      lines.push(`  It will be tried again until ${formatDate(one.willRetryUntilMs)}. You need not send it again.`);
    lines.push('');
  }
  lines.push(dsn.originalMessage ? 'Your message is attached.' : 'The header of your message is attached.', '');
  return lines;
}

/** RFC 3464 §2.2 and §2.3: one block about the message, one per recipient. */
function forPrograms(dsn: Dsn): Uint8Array[] {
  const blocks = [
    field('Reporting-MTA', `dns; ${dsn.reportingMta}`),
    ...(dsn.envelopeId ? [field('Original-Envelope-Id', asciiOnly(dsn.envelopeId))] : []),
    field('Arrival-Date', formatDate(dsn.arrivedMs)),
  ];
  for (const one of dsn.recipients) {
    blocks.push(fromLatin1('\r\n'));
    if (one.originalRecipient)
      blocks.push(field('Original-Recipient', typedAddress(one.originalRecipient, one.originalRecipientType)));
    blocks.push(field('Final-Recipient', typedAddress(one.finalRecipient)));
    blocks.push(field('Action', one.action), field('Status', one.status));
    if (one.remoteMta) blocks.push(field('Remote-MTA', `dns; ${asciiOnly(one.remoteMta)}`));
    if (one.diagnostic) blocks.push(field('Diagnostic-Code', `smtp; ${asciiOnly(one.diagnostic)}`));
    blocks.push(field('Last-Attempt-Date', formatDate(dsn.dateMs)));
    if (one.willRetryUntilMs !== undefined) blocks.push(field('Will-Retry-Until', formatDate(one.willRetryUntilMs)));
  }
  return blocks;
}

/** RFC 6533 §3: an address that is not ASCII is written as utf-8-addr-xtext. ORCPT may bring anything (RFC 3461 §4.2). */
function typedAddress(address: string, type?: string): string {
  const text = cleanText(address);
  const named = type ?? (isAscii(text) ? 'rfc822' : 'utf-8');
  return `${named}; ${named === 'utf-8' ? encodeUtf8Address(text) : asciiOnly(text)}`;
}

/** Foreign words as one line of printable text. */
function cleanText(text: string): string {
  return text
    .slice(0, foreignTextMax)
    .toWellFormed()
    .replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ');
}

function asciiOnly(text: string): string {
  return cleanText(text).replaceAll(/[^\x20-\x7e]/g, '?');
}

function field(name: string, value: string, kind: 'text' | 'structured' = 'structured'): Uint8Array {
  const written = writeHeaderField(name, value, kind);
  // A reply without a blank for 900 characters cannot be folded: shorter is better than none.
  const short = written.ok ? written : writeHeaderField(name, value.slice(0, 400), kind);
  invariant(short.ok, `notification field ${name} cannot be written`);
  return short.value;
}

function address(name: string, mailbox: Mailbox): Uint8Array {
  const written = writeAddressField(name, [mailbox]);
  invariant(written.ok, `notification field ${name} cannot be written`);
  return written.value;
}
