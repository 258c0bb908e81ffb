/** The words of the content rules: what they are given of a message, and what they answer. */
import type { HtmlFacts } from '../../../../format/html/read-html.ts';
import type { LineFacts } from '../../../../format/line-ends.ts';
import type { MessageIndex } from '../../../../format/message/message-index.ts';
import type { Part, PartTree } from '../../../../format/message/part-tree.ts';
import type { Judged } from '../../doctor/types.ts';
import type { MessageFacts } from '../types.ts';

/** What an outside filter (rspamd, SpamAssassin) said of the message. */
export type FilterVerdict = {
  /** `rspamd`, `SpamAssassin` */
  readonly name: string;
  /** Undefined: it did not answer; `problem` says why. */
  readonly points: number | undefined;
  /** From how many points on the filter itself calls it spam. */
  readonly spamFrom?: number;
  readonly symbols: readonly FilterSymbol[];
  readonly problem?: string;
};
export type FilterSymbol = { readonly name: string; readonly points: number; readonly say?: string };

/**
 * An outside filter, asked for its opinion of a message. Always answers, and within its own time: a filter that is away is a verdict
 * without points.
 */
export type MessageFilter = {
  readonly name: string;
  readonly judge: (message: Uint8Array, session: FilterSession) => Promise<FilterVerdict>;
};
/** How the message came, or will go; what is absent is not known. */
export type FilterSession = {
  readonly remoteAddress?: string;
  readonly helo?: string;
  /** '' is the null sender. */
  readonly mailFrom?: string;
};

/** What became of following a link: whether it leads anywhere. `left`: nobody but its reader may follow it. */
export type LinkProbe = {
  readonly href: string;
  readonly end: 'works' | 'broken' | 'unknown' | 'left';
  readonly say: string;
};

export type ContentFacts = Pick<MessageFacts, 'index' | 'nowMs' | 'author' | 'domain' | 'organizationOf'> & {
  /** Absent: no filter is set up. */
  readonly filters?: readonly FilterVerdict[];
  /** Absent: nobody followed the links. */
  readonly probes?: readonly LinkProbe[];
};

/** Why a link cannot lead anywhere, without trying it. */
export type LinkTrouble =
  | 'empty'
  | 'placeholder'
  | 'relative'
  | 'no-host'
  | 'local'
  | 'script'
  | 'syntax'
  | 'no-anchor';

export type Link = {
  /** As written. */
  readonly href: string;
  /** Words that a reader clicks on; the address itself where it stands in plain text. */
  readonly text: string;
  readonly place: 'html' | 'text';
  /** `https:`, `mailto:`; empty when it is broken. */
  readonly scheme: string;
  /** Lower case, A-labels; empty where the scheme has none. */
  readonly host: string;
  readonly trouble?: LinkTrouble;
};

export type Attachment = { readonly part: Part; readonly name: string; readonly type: string };

/** The message, read once for all rules. */
export type Content = {
  readonly facts: ContentFacts;
  readonly index: MessageIndex;
  readonly lines: LineFacts;
  readonly tree: PartTree;
  /** What is shown of plain text, attachments apart; undefined when there is none. */
  readonly plain: string | undefined;
  readonly html: HtmlFacts | undefined;
  /** Octets of the HTML, decoded, or of the plain text where there is none. */
  readonly shownOctets: number;
  readonly attachments: readonly Attachment[];
  /** Those of the HTML, or of the plain text where there is none. */
  readonly links: readonly Link[];
  /** Those that lead to pages. */
  readonly webLinks: readonly Link[];
};

export type JudgedContent = Judged & {
  /** What it costs, in tenths of a point. */
  readonly tenths?: number;
};

export type ContentRule<Id extends string = string> = {
  readonly id: Id;
  readonly judge: (content: Content) => readonly JudgedContent[];
};
