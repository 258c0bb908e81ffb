/**
 * The words of setting a domain up: who sends for it, what that wants in DNS, what is there, what is to be done. Parts of the
 * service hand each other nothing but these.
 */
import type { DomainName } from '../../format/domain-name.ts';

/** Types that a plan holds. PTR stands in somebody else's zone and is only ever asked for. */
export const setupTypes = ['A', 'AAAA', 'CNAME', 'MX', 'NS', 'TXT', 'TLSA', 'SRV', 'CAA', 'PTR'] as const;
export type SetupType = (typeof setupTypes)[number];

/**
 * One record as it is spoken of everywhere: the absolute name in lower-case A-labels without the final dot; names in the value
 * likewise (`10 mx.example.com`); a TXT value joined and unquoted, one character per octet.
 */
export type SetupRecord = {
  readonly name: string;
  readonly type: SetupType;
  readonly value: string;
  readonly ttl?: number;
};

/** All records of one name and type: the least that a DNS host changes in one piece. */
export type RecordSet = {
  readonly name: string;
  readonly type: SetupType;
  readonly ttl: number;
  readonly values: readonly string[];
};

export type Need = 'required' | 'recommended' | 'optional';

// ---- The catalogue: one data file a sender, `catalogue/senders/<id>.json`

export const senderFamilies = [
  'mailbox', // people's mail: it sends and receives
  'forwarding', // it receives and passes on
  'transactional',
  'campaigns',
  'support',
  'business', // CRM, accounting, shops, developers' tools
  'website',
  'server',
] as const;
export type SenderFamily = (typeof senderFamilies)[number];

/** Whether what it sends can pass DMARC this way: as it comes, once its return path is set up, never, or nobody showed it. */
export type Alignment = 'yes' | 'with-return-path' | 'no' | 'uncertain';

export type SenderParameter = {
  readonly name: string;
  /** What it is, and where the person finds it. */
  readonly what: string;
  readonly example: string;
  /** A regular expression that the whole value has to match. */
  readonly pattern: string;
  /** Taken when the person says nothing; without it and without a value, records that need it are named as missing. */
  readonly fallback?: string;
};

export type RecordPurpose = 'spf' | 'dkim' | 'return-path' | 'verification' | 'mx' | 'tracking' | 'autoconfig' | 'ptr';

/**
 * A record with holes: `{domain}`, `{domain-dashes}` (dots as dashes) and `{<parameter>}`. A name without a final dot is relative
 * to the domain; `@` is the domain itself.
 */
export type RecordTemplate = {
  readonly purpose: RecordPurpose;
  readonly name: string;
  readonly type: SetupType;
  readonly value: string;
  readonly needed: Need;
  readonly why: string;
};

export type Evidence = {
  /** template: Domain Connect; vendor: its own page; zones: seen in unrelated zones; secondary: somebody else's guide; known: not verified again. */
  readonly kind: 'template' | 'vendor' | 'zones' | 'secondary' | 'known';
  readonly what: string;
  /** `2026-11` */
  readonly seen: string;
};

/** Patterns of names, on label boundaries: `.sendgrid.net` is any name below it, `*` one label or a part of one. */
export type SenderTraces = {
  /** Where a selector's CNAME leads. */
  readonly dkimTargets: readonly string[];
  readonly selectors: readonly string[];
  /** `d=` of its own signatures. */
  readonly dkimDomains: readonly string[];
  /** Names in `include:`, `redirect=` or `exists:`, and MAIL FROM domains of its own. */
  readonly spfDomains: readonly string[];
  readonly hosts: readonly string[];
  readonly mx: readonly string[];
};

export type SenderDefinition = {
  /** `google-workspace` */
  readonly id: string;
  readonly name: string;
  readonly family: SenderFamily;
  readonly sends: boolean;
  readonly receives: boolean;
  readonly aligns: { readonly spf: Alignment; readonly dkim: Alignment };
  readonly parameters: readonly SenderParameter[];
  /** Terms for the SPF record at `at` (`@`: the From domain; else a name below it). `literal`: the service looks for the very text. */
  readonly spf: readonly {
    readonly at: string;
    readonly terms: readonly string[];
    readonly literal?: boolean;
    readonly why: string;
  }[];
  readonly records: readonly RecordTemplate[];
  /** In order, beginning with what happens before DNS; a step may name `{records}`, the moment at which they are published. */
  readonly steps: readonly string[];
  readonly traps: readonly string[];
  readonly traces: SenderTraces;
  readonly evidence: readonly Evidence[];
};

export type Catalogue = {
  readonly all: readonly SenderDefinition[];
  readonly find: (id: string) => SenderDefinition | undefined;
};

// ---- The declaration: who sends for a domain

/** `google-workspace`, `own:192.0.2.10`, `sendgrid:id=12,subdomain=news` on the command line. */
export type DeclaredSender = {
  readonly sender: string;
  readonly parameters: Readonly<Record<string, string>>;
};

export type Declaration = {
  readonly domain: DomainName;
  readonly senders: readonly DeclaredSender[];
  readonly dmarc?: DmarcWish;
  /** Nothing is ever sent or received. */
  readonly parked?: boolean;
};

export const dmarcStages = ['none', 'none-np', 'quarantine-test', 'quarantine', 'reject-test', 'reject'] as const;
export type DmarcStage = (typeof dmarcStages)[number];
export type DmarcWish = {
  readonly stage?: DmarcStage;
  /** `mailto:` URIs; those that are there already stay. */
  readonly rua?: readonly string[];
};

/** What one declared sender wants once its holes are filled. */
export type SenderWants = {
  readonly sender: SenderDefinition;
  /** As it was declared: `sendgrid`, or `sendgrid (news)` where there are two. */
  readonly label: string;
  readonly spf: readonly {
    readonly name: string;
    readonly terms: readonly string[];
    readonly literal: boolean;
    readonly why: string;
  }[];
  readonly records: readonly WantedRecord[];
  readonly steps: readonly string[];
  /** Parameters without a value, with what they stop. */
  readonly missing: readonly { readonly parameter: SenderParameter; readonly records: readonly RecordTemplate[] }[];
};

export type WantedRecord = SetupRecord & {
  readonly purpose: RecordPurpose;
  readonly needed: Need;
  readonly why: string;
};

// ---- The plan

/** present: there, and means the same. wrong: another value is there. extra: it is there and has to go. unknown: DNS did not say. */
export type RecordState = 'present' | 'missing' | 'wrong' | 'extra' | 'unknown';

export type PlannedRecord = SetupRecord & {
  readonly ttl: number;
  readonly state: RecordState;
  readonly needed: Need;
  readonly why: string;
  /** The declared sender that wants it; `posthorn` for what the domain itself needs. */
  readonly sender: string;
  /** What stands there now and gives way. */
  readonly replaces?: readonly string[];
};

export type PlanConflict = {
  /** `selector-taken`, `second-inbound`, `label-taken` ... */
  readonly code: string;
  readonly name: string;
  readonly say: string;
  readonly fix: string;
};

export type Plan = {
  readonly domain: DomainName;
  readonly records: readonly PlannedRecord[];
  readonly conflicts: readonly PlanConflict[];
  readonly dropped: readonly { readonly term: string; readonly why: string }[];
  /** What people have to do elsewhere, in order. */
  readonly steps: readonly { readonly sender: string; readonly say: string }[];
};

// ---- Changing a zone

/** `before` empty: the set must not be there; `after` empty: it goes. Hosts that can compare refuse a change whose `before` is not what they hold. */
export type RecordChange = {
  readonly name: string;
  readonly type: SetupType;
  readonly before?: RecordSet;
  readonly after?: RecordSet;
};

export type ZoneEditorRefusal =
  | 'no-credentials'
  | 'bad-credentials' // 401, 403, TSIG refused
  | 'no-such-zone'
  | 'changed-meanwhile' // compare-and-set failed: look again
  | 'not-supported' // the host cannot hold this record
  | 'rate-limited'
  | 'unavailable' // 5xx, no answer, half an answer
  | 'refused';
