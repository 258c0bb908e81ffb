/**
 * The words of the SPF compiler: what it is told about one name, and the one record it proposes with all it has to say about it.
 * DNS comes as facts, looked up before: the compiler asks nobody and waits for nothing.
 */
import type { DomainName, QueryName } from '../../../format/domain-name.ts';
import type { DnsAnswer, RecordData } from '../../../protocol/dns/types.ts';
import type { Alignment, DmarcStage } from '../types.ts';

export type SpfFactType = 'TXT' | 'A' | 'AAAA' | 'MX';

/** What the DNS said. A name that nobody asked for is `failed`: it is unknown, never "not there". */
export type SpfFacts = {
  readonly lookup: <T extends SpfFactType>(name: QueryName, type: T) => DnsAnswer<RecordData[T]>;
};

/** What one declared sender wants in the record of this name. */
export type SpfWish = {
  /** As it was declared: `google-workspace`, `sendgrid (news)`. */
  readonly sender: string;
  /** Terms as published: `include:_spf.google.com`, `ip4:192.0.2.10`. None where it needs nothing here. */
  readonly terms: readonly string[];
  /** The service looks for the very text of its terms, so they are never replaced by what they stand for. */
  readonly literal?: boolean;
  /** `no`: nothing of it can pass for this name, so its terms are not added, and those that are there go. */
  readonly aligns: Alignment;
  /** Why it cannot align here, when the usual sentence does not say it. */
  readonly why?: string;
  /** SPF domains by which terms that are there are known as its own: `sendgrid.net`, or `.sendgrid.net` for all below. */
  readonly claims?: readonly string[];
  /** Addresses it is known to send from: each must pass in the end. */
  readonly addresses?: readonly string[];
  /** The label of a name below this one that it could send with instead: `news`. Absent: it cannot. */
  readonly movesTo?: string;
};

export type SpfRemedyKind = 'remove' | 'move' | 'host' | 'flatten';

export type SpfRequest = {
  /** Where the record stands. */
  readonly name: DomainName;
  /** All TXT values that stand there now, in any order; those that are no SPF records count for the size only. */
  readonly present: readonly string[];
  /** Whom its terms are from; without it nobody has claimed them. */
  readonly presentFrom?: string;
  readonly wanted: readonly SpfWish[];
  /** Other TXT values that the plan puts there. */
  readonly planned?: readonly string[];
  /** The stage that the plan has for DMARC; `~all` while it is below reject. */
  readonly dmarcStage?: DmarcStage;
  /** Nothing is ever sent with this name: `v=spf1 -all`. */
  readonly silent?: boolean;
  /** A zone of ours in which a record that asks by address may stand. */
  readonly hosted?: { readonly zone: DomainName; readonly id: string };
  /** Included names that are never replaced by addresses, whosever they are. */
  readonly literal?: ReadonlySet<string>;
  /** Writes it in the one spelling also where what is there says the same. */
  readonly respell?: boolean;
  /** Which ways out of too many lookups may be taken without asking; the first that is enough is. */
  readonly accept?: readonly SpfRemedyKind[];
};

/** One record beside the main one that a remedy needs. */
export type SpfExtraRecord = { readonly name: string; readonly type: 'TXT' | 'A'; readonly value: string };

/** A way out of too many lookups, in the order in which they are to be tried. */
export type SpfRemedy = {
  readonly kind: SpfRemedyKind;
  /** What is done, in a sentence. */
  readonly say: string;
  readonly record: string;
  readonly extra: readonly SpfExtraRecord[];
  readonly lookups: number;
  readonly voidLookups: number;
  /** Whether it brings the record below the limits. */
  readonly enough: boolean;
  /** What people or programs have to do besides. */
  readonly duties: readonly string[];
};

type SpfTerm = {
  readonly term: string;
  /** Senders that want or claim it. Nobody: it was there, and is kept. */
  readonly from: readonly string[];
  /** What it costs with everything below it. */
  readonly lookups: number;
};

type SpfProblemCode =
  | 'unreadable-term'
  | 'not-quite-spf'
  | 'several-records'
  | 'unclaimed'
  | 'too-many-lookups'
  | 'nearly-too-many-lookups'
  | 'too-many-void-lookups'
  | 'void-for-some'
  | 'broken-below'
  | 'loop'
  | 'unknown-below'
  | 'too-many-mx'
  | 'everybody-passed'
  | 'all-changed'
  | 'behind-all'
  | 'modifier-taken'
  | 'redirect-converted'
  | 'order-conflict'
  | 'ptr'
  | 'size'
  | 'not-authorised'
  | 'stranger-passes';

export type SpfProblem = {
  readonly code: SpfProblemCode;
  readonly severity: 'error' | 'warning' | 'notice';
  readonly say: string;
  /** What to do, where it is not plain. */
  readonly fix?: string;
  /** A term that reads, of which the one at `where` may be a slip. */
  readonly meant?: string;
  /** The text it is about, and where in it: for a caret. */
  readonly where?: { readonly text: string; readonly at: number; readonly length: number };
};

export type SpfDropped = { readonly term: string; readonly why: string };

export type SpfProposal = {
  /** The one TXT value; absent where nothing is there and nothing wanted. */
  readonly record?: string;
  /** Whether it is there already, alone, and means the same: then `record` is its very text. */
  readonly isPresent: boolean;
  /** Values that stand there now and give way. */
  readonly replaces: readonly string[];
  readonly terms: readonly SpfTerm[];
  readonly dropped: readonly SpfDropped[];
  readonly problems: readonly SpfProblem[];
  readonly lookups: number;
  /** Terms for whose name the DNS has nothing at all. */
  readonly voidLookups: number;
  /** The most that a client of one family meets, macros that lead nowhere included. */
  readonly voidLookupsWorst: number;
  /** Octets of a DNS answer with all TXT values of the name. */
  readonly answerOctets: number;
  /** Records beside it, where a remedy was accepted. */
  readonly extra: readonly SpfExtraRecord[];
  /** Ways out, where it is over a limit. */
  readonly remedies: readonly SpfRemedy[];
  /** What was tried on it: every known address of every sender, and a stranger. */
  readonly proof: SpfProof;
  /** Whether it may be published: within the limits, and proven. */
  readonly isFit: boolean;
};

export type SpfProof = {
  readonly tried: number;
  readonly failed: readonly { readonly sender: string; readonly address: string; readonly result: string }[];
  readonly stranger?: { readonly address: string; readonly result: string };
};

/** Remembers what records mean, since thousands of domains include the same few. */
export type SpfCompiler = {
  readonly compile: (facts: SpfFacts, request: SpfRequest) => SpfProposal;
};

// ---- Addresses in place of includes

export type SpfFingerprint = {
  readonly version: 1;
  readonly domain: string;
  /** ISO times. */
  readonly made: string;
  readonly lookAgain: string;
  /** The record with its includes. */
  readonly original: string;
  readonly record: string;
  readonly chain: readonly SpfExtraRecord[];
  readonly sources: readonly { readonly include: string; readonly networks: readonly string[] }[];
  /** Networks that have gone upstream, kept for a while. */
  readonly leaving: readonly { readonly networks: readonly string[]; readonly until: string }[];
};

export type SpfFlattened = {
  readonly domain: string;
  readonly record: string;
  readonly chain: readonly SpfExtraRecord[];
  readonly refused: readonly { readonly include: string; readonly why: string }[];
  /** Lookups of the record with its includes. */
  readonly before: number;
  readonly lookups: number;
  readonly voidLookups: number;
  readonly fingerprint: SpfFingerprint;
};

export type SpfChange = {
  readonly include: string;
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly problem?: string;
  /** Why a person has to agree. */
  readonly consent?: string;
};

export type SpfCheck = {
  readonly changes: readonly SpfChange[];
  readonly hasChanged: boolean;
  readonly needsConsent: boolean;
  /** What is published is not what the fingerprint says. */
  readonly isDrifted: boolean;
  readonly next: SpfFlattened;
};
