/** The vocabulary of the client machine: what a session is, what it is told, what it wants done. The states are drawn in `client.ts`. */
import type { TlsFacts } from '../../base/port/net.ts';
import type { MessageWishes, RecipientWishes } from '../dsn/dsn-wishes.ts';
import type { Capabilities } from './client-capabilities.ts';
import type { Ending, Trouble } from './client-ending.ts';
import type { Unfit } from './message-guard.ts';
import type { HeardReply } from './read-reply.ts';

export type Login = { readonly user: string; readonly password: string };

export type ClientOptions = {
  readonly ehloName: string;
  /** `never`: not even where it is offered, because a handshake with this host has just failed. */
  readonly startTls: 'never' | 'when-offered' | 'always';
  /** `never`: not even where it is offered, because this host has just refused BDAT. */
  readonly chunking: 'never' | 'when-offered';
  readonly login?: Login;
};

/** One transaction's worth of mail. Not more recipients than go into one pipelined group. */
export type Envelope = {
  readonly mailFrom: string;
  readonly recipients: readonly EnvelopeRecipient[];
  readonly size: number;
  readonly smtpUtf8: boolean;
  readonly eightBit: boolean;
  /** Whether the recipients would be taken is all that is asked: RSET follows, and no message. */
  readonly asksOnly?: true;
  /** Said where DSN is offered. RFC 3461 §5.2.1 */
  readonly wishes?: MessageWishes;
};

type EnvelopeRecipient = {
  readonly address: string;
  readonly internationalised: boolean;
  readonly wishes?: RecipientWishes;
};

export type Session = {
  readonly options: ClientOptions;
  readonly tls: TlsFacts | undefined;
  readonly capabilities: Capabilities;
  /** Why there is no TLS, once that is decided. */
  readonly plainBecause: string | undefined;
  /** CHUNKING was offered, and BDAT refused as a command: nothing was said about the message. */
  readonly chunkRefused: boolean;
  readonly state: ClientState;
};

export type ClientState =
  | { readonly at: 'greeting' | 'ehlo' | 'helo' | 'starttls' | 'handshake' }
  | { readonly at: 'login'; readonly exchange: LoginExchange }
  | { readonly at: 'ready' | 'lone-dot' | 'reset' | 'quitting' | 'closed' }
  | { readonly at: 'envelope' | 'content' | 'end-of-data'; readonly transaction: Transaction };

/** What was sent last: PLAIN with its response, LOGIN, the user, the password, or `*` because the server asked on and on. */
export type LoginExchange = 'plain' | 'login' | 'user' | 'password';

export type Transaction = {
  readonly envelope: Envelope;
  readonly pipelined: boolean;
  /** BDAT instead of DATA. */
  readonly chunked: boolean;
  /** Commands without a reply so far, in order. Pipelined they are all on the way, else only the first one is. */
  readonly awaited: readonly Awaited[];
  readonly mailAccepted: boolean;
  /** By recipient; `accepted` waits for what becomes of the message. */
  readonly recipients: readonly RecipientProgress[];
};

export type Awaited = { readonly stage: 'mail' | 'data' } | { readonly stage: 'rcpt'; readonly recipient: number };

export type RecipientProgress = 'open' | 'accepted' | Ending;

export type ClientInput =
  | { readonly kind: 'reply'; readonly reply: HeardReply }
  /** The connection is of no further use. */
  | { readonly kind: 'trouble'; readonly trouble: Trouble }
  | { readonly kind: 'secured'; readonly tls: TlsFacts }
  | { readonly kind: 'begin'; readonly envelope: Envelope }
  /** The message turned out not to be fit for sending. `begun`: in the middle of it, so that the connection is cut. */
  | { readonly kind: 'unfit'; readonly why: Unfit; readonly begun: boolean }
  /** The final dot, or the last octets of the chunk, are on their way: from here on the message may have arrived. */
  | { readonly kind: 'dotted' }
  | { readonly kind: 'quit' };

export type ClientEffect =
  /** Lines without their CRLF; several may be written at once. */
  | { readonly do: 'say'; readonly lines: readonly string[]; readonly secret: boolean }
  /** Throw away what was heard and not read, then start TLS. */
  | { readonly do: 'handshake' }
  | { readonly do: 'opened' }
  | { readonly do: 'not-opened'; readonly ending: Ending }
  /**
   * Send the message up to its end, then tell `dotted` and send the final dot. With `chunk`: that command and then just the
   * octets it announces, the last of them after `dotted`.
   */
  | { readonly do: 'send-content'; readonly allowEightBit: boolean; readonly chunk: string | undefined }
  | { readonly do: 'send-lone-dot' }
  /** The transaction's outcome, by recipient. */
  | { readonly do: 'settle'; readonly endings: readonly Ending[] }
  | { readonly do: 'close' };

export type Step = { readonly next: Session; readonly effects: readonly ClientEffect[] };
