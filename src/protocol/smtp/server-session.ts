/** The vocabulary of the server machine: what a session is, what it is told, what it wants done. The states are drawn in `server.ts`. */
import type { Path } from '../../format/address.ts';
import type { MessageWishes, RecipientWishes } from '../dsn/dsn-wishes.ts';
import type { Credentials, SaslExchange } from '../sasl/sasl-server.ts';
import type { SmtpLimits } from './limits.ts';
import type { Line } from './line-reader.ts';
import type { Reply } from './reply.ts';

export type ServerOptions = {
  /** Our name, in the banner and the reply to EHLO. */
  readonly hostname: string;
  readonly limits: SmtpLimits;
  /** Whether there is a certificate. */
  readonly startTls: boolean;
  /** `none`: an MX, AUTH does not exist here. `required`: no mail without a login. A login is taken under TLS only. */
  readonly login: 'none' | 'optional' | 'required';
  readonly offers: SmtpOffers;
};

/** Extensions a listener can do without. */
export type SmtpOffers = {
  /** RFC 3030. Without it BDAT ends the connection: nobody was told that a chunk may be sent. */
  readonly chunking: boolean;
  /** RFC 9422 */
  readonly limits: boolean;
  /** RFC 3461. Whoever offers it owes the notifications that are asked for, or must find a next hop that does. */
  readonly dsn: boolean;
};

export const allOffers: SmtpOffers = { chunking: true, limits: true, dsn: true };

export type MailCommand = {
  readonly path: Extract<Path, { kind: 'null' | 'mailbox' }>;
  /** What the client says it will send, RFC 1870 §6; 0 = it did not say. */
  readonly size: number;
  readonly body: '7bit' | '8bitmime';
  readonly smtpUtf8: boolean;
  /** RFC 3461 §4.3, §4.4 */
  readonly wishes: MessageWishes;
};

export type RcptCommand = {
  readonly path: Extract<Path, { kind: 'postmaster' | 'mailbox' }>;
  /** RFC 3461 §4.1, §4.2 */
  readonly wishes: RecipientWishes;
};

export type Transaction = {
  readonly mail: MailCommand;
  readonly recipients: number;
  readonly recipientsRefused: number;
  /** Once BDAT was said. `octets`: announced so far, of refused chunks too. `failed`: one was refused. */
  readonly chunks: { readonly octets: number; readonly failed: boolean } | undefined;
};

/** RFC 3030 §2 */
export type Chunk = { readonly octets: number; readonly last: boolean };

type ServerPhase =
  | { readonly at: 'opening' | 'command' | 'securing' | 'data' | 'closed' }
  | { readonly at: 'login'; readonly exchange: SaslExchange }
  | { readonly at: 'chunk'; readonly chunk: Chunk }
  /** It is swallowed, then refused. */
  | { readonly at: 'refused-chunk'; readonly chunk: Chunk; readonly reply: Reply }
  /** A question is out; only its answer moves the session on. */
  | { readonly at: 'asking'; readonly about: 'mail'; readonly mail: MailCommand }
  /** `more`: input lay behind DATA already; were it refused, that input would be read as commands. */
  | { readonly at: 'asking'; readonly about: 'data'; readonly more: boolean }
  | { readonly at: 'asking'; readonly about: 'chunk'; readonly chunk: Chunk }
  | { readonly at: 'asking'; readonly about: 'rcpt' }
  | { readonly at: 'asking'; readonly about: 'message' }
  | { readonly at: 'asking'; readonly about: 'login' };

export type ServerSession = {
  readonly options: ServerOptions;
  readonly phase: ServerPhase;
  readonly tls: boolean;
  /** What the client calls itself. A claim, not a fact. */
  readonly helo: string | undefined;
  /** It said EHLO. */
  readonly extended: boolean;
  readonly loggedIn: boolean;
  readonly transaction: Transaction | undefined;
  /** The server stops: no new transaction. */
  readonly stopping: boolean;
  /** Since the last accepted message. */
  readonly errors: number;
  readonly junk: number;
  /** Commands that trouble of ours has cost. */
  readonly postponed: number;
  /** The transaction of now, or the one that could not begin, was refused for trouble of ours: what still comes of it is no offence. */
  readonly postponing: boolean;
  readonly failedLogins: number;
};

export type ServerInput =
  /** `talked`: the client did, before our banner. */
  | { readonly kind: 'opened'; readonly talked: boolean }
  /** `more`: further input lay behind the line already. */
  | (Extract<Line, { kind: 'line' }> & { readonly more: boolean })
  | Exclude<Line, { kind: 'line' }>
  /** A TLS ClientHello where SMTP is spoken. */
  | { readonly kind: 'tls-hello' }
  | { readonly kind: 'tls-established' }
  /** The answer to `ask-mail`, `ask-rcpt`, `ask-message`, and a no to `ask-data`. */
  | { readonly kind: 'verdict'; readonly reply: Reply }
  /** The yes to `ask-data`. */
  | { readonly kind: 'go-ahead' }
  | { readonly kind: 'login-verdict'; readonly verdict: 'yes' | 'no' | 'later' }
  /** `endless`: the end did not come within `oversize_bytes` behind the limit. */
  | { readonly kind: 'data-end'; readonly as: 'complete' | 'too-large' | 'endless' }
  /** The chunk's octets are read, whatever became of them. `failed`: they could not be stored. */
  | { readonly kind: 'chunk-end'; readonly as: 'complete' | 'too-large' }
  | { readonly kind: 'chunk-end'; readonly as: 'failed'; readonly reply: Reply }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'stop' };

export type ServerEffect =
  | { readonly kind: 'reply'; readonly reply: Reply }
  /** After the reply is written: throw unread input away, shake hands, tell `tls-established`. */
  | { readonly kind: 'start-tls' }
  | { readonly kind: 'ask-login'; readonly credentials: Credentials }
  | { readonly kind: 'ask-mail'; readonly mail: MailCommand }
  | { readonly kind: 'ask-rcpt'; readonly rcpt: RcptCommand }
  /** Is there a place for the message? */
  | { readonly kind: 'ask-data' }
  /** The message is there: is it taken? */
  | { readonly kind: 'ask-message' }
  /** Read message data from here on, no lines. */
  | { readonly kind: 'begin-data' }
  /** Read this many octets from here on, into the message. */
  | { readonly kind: 'take-chunk'; readonly chunk: Chunk }
  /** Read as many and drop them. */
  | { readonly kind: 'swallow-chunk'; readonly octets: number }
  /** The transaction is over; what belonged to it and was not accepted goes. */
  | { readonly kind: 'forget' }
  /** Send what was said, then close; unread input is dropped. */
  | { readonly kind: 'close' };

export type ServerStep = { readonly next: ServerSession; readonly effects: readonly ServerEffect[] };

/** @param implicitTls TLS was there before the first octet of SMTP (RFC 8314 §3.3) */
export function newServerSession(options: ServerOptions, implicitTls: boolean): ServerSession {
  return {
    options,
    phase: { at: 'opening' },
    tls: implicitTls,
    helo: undefined,
    extended: false,
    loggedIn: false,
    transaction: undefined,
    stopping: false,
    errors: 0,
    junk: 0,
    postponed: 0,
    postponing: false,
    failedLogins: 0,
  };
}
