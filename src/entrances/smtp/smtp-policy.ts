/**
 * What the connection loop asks of policy. A *visit* is one connection, a *transaction* one message on it. The loop keeps the
 * protocol (order, counts, sizes, time); policy says who may send what to whom, and what became of it.
 *
 * A thrown `Fault` becomes a temporary no (451, or 452 when the disk is full) and the connection goes on.
 */
import type { Spooled, SpoolWriter } from '../../base/port/blobs.ts';
import type { TlsFacts } from '../../base/port/net.ts';
import type { IpAddress } from '../../format/ip-address.ts';
import type { Credentials } from '../../protocol/sasl/sasl-server.ts';
import type { DataFacts } from '../../protocol/smtp/data-reader.ts';
import type { BareNewline } from '../../protocol/smtp/line-reader.ts';
import type { Reply } from '../../protocol/smtp/reply.ts';
import type { MailCommand, RcptCommand, ServerOptions } from '../../protocol/smtp/server-session.ts';

export type SmtpClient = {
  /** The client's own address: the one the PROXY header named, where there is one. */
  readonly address: IpAddress;
  readonly port: number;
};

/** What the session has shown so far. */
export type SmtpFacts = {
  readonly helo: string;
  /** It said EHLO. */
  readonly extended: boolean;
  readonly tls: TlsFacts | undefined;
};

export interface SmtpPolicy {
  /** A new connection. Answers at once: the banner waits for nobody, DNS least of all. */
  readonly open: (client: SmtpClient) => SmtpVisit;
}

export interface SmtpVisit {
  readonly login: ServerOptions['login'];
  /** Whether it owes the notifications of RFC 3461; absent: it does not, and DSN is not offered. */
  readonly dsn?: boolean;
  /** From a network the operator named: nobody who would give himself away by talking first, so the banner comes without a pause. */
  readonly isExpected?: boolean;
  /** Asked anew for every line and message: a login may bring it (MAIL_RULES 13). */
  readonly bareNewline: () => BareNewline;
  /** Only asked under TLS, and only where `login` is not `none`. */
  readonly authenticate: (credentials: Credentials) => Promise<'yes' | 'no' | 'later'>;
  readonly mail: (mail: MailCommand, facts: SmtpFacts) => Promise<MailAnswer>;
}

type MailAnswer =
  | { readonly kind: 'accept'; readonly transaction: SmtpTransaction }
  | { readonly kind: 'refuse'; readonly reply: Reply };

export interface SmtpTransaction {
  readonly rcpt: (rcpt: RcptCommand) => Promise<Reply>;
  /** Where the message goes while it comes in, or why it cannot. */
  readonly openBody: () => SpoolWriter | Reply;
  /** The reply is the truth about the message. Whoever keeps the body makes it his own; the loop discards it afterwards. */
  readonly finish: (body: Spooled, facts: DataFacts) => Promise<Reply>;
  /** The reply to an accepted message could not be written: the client will send it again. */
  readonly unanswered: () => Promise<void>;
}
