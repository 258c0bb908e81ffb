/**
 * The one writer of commands. Every argument is checked against what its place in the grammar allows, so that no address,
 * name or password can end a line early and begin another command.
 */
import { isAscii, utf8 } from '../../base/bytes.ts';
import { invariant } from '../../base/outcome.ts';
import {
  type MessageWishes,
  type RecipientWishes,
  writeEnvelopeId,
  writeNotify,
  writeOriginalRecipient,
  writeReturn,
} from '../dsn/dsn-wishes.ts';

/** What a MAIL command announces (RFC 1870 §3, RFC 6152 §2, RFC 6531 §3.1, RFC 3461 §4.3, §4.4). */
export type MailParameters = {
  readonly size?: number;
  readonly eightBit: boolean;
  readonly smtpUtf8: boolean;
  readonly wishes?: MessageWishes;
};

const hostName = /^[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?$/;
const addressLiteral = /^\[(?:[0-9.]+|IPv6:[0-9a-fA-F:.]+)\]$/;
const base64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** Dot-string or Quoted-string at a domain of A-labels. RFC 5321 §4.1.2, RFC 6531 §3.3 */
const mailbox =
  /^(?:[^\u0000-\u0020\u007f-\u009f()<>[\]:;@\\,"\u2028\u2029]+|"(?:[^\u0000-\u001f\u007f-\u009f"\\\u2028\u2029]|\\[\x20-\x7e])*")@[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?$/;
const pathOctetsMax = 256; // RFC 5321 §4.5.3.1.3, brackets included

/** Whether `text` may stand between the brackets of a path; '' (the null sender) may not be a recipient. */
export function isPathText(text: string): boolean {
  return utf8(text).length <= pathOctetsMax - 2 && text.isWellFormed() && mailbox.test(text);
}

export function isEhloName(text: string): boolean {
  return hostName.test(text) || addressLiteral.test(text);
}

export const command = {
  ehlo: (name: string) => greet('EHLO', name),
  helo: (name: string) => greet('HELO', name),
  startTls: () => 'STARTTLS',
  mail: (from: string, parameters: MailParameters) => {
    invariant(from === '' || isPathText(from), 'a reverse-path is a mailbox or empty');
    invariant(parameters.smtpUtf8 || isAscii(from), 'a reverse-path in UTF-8 needs SMTPUTF8');
    const size = parameters.size === undefined ? '' : ` SIZE=${parameters.size}`;
    // RFC 6531 §3.1: SMTPUTF8 is about the header; the body still has to be announced.
    const content = `${parameters.eightBit ? ' BODY=8BITMIME' : ''}${parameters.smtpUtf8 ? ' SMTPUTF8' : ''}`;
    return `MAIL FROM:<${from}>${size}${content}${messageWishes(parameters.wishes ?? {})}`;
  },
  rcpt: (to: string, wishes: RecipientWishes = {}) => {
    invariant(isPathText(to), 'a forward-path is a mailbox');
    return `RCPT TO:<${to}>${recipientWishes(wishes)}`;
  },
  data: () => 'DATA',
  /** The whole message in one chunk. RFC 3030 §2 */
  bdatLast: (octets: number) => {
    invariant(Number.isSafeInteger(octets) && octets >= 0, 'a chunk has a size');
    return `BDAT ${octets} LAST`;
  },
  rset: () => 'RSET',
  quit: () => 'QUIT',
  authPlain: (response: string) => `AUTH PLAIN ${checkedBase64(response)}`,
  authLogin: () => 'AUTH LOGIN',
  authResponse: (response: string) => checkedBase64(response),
  authCancel: () => '*',
} as const;

function messageWishes({ ret, envelopeId }: MessageWishes): string {
  const wish = ret === undefined ? '' : ` RET=${writeReturn(ret)}`;
  return envelopeId === undefined ? wish : `${wish} ENVID=${checkedValue(writeEnvelopeId(envelopeId))}`;
}

function recipientWishes({ notify, originalRecipient }: RecipientWishes): string {
  const wish = notify === undefined ? '' : ` NOTIFY=${writeNotify(notify)}`;
  const original = originalRecipient && writeOriginalRecipient(originalRecipient);
  return original === undefined ? wish : `${wish} ORCPT=${checkedValue(original)}`;
}

/** RFC 5321 §4.1.2 esmtp-value */
function checkedValue(text: string): string {
  invariant(/^[!-<>-~]+$/.test(text), 'the value of a parameter is printable ASCII');
  return text;
}

function greet(verb: string, name: string): string {
  invariant(isEhloName(name), 'EHLO takes a host name or an address literal');
  return `${verb} ${name}`;
}

function checkedBase64(text: string): string {
  invariant(base64.test(text), 'a SASL response is base64');
  return text;
}
