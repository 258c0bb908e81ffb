/**
 * What outbound takes in, keeps and answers. A *message* has one *delivery* per recipient; a delivery sees *attempts* until it
 * settles. Words: docs/GLOSSARY.md.
 */
import type { Id } from '../../base/id.ts';
import type { Spooled } from '../../base/port/blobs.ts';
import type { TlsFacts } from '../../base/port/net.ts';
import type { Mailbox } from '../../format/address.ts';
import type { MessageWishes, RecipientWishes } from '../../protocol/dsn/dsn-wishes.ts';
import type { ComposeRequest } from './compose-message.ts';

export type MessageId = Id<'em'>;
export type DeliveryId = Id<'del'>;

/** Who asks. Made by `directory` from a key or a login; a relay network and the office itself have no account. */
export type Sender =
  | {
      readonly kind: 'key' | 'login';
      /** `key_...` or the login's name: lanes, idempotency and lists are per account. */
      readonly account: string;
      /** From domains this account may use; undefined = every verified domain of the office. */
      readonly domains?: readonly string[];
      /** A `ph_test_` key: its mail never leaves the office, deliveries end as `delivered` to nowhere. */
      readonly test?: boolean;
    }
  | { readonly kind: 'relay'; readonly account: string }
  | { readonly kind: 'office'; readonly account: 'office' };

/** `POST /v1/emails` after parsing. */
export type SendRequest = {
  readonly content: ComposeRequest;
  readonly bcc: readonly Mailbox[];
  readonly tags: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
  /** Name of its stream; `default` when it names none. */
  readonly stream?: string;
  readonly idempotencyKey?: string;
};

/** How a message came in, for its Received field and its timeline. */
export type Entrance =
  | { readonly kind: 'http'; readonly clientAddress: string }
  | {
      readonly kind: 'smtp';
      readonly clientAddress: string;
      readonly helo: string;
      /** It said EHLO. */
      readonly extended: boolean;
      /** MAIL carried the parameter SMTPUTF8. */
      readonly smtpUtf8: boolean;
      readonly tls?: TlsFacts;
      readonly authenticated: boolean;
    }
  | { readonly kind: 'cli' };

/** A recipient, and what the sender asks to be told of it. */
export type RawRecipient = Mailbox & { readonly wishes?: RecipientWishes };

/** A whole RFC 5322 message with its envelope: submission, relay, `/v1/emails/raw`, `send --raw`. */
export type RawRequest = {
  readonly entrance: Entrance;
  /** Null sender: undefined. Only with an own From . */
  readonly mailFrom: Mailbox | undefined;
  readonly recipients: readonly RawRecipient[];
  /** RFC 3461 §4.3, §4.4 */
  readonly wishes?: MessageWishes;
  readonly body: Spooled;
  /** Where the message itself names none. */
  readonly stream?: string;
  readonly idempotencyKey?: string;
  /** One return path per recipient and one RCPT per transaction (API mail), else one per message (logins, relays). */
  readonly grouping: 'per-recipient' | 'per-message';
};

export const recipientStates = ['queued', 'delayed', 'delivered', 'bounced', 'failed', 'unsure', 'cancelled'] as const;
/** `queued` has not been tried, `delayed` waits after a failed try; the others are ends. */
export type RecipientState = (typeof recipientStates)[number];

export type RemoteReply = {
  /** 0 when the answer was no SMTP reply at all. */
  readonly code: number;
  readonly enhanced?: string;
  /** The receiver's own words, lines joined with a space. Data: escape before showing. */
  readonly text: string;
  /** Where in the dialogue: `connect`, `greeting`, `ehlo`, `starttls`, `auth`, `mail`, `rcpt`, `data`, `end-of-data`. */
  readonly stage: string;
};

export type RecipientView = {
  readonly deliveryId: DeliveryId;
  readonly address: string;
  readonly state: RecipientState;
  readonly tries: number;
  readonly nextTryAtMs?: number;
  readonly settledAtMs?: number;
  readonly reply?: RemoteReply;
  readonly host?: string;
  /** One sentence for people, with the receiver's words in it where there are any. */
  readonly say: string;
};

export type MessageView = {
  readonly id: MessageId;
  readonly createdAtMs: number;
  readonly account: string;
  /** Author (header From) as addr-spec; envelope sender ('' = null). */
  readonly from: string;
  readonly mailFrom: string;
  readonly subject: string;
  readonly messageIdHeader: string;
  readonly sizeBytes: number;
  readonly tags: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
  readonly settled: boolean;
  readonly recipients: readonly RecipientView[];
};

/** Codes of an expected no; entrances map them to HTTP problems and SMTP replies, docs are generated from here. */
export const outboundRefusals = {
  'no-recipients': { http: 422, smtp: '554 5.5.1', title: 'A message needs at least one recipient' },
  'too-many-recipients': { http: 422, smtp: '452 4.5.3', title: 'Too many recipients for one message' },
  'domain-unknown': { http: 403, smtp: '550 5.7.1', title: 'The From domain does not belong to this office' },
  'domain-unverified': { http: 403, smtp: '550 5.7.1', title: 'The From domain is not verified yet' },
  'from-not-allowed': { http: 403, smtp: '550 5.7.1', title: 'This account may not send as that From address' },
  'from-unclear': { http: 422, smtp: '550 5.7.1', title: 'The message has no From that names exactly one author' },
  'sender-not-allowed': { http: 403, smtp: '550 5.7.1', title: 'This account may not use that envelope sender' },
  'message-malformed': { http: 422, smtp: '554 5.6.0', title: 'The message breaks the format rules' },
  'message-too-large': { http: 413, smtp: '552 5.3.4', title: 'The message is larger than the limit' },
  'stream-unknown': { http: 422, smtp: '550 5.7.1', title: 'There is no such stream' },
  'score-too-low': { http: 422, smtp: '550 5.7.1', title: 'The message scores lower than its stream allows' },
  'mail-loop': { http: 422, smtp: '554 5.4.6', title: 'The message has passed too many hosts' },
  'idempotency-key-reused': {
    http: 409,
    smtp: '554 5.5.0',
    title: 'This Idempotency-Key was used for a different request',
  },
  'storage-full': { http: 503, smtp: '452 4.3.1', title: 'No space left to store mail; nothing was accepted' },
  busy: { http: 503, smtp: '451 4.3.2', title: 'The office has its hands full' },
} as const satisfies Record<string, { http: number; smtp: string; title: string }>;
export type OutboundRefusal = keyof typeof outboundRefusals;

export type Accepted = {
  readonly id: MessageId;
  /** True when an earlier request with the same idempotency key was answered again. */
  readonly replayed: boolean;
};
