/** What inbound is asked and what it answers: facts of the session, admission of a recipient, and the judgement of a message. */
import type { Id } from '../../base/id.ts';
import type { Spooled } from '../../base/port/blobs.ts';
import type { Tx } from '../../base/port/db.ts';
import type { TlsFacts } from '../../base/port/net.ts';
import type { Mailbox } from '../../format/address.ts';
import type { Reply } from '../../protocol/smtp/reply.ts';
import type { ReturnPathSubject } from '../outbound/outbound.ts';

export type InboundId = Id<'inb'>;

/** Who is talking to us, as the connection shows it. */
export type Peer = {
  /** Canonical text of the client's address (the one the PROXY header named, where there is one). */
  readonly address: string;
  readonly helo: string;
  /** It said EHLO. */
  readonly extended: boolean;
  readonly tls: TlsFacts | undefined;
  /** `local`: mail of this office to its own domains, which never left the house. */
  readonly via: 'smtp' | 'local';
};

/** Where an admitted recipient's mail goes. */
export type Destination =
  | { readonly kind: 'mailbox'; readonly mailbox: string; readonly recipient: Mailbox }
  /** Our own signed return path: a bounce of something we sent. */
  | { readonly kind: 'bounce'; readonly recipient: Mailbox; readonly returnPath: ReturnPathSubject }
  /** A test address: what comes there is scored, and only the score is kept. */
  | { readonly kind: 'test'; readonly recipient: Mailbox; readonly token: string };

export type Admission =
  | { readonly kind: 'accept'; readonly destination: Destination }
  | { readonly kind: 'refuse'; readonly reply: Reply };

export type InboundEnvelope = {
  readonly peer: Peer;
  /** undefined = null sender. */
  readonly mailFrom: Mailbox | undefined;
  readonly destinations: readonly Destination[];
  readonly body: Spooled;
  /** MAIL carried the parameter SMTPUTF8. */
  readonly smtpUtf8: boolean;
  /**
   * Mail of this house: prepares what its queue notes of this reply; what comes back notes it in the transaction that stores the
   * message. Only asked where it is stored.
   */
  readonly prepareNote?: (reply: Reply) => Promise<(tx: Tx) => Promise<void>>;
};

/** What our MX did, as opposed to what the author's domain asked for (`dmarc.applied`). */
type Disposition = 'accept' | 'junk' | 'reject' | 'later';

export type Judgement = {
  readonly disposition: Disposition;
  /** Why, in plain sentences, worst first. */
  readonly because: readonly string[];
  /** Enhanced status code of a refusal. */
  readonly refusal?: '5.7.26' | '5.7.27' | '5.7.1' | '5.4.6';
  /** Kept only because of whom it is for: whoever shows it must not show it as written by the author it names. */
  readonly unauthenticated?: true;
  /** Set where our disposition is milder than the published policy: the word for it in DMARC reports (RFC 9990). */
  readonly override?: 'mailing_list' | 'local_policy' | 'other';
};

export type Received = { readonly reply: Reply; readonly disposition: Disposition; readonly id?: InboundId };
