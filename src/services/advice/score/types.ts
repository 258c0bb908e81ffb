/**
 * The words of the score: what its table judges, and what it answers. Facts are a closed record of states, so that the whole table can
 * be walked through; each state may be `unknown`, and what is unknown costs nothing.
 */
import type { Clock, Timers } from '../../../base/clock.ts';
import type { AskWeb } from '../../../base/port/web.ts';
import type { Author } from '../../../format/address.ts';
import type { DomainName } from '../../../format/domain-name.ts';
import type { MessageIndex } from '../../../format/message/message-index.ts';
import type { AuthReport } from '../../../protocol/authenticate.ts';
import type { DkimProblem } from '../../../protocol/dkim/problems.ts';
import type { Resolver } from '../../../protocol/dns/types.ts';
import type { SpfReason } from '../../../protocol/spf/types.ts';
import type { Catalogue, SenderWants } from '../../setup/types.ts';
import type { Evidence, ExplainedAlignment, ExplainedHop, Finding, Fix, ReaderMark, ReceiverView } from '../types.ts';
import type { StreamKnowledge } from './bulk/types.ts';
import type { FilterVerdict, MessageFilter } from './content/types.ts';

export type Known = 'yes' | 'no' | 'unknown';

export type SpfFact = {
  readonly result: 'pass' | 'none' | 'neutral' | 'softfail' | 'fail' | 'permerror' | 'unknown';
  /** Whether the return path belongs to the domain in From, whatever SPF said of it. */
  readonly aligned: Known;
};

/** The best signature of the message: one that passes before one that does not, one of the author's domain before a foreign one. */
export type DkimFact = {
  readonly result: 'pass' | 'none' | 'fail' | 'permerror' | 'unknown';
  readonly aligned: Known;
  /** RSA below 2048 bits. */
  readonly weakKey: Known;
};

/** What receivers are asked to do with mail that nobody vouches for: `missing` is no record at all. */
export type DmarcFact = 'missing' | 'none' | 'quarantine' | 'reject' | 'unknown';

export type HostFacts = {
  /** The sending address: its name leads back to it; it has none; it does not lead back; it looks like a dial-up's; not known. */
  readonly reverseName: 'confirmed' | 'missing' | 'unconfirmed' | 'generic' | 'unknown';
  readonly helo: 'good' | 'bad' | 'unknown';
  /** On its way to the receiver. */
  readonly encrypted: Known;
};

/** Block lists. A list that did not answer is no list. */
export type ListFacts = {
  /** The address, on one that large receivers use. */
  readonly major: Known;
  /** A domain of the message. */
  readonly domain: Known;
  /** On how many of the small ones. */
  readonly minor: number;
};

/** One fault of the content, or of a bulk message, with what it costs. A rule that finds nothing to charge gives none. */
export type Charge = {
  /** `MSG-04` */
  readonly check: string;
  readonly tenths: number;
  readonly say: string;
  readonly fix: Fix;
};

/** Names for the sentences, and fixes that know more than the table. They never change the score. */
export type ScoreNames = {
  /** The domain in From. */
  readonly domain?: string;
  /** The domain that SPF was asked of. */
  readonly returnPath?: string;
  readonly spfReason?: SpfReason;
  /** d= and s= of the best signature. */
  readonly signer?: string;
  readonly selector?: string;
  /** Why the best signature does not count. */
  readonly signatureProblem?: DkimProblem;
  readonly address?: string;
  readonly helo?: string;
  readonly reverseName?: string;
  readonly lists?: Readonly<Partial<Record<'major' | 'domain' | 'minor', readonly string[]>>>;
  /** By check id, in place of the table's own. */
  readonly fixes?: Readonly<Record<string, Fix>>;
};

export type ScoreFacts = {
  /** Whether From names exactly one author. */
  readonly author: Known;
  readonly spf: SpfFact;
  readonly dkim: DkimFact;
  readonly dmarc: DmarcFact;
  readonly host: HostFacts;
  readonly lists: ListFacts;
  readonly content: readonly Charge[];
  /** Only of messages to many; otherwise empty. */
  readonly bulk: readonly Charge[];
  readonly names: ScoreNames;
};

export type ScoreCategory = 'authentication' | 'host' | 'lists' | 'content' | 'bulk';

export type Deduction = {
  readonly check: string;
  readonly category: ScoreCategory;
  /** What it costs here: categories have caps. */
  readonly tenths: number;
  /** What it would cost without the cap. */
  readonly fullTenths: number;
  readonly say: string;
  readonly fix: Fix;
  /** What the fix alone gives back: less where something else then shows, more where one fix mends two. */
  readonly gainTenths: number;
};

export type ScoreBand = {
  readonly name: 'lost' | 'lucky' | 'fair' | 'good' | 'perfect';
  readonly say: string;
};

export type Score = {
  /** 0 to 10 with one decimal. */
  readonly score: number;
  readonly tenths: number;
  readonly band: ScoreBand;
  /** By category, the dearest first. */
  readonly deductions: readonly Deduction[];
};

/** One step on the way to 10. */
export type ScoreStep = {
  readonly check: string;
  /** What is wrong by then: a fault may show only once others are mended. */
  readonly say: string;
  readonly fix: Fix;
  readonly from: number;
  readonly to: number;
};

/** One line of the table: what it costs in these facts (0: nothing), and the facts once it is mended. */
export type ScoreRow = {
  readonly category: ScoreCategory;
  readonly check: (facts: ScoreFacts) => string;
  readonly tenths: (facts: ScoreFacts) => number;
  readonly say: (facts: ScoreFacts) => string;
  readonly fix: (facts: ScoreFacts) => Fix;
  readonly mended: (facts: ScoreFacts) => ScoreFacts;
};

// ---- A message

/** What the receiver knows of how a message came. What is absent is not known, and costs nothing. */
export type ScoreSession = {
  /** Without it, what the header notes is taken, and what it does not note is unknown. */
  readonly remoteAddress?: string;
  readonly helo?: string;
  /** Without brackets; '' is the null sender. */
  readonly mailFrom?: string;
  /** The version of TLS it came with, or `none`. */
  readonly tls?: string;
  /** Block lists, where they were asked. */
  readonly lists?: ListFacts & { readonly names?: ScoreNames['lists'] };
  /** It goes to many: the rules for newsletters count. Absent: its header tells (List-Unsubscribe, List-Id, Precedence). */
  readonly isBulk?: boolean;
};

/** Ways to look. One scorer remembers keys and lists as long as it lives. */
export type ScorePorts = {
  readonly resolver: Resolver;
  readonly clock?: Clock;
  readonly timers?: Timers;
  /** To name the service that sends, and the records it wants. */
  readonly catalogue?: Catalogue;
  /** Block lists are asked through `resolver`, unless the session says what they say. */
  readonly lists?: { readonly isPublicResolver: boolean };
  /** Outside filters that are asked for their opinion. */
  readonly filters?: readonly MessageFilter[];
};

/** What is looked at, or known, besides the message. Nothing of it happens unless somebody asked for it. */
export type ScoreBesides = {
  /** Links that are not for their reader alone are followed. */
  readonly followLinks?: AskWeb;
  /** It is unsubscribed from, where one click does it. The reader wants it. */
  readonly tryUnsubscribe?: AskWeb;
  readonly stream?: StreamKnowledge;
};

/** One DKIM-Signature field, as far as it can be read. */
export type SignatureFacts = {
  readonly domain: string;
  readonly selector: string;
  /** The verifier's word; `unknown` where nobody verified it. */
  readonly result: string;
  readonly aligned: Known;
  /** Names in h=, lower case, as often as they stand there. */
  readonly fieldNames: readonly string[];
  /** l= */
  readonly bodyOctets?: number;
  /** x= */
  readonly expiresAtSeconds?: number;
  readonly keyBits?: number;
  readonly algorithm: string;
};

/** All that is known of a message at one moment. Rules read it and nothing else. */
export type MessageFacts = {
  readonly index: MessageIndex;
  readonly nowMs: number;
  readonly author: Author;
  /** In From, where it names one author. */
  readonly domain?: DomainName;
  readonly organizationOf: (domain: DomainName) => DomainName | undefined;
  /** Where the verdicts come from: evaluated now, noted in the header, or nowhere. */
  readonly evidence: Evidence;
  readonly alignment: ExplainedAlignment;
  readonly report?: AuthReport;
  readonly hops: readonly ExplainedHop[];
  readonly signatures: readonly SignatureFacts[];
  /** Names of fields under a signature that passes, lower case. */
  readonly covered: ReadonlySet<string>;
  readonly isBulk: boolean;
  /** Who the message was sent through, and what that wants in DNS for the domain in From. */
  readonly service?: SenderWants;
  /** What the table judges, content and bulk still empty. */
  readonly states: ScoreFacts;
};

/** What a family of rules says of a message. */
export type MessageJudgement = { readonly findings: readonly Finding[]; readonly charges: readonly Charge[] };

/** A fact that costs nothing: fine, or not known. */
export type QuietFact = { readonly state: 'fine' | 'unknown'; readonly say: string };

export type MessageScore = Score & {
  /** Facts that the number rests on, to predict with. */
  readonly facts: ScoreFacts;
  readonly findings: readonly Finding[];
  /** What is fine, and what could not be found out. */
  readonly quiet: readonly QuietFact[];
  readonly way: readonly ScoreStep[];
  readonly receivers: readonly ReceiverView[];
  readonly reader: readonly ReaderMark[];
  readonly evidence: Evidence;
  /** What outside filters said, where some were asked. */
  readonly filters?: readonly FilterVerdict[];
  /** Where it was evaluated now. */
  readonly report?: AuthReport;
};
