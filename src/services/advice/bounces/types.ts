/** The words of refusals: whose they are, what they are about, what a row of the table says. */
export type Receiver = 'Gmail' | 'Yahoo' | 'Microsoft' | 'Apple' | 'Proton';

/** What a refusal is about. */
export type BounceKind =
  | 'authentication' // nothing proves who sent it
  | 'address' // the recipient's address
  | 'mailbox' // full, closed, too large for it
  | 'content'
  | 'reputation' // of an address, a domain, a list it is on
  | 'rate'
  | 'host' // the sending server's name in the DNS
  | 'encryption'
  | 'setup' // a domain or a server that is not set up
  | 'permission'
  | 'trouble'; // of the receiver; it passes

/**
 * Whether it is worth sending again: the queue does so by itself; by hand, since a refusal for good ends what the queue does; once it is mended; never to this address; or when whoever receives
 * has changed something.
 */
export type SendAgain = 'by-itself' | 'by-hand' | 'once-mended' | 'never' | 'ask-recipient';

export type KnownReply = {
  readonly id: string;
  /** Absent: anybody's. */
  readonly receiver?: Receiver;
  /** Subject and detail of the enhanced status code; the class says only whether it lasts. RFC 3463 §2 */
  readonly statuses?: readonly string[];
  /** In the text that stands behind the codes. */
  readonly text?: RegExp;
  readonly kind: BounceKind;
  readonly meaning: string;
  /** `{domain}`: the sender's domain; `{address}`: the sending server's address. */
  readonly steps: readonly string[];
  /** Ids of docs/FINDINGS.md. */
  readonly checks: readonly string[];
  readonly again: SendAgain;
  readonly example: string;
};
