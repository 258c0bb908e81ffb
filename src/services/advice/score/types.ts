/**
 * The words of the score: what its table judges, and what it answers. Facts are a closed record of states, so that the whole table can
 * be walked through; each state may be `unknown`, and what is unknown costs nothing.
 */
import type { SpfReason } from '../../../protocol/spf/types.ts';
import type { Fix } from '../types.ts';

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
export type ScoreStep = { readonly check: string; readonly fix: Fix; readonly from: number; readonly to: number };

/** One line of the table: what it costs in these facts (0: nothing), and the facts once it is mended. */
export type ScoreRow = {
  readonly category: ScoreCategory;
  readonly check: (facts: ScoreFacts) => string;
  readonly tenths: (facts: ScoreFacts) => number;
  readonly say: (facts: ScoreFacts) => string;
  readonly fix: (facts: ScoreFacts) => Fix;
  readonly mended: (facts: ScoreFacts) => ScoreFacts;
};
