/**
 * The port through which outbound hands one message for one destination to the world, and what comes back: an attempt per
 * recipient with everything the timeline tells (MX candidates, the host chosen and why, TLS, the receiver's words).
 * Implemented by `adapters/transports` (direct to MX, SMTP relay) and, for this office's own domains, by the `local` transport.
 */
import type { Tx } from '../../base/port/db.ts';
import type { DomainName } from '../../format/domain-name.ts';
import type { MessageWishes, RecipientWishes } from '../../protocol/dsn/dsn-wishes.ts';
import type { ReplyStage } from '../../protocol/smtp/client-stages.ts';
import type { RemoteReply } from './types.ts';

export interface Transport {
  readonly name: string;
  readonly keeps: TransportKeeps;
  /**
   * Tries to hand the message over and answers one attempt per recipient, in the order of `job.recipients`. Whatever the
   * network, DNS or the receiver does is an answer; it throws only what `beforeFinalDot` or the message's own bytes threw
   * (the connection is then cut, and nothing was acknowledged by the other side), or a `Bug`. A `Fault` of these that comes when
   * some recipients have their answer already is the answer for the others.
   */
  deliver(job: DeliveryJob, context: DeliveryContext): Promise<readonly Attempt[]>;
  /** Says QUIT on idle connections and takes no further job. */
  close(): Promise<void>;
}

/** Where a transport rewrites one of these, outbound does not sign, and bounces are matched by the provider's id. */
export type TransportKeeps = {
  readonly messageId: boolean;
  readonly date: boolean;
  readonly mailFrom: boolean;
  readonly dkimSignature: boolean;
};

export type DeliveryJob = {
  readonly message: OutgoingMessage;
  /** addr-spec without brackets, domain as A-labels, local part quoted where needed; '' is the null sender. */
  readonly mailFrom: string;
  /** All at `domain`. Not empty. */
  readonly recipients: readonly OutgoingRecipient[];
  readonly needs: MessageNeeds;
  /** For a next hop that knows DSN. RFC 3461 §5.2.1 */
  readonly wishes?: MessageWishes;
  readonly domain: DomainName;
  /** Instead of the MX of `domain`: what `choose-route` found in `[routes]`. */
  readonly route?: FixedRoute;
};

export type OutgoingMessage = {
  /** Octets of `chunks()` in all. */
  readonly size: number;
  /** From the start at each call: a delivery may need several hosts. CRLF line ends only; others are refused, never repaired. */
  readonly chunks: () => AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
};

export type OutgoingRecipient = {
  /** addr-spec without brackets, as `mailFrom`. */
  readonly address: string;
  /** The local part is not ASCII: this recipient needs SMTPUTF8. */
  readonly internationalised: boolean;
  /** As `job.wishes`. */
  readonly wishes?: RecipientWishes;
};

/** What the message's content asks of the next hop. The envelope's needs are seen by the transport itself. */
type MessageNeeds = {
  /** Header fields with UTF-8 in them. RFC 6531 §3.1 */
  readonly smtpUtf8: boolean;
  /** Octets above 127 in the body. RFC 6152 §2 */
  readonly eightBit: boolean;
};

export type FixedRoute = { readonly host: string; readonly port: number };

export type DeliveryContext = {
  /** Ends the delivery: deferred, or unsure when the final dot was already under way. */
  readonly signal: AbortSignal;
  /** Commits the `unsure` mark; called before each final dot (a second host may need a second one). The dot waits for it. */
  readonly beforeFinalDot: () => Promise<void>;
  /**
   * For a transport that stores into this office's own database, in the place of `beforeFinalDot`. Takes its answers in the order of
   * the recipients (undefined: none in this transaction) and prepares their record; what comes back makes it, in the transaction
   * that stores the message, so that no death comes between the two.
   */
  readonly recordWithin?: (attempts: readonly (Attempt | undefined)[]) => Promise<(tx: Tx) => Promise<void>>;
  /** The dialogue as it happens; no message text and no secret is in it. */
  readonly note?: (step: TranscriptStep) => void;
};

/**
 * `delivered` and `refused` are the receiver's last word. `deferred` may be tried again. `unsure`: the final dot left and no
 * answer came back, so a second try may make a second copy.
 */
type AttemptKind = 'delivered' | 'deferred' | 'refused' | 'unsure';

/** What the trouble is about. Only `recipient` speaks of the address: nothing else may ever suppress it. */
type AttemptScope = 'recipient' | 'message' | 'host' | 'domain' | 'infrastructure';

export type Attempt = {
  readonly recipient: string;
  readonly kind: AttemptKind;
  readonly scope: AttemptScope;
  /** RFC 3463 status for DSN and events: the receiver's own where it gave one, else ours. */
  readonly enhanced: string;
  /** The receiver's words; absent when nobody answered. Code 0: what came was no SMTP reply. */
  readonly reply?: RemoteReply;
  /** The final dot had been sent. A deferral after it is worth a longer gap: the receiver may have kept a copy. */
  readonly afterFinalDot: boolean;
  readonly route: RouteFacts;
  /** The connection that gave the answer. */
  readonly via?: ConnectionFacts;
  readonly startedAtMs: number;
  readonly tookMs: number;
  /** One sentence for people, with the receiver's words in it where there are any. */
  readonly say: string;
};

/** How the way to the destination was found. */
export type RouteFacts = {
  /** `address`: the domain has no MX, its own address is used (RFC 5321 §5.1). */
  readonly source: 'mx' | 'address' | 'route' | 'relay' | 'local' | 'none';
  /** In the order in which they may be tried. */
  readonly candidates: readonly RouteCandidate[];
  /** Hosts and addresses that were tried or left out before the one that answered, and why. */
  readonly passedOver: readonly PassedOver[];
};

type RouteCandidate = { readonly host: string; readonly preference: number };
export type PassedOver = { readonly host: string; readonly address?: string; readonly why: string };

export type ConnectionFacts = {
  readonly host: string;
  readonly address: string;
  readonly port: number;
  readonly localAddress: string;
  /** `lowest preference (10) of 2 MX hosts`, `an open connection to it was free` */
  readonly why: string;
  readonly reused: boolean;
  readonly tls?: TlsSeen;
  /** Why there is no TLS, where there is none. */
  readonly plainBecause?: string;
  /** It knows DSN: with the mail it takes over to tell the sender what was asked for. RFC 3461 §5.2.1 */
  readonly dsn?: true;
};

export type TlsSeen = {
  readonly protocol: string;
  readonly cipher: string;
  /** What was asked for: `opportunistic` takes any certificate, `encrypt` insists on TLS, `validate` on the certificate too, `dane` on what DNS names. */
  readonly policy: 'opportunistic' | 'encrypt' | 'validate' | 'dane';
  readonly certificateValid: boolean;
  readonly certificateProblem?: string;
};

export type TranscriptStep = { readonly atMs: number } & (
  | ({ readonly step: 'route' } & Pick<RouteFacts, 'source' | 'candidates'>)
  | { readonly step: 'passed-over'; readonly host: string; readonly address?: string; readonly why: string }
  | ({ readonly step: 'connected' } & Omit<ConnectionFacts, 'tls' | 'plainBecause' | 'dsn'>)
  | ({ readonly step: 'tls' } & TlsSeen)
  /** A command as sent; logins are masked. */
  | { readonly step: 'said'; readonly line: string }
  | {
      readonly step: 'heard';
      readonly stage: ReplyStage;
      readonly code: number;
      readonly enhanced?: string;
      readonly text: string;
    }
  | { readonly step: 'message-sent'; readonly octets: number }
  | { readonly step: 'closed'; readonly why: string }
);
