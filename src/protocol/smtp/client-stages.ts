/** The stages of a dialogue at which a reply is awaited, and how long a client waits there. */

export type StageRule = {
  /** How long the whole reply may take, from the moment our side of the stage was written. */
  readonly replyMs: number;
  readonly why: string;
};

const minute = 60_000;

export const replyStages = {
  greeting: { replyMs: 5 * minute, why: 'RFC 5321 §4.5.3.2.1' },
  ehlo: { replyMs: 5 * minute, why: 'RFC 5321 names no figure; as MAIL' },
  starttls: { replyMs: 2 * minute, why: 'RFC 3207 names no figure; the other side only has to say 220' },
  auth: { replyMs: 2 * minute, why: 'RFC 4954 names no figure; long enough for a slow password hash' },
  mail: { replyMs: 5 * minute, why: 'RFC 5321 §4.5.3.2.2' },
  rcpt: { replyMs: 5 * minute, why: 'RFC 5321 §4.5.3.2.3' },
  data: { replyMs: 2 * minute, why: 'RFC 5321 §4.5.3.2.4' },
  'end-of-data': { replyMs: 10 * minute, why: 'RFC 5321 §4.5.3.2.6: closing too early makes duplicates' },
  rset: { replyMs: 20_000, why: 'nothing depends on the answer' },
  quit: { replyMs: 2_000, why: 'nothing depends on the answer' },
} as const satisfies Record<string, StageRule>;

export type ReplyStage = keyof typeof replyStages;

/** Waits that are not for a reply. */
const clientWaits = {
  /** TCP connection to one address. Linux would try for about two minutes; twenty such addresses would hold a worker for long. */
  connectMs: 30_000,
  /** The TLS handshake after the 220. */
  handshakeMs: minute,
  /** Until one block of message text was taken by the other side. RFC 5321 §4.5.3.2.5 */
  dataBlockMs: 3 * minute,
} as const;

export type ClientPatience = {
  readonly replyMs: Readonly<Record<ReplyStage, number>>;
  readonly connectMs: number;
  readonly handshakeMs: number;
  readonly dataBlockMs: number;
};

const replyMs = Object.fromEntries(Object.entries(replyStages).map(([stage, rule]) => [stage, rule.replyMs])) as Record<
  ReplyStage,
  number
>;

export const defaultPatience: ClientPatience = { replyMs, ...clientWaits };
