/**
 * The Received field of one hop (RFC 5321 §4.4). What the peer said about itself gets in only where it is a host name
 * or an address literal; everything else is our own knowledge, and each token is checked before it is written.
 */
import { isAscii } from '../../base/bytes.ts';
import { invariant } from '../../base/outcome.ts';
import { formatDate } from '../date.ts';
import type { DomainName } from '../domain-name.ts';
import { writeHeaderField } from '../header-writer.ts';
import { formatAddrSpec, type Mailbox } from '../mailbox.ts';

/** RFC 3848, RFC 6531 §4.3; HTTP is not SMTP and says so. */
export type ReceivedWith =
  | 'SMTP'
  | 'ESMTP'
  | 'ESMTPS'
  | 'ESMTPA'
  | 'ESMTPSA'
  | 'UTF8SMTP'
  | 'UTF8SMTPS'
  | 'UTF8SMTPA'
  | 'UTF8SMTPSA'
  | 'HTTP'
  | 'local';

export type Hop = {
  /** The client; undefined when nobody outside needs to know (a login's own machine, the API, the command line). */
  readonly from?: {
    /** Its HELO, as it came. */
    readonly helo: string;
    /** Its address as text; undefined keeps it hidden. */
    readonly address?: string;
    /** Name that its address leads to and that leads back to it. */
    readonly reverseName?: DomainName;
  };
  readonly by: DomainName;
  readonly with: ReceivedWith;
  /** Name of the message or session in our own records. */
  readonly id: string;
  /** Only where there is one recipient: two would tell each about the other. */
  readonly for?: Mailbox;
  readonly tls?: { readonly protocol: string; readonly cipher: string };
  readonly dateMs: number;
};

/** The keyword of RFC 3848 and RFC 6531 §4.3 for an SMTP session. */
export function smtpKeyword(session: {
  readonly extended: boolean;
  readonly tls: boolean;
  readonly authenticated: boolean;
  readonly smtpUtf8: boolean;
}): ReceivedWith {
  if (!session.extended) return 'SMTP';
  const base = session.smtpUtf8 ? 'UTF8SMTP' : 'ESMTP';
  return `${base}${session.tls ? 'S' : ''}${session.authenticated ? 'A' : ''}`;
}

/** The whole field with its CRLF. */
export function writeReceivedField(hop: Hop): Uint8Array {
  const { from, tls } = hop;
  const clauses = [
    from && `from ${clientName(from.helo)}`,
    from?.address && `(${from.reverseName ? `${from.reverseName} ` : ''}${addressLiteral(from.address)})`,
    `by ${hop.by} with ${hop.with}`,
    tls && `(${token(tls.protocol)} ${token(tls.cipher)})`,
    `id ${token(hop.id)}`,
    hop.for && isAscii(hop.for.local) && `for <${formatAddrSpec(hop.for)}>`,
  ];
  const value = `${clauses.filter(Boolean).join(' ')}; ${formatDate(hop.dateMs)}`;
  const written = writeHeaderField('Received', value, 'structured');
  invariant(written.ok, 'a Received field of checked tokens can be written');
  return written.value;
}

/** RFC 5321 §4.4 wants a domain here; what the peer called itself is kept only if it is one, or a literal. */
function clientName(helo: string): string {
  const isName = /^[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,253}[A-Za-z0-9_])?$/.test(helo);
  return isName || /^\[(?:IPv6:)?[0-9A-Fa-f:.]{2,45}\]$/.test(helo) ? helo : 'unknown';
}

/** RFC 5321 §4.1.3 */
function addressLiteral(address: string): string {
  if (!/^[0-9A-Fa-f:.]{2,45}$/.test(address)) return '[unknown]';
  return address.includes(':') ? `[IPv6:${address}]` : `[${address}]`;
}

/** Ours, but a comment or an id with a parenthesis in it would still be another field. */
function token(text: string): string {
  return /^[A-Za-z0-9_.-]{1,100}$/.test(text) ? text : 'unknown';
}
