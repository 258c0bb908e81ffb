/** The words of the rules for mail to many. */
import type { Content, JudgedContent } from '../content/types.ts';
import type { MessageFacts } from '../types.ts';

/** What became of a POST as mail programs send it, without cookies; done twice, because people click twice. */
type OneClickProbe = {
  readonly first: OneClickAnswer;
  readonly second: OneClickAnswer;
};
/** `status` 0: no answer, `say` tells why. */
export type OneClickAnswer = { readonly status: number; readonly say?: string };

/** What is known of the stream besides this one message. What is absent is not judged. */
export type StreamKnowledge = {
  readonly oneClick?: OneClickProbe;
  /** It was to be tried, and this was in the way. */
  readonly oneClickNotTried?: string;
  /** As the receiver counts them. */
  readonly complaints?: { readonly receiver: string; readonly delivered: number; readonly complaints: number };
  /** From domains of the office's other, ordinary mail. */
  readonly ordinaryDomains?: readonly string[];
  readonly warmUp?: { readonly sentToday: number; readonly mayToday: number };
  /** Messages of the organisational domain to one receiver, day by day, the last one yesterday. */
  readonly volume?: { readonly receiver: string; readonly perDay: readonly number[] };
};

export type BulkFacts = Pick<
  MessageFacts,
  'index' | 'domain' | 'organizationOf' | 'covered' | 'evidence' | 'isBulk'
> & { readonly stream?: StreamKnowledge };

export type BulkRule<Id extends string = string> = {
  readonly id: Id;
  readonly judge: (facts: BulkFacts, content: Content) => readonly JudgedContent[];
};
