/**
 * The words of setting a domain up: who sends for it, what that wants in DNS, what is there, what is to be done. Parts of the
 * service hand each other nothing but these.
 */
import type { DomainName } from '../../format/domain-name.ts';
import type { StsMode } from '../../protocol/mta-sts/types.ts';

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
  /** What the value has to be besides; it is then written in its one spelling. */
  readonly kind?: ParameterKind;
  /** Taken when the person says nothing (`{domain}` and `{domain-dashes}` are filled); without it and without a value, records that need it are named as missing. */
  readonly fallback?: string;
  /** Without a value, what needs it is left out, and nobody asks. */
  readonly optional?: boolean;
  /** As `optional`, when the parameter of this name has a value. */
  readonly unless?: string;
};

/** ip4, ip6: an address or a network. dkim-key: what stands behind `p=`; the whole record is taken, too. */
export type ParameterKind = 'ip4' | 'ip6' | 'host' | 'dkim-key';

/** host: the name of a server leads to its address. ptr: the address leads back, in a zone that is somebody else's. */
export type RecordPurpose =
  | 'spf'
  | 'dkim'
  | 'return-path'
  | 'verification'
  | 'mx'
  | 'tracking'
  | 'autoconfig'
  | 'host'
  | 'ptr';

/**
 * A record with holes: `{domain}`, `{domain-dashes}` (dots as dashes), `{<parameter>}`, and `{<parameter>-arpa}`, the reverse name of
 * an address. A name without a final dot is relative to the domain; `@` is the domain itself. Whoever declares a sender may have it
 * send for a sub-domain by the parameter `subdomain`, which every sender knows: that is the domain then.
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

/** Patterns of names, on label boundaries: `.sendgrid.net` is that name and any below it, `*` one label or a part of one. */
type SenderTraces = {
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
  /** Of one: sentences say that it sends. Other names it goes by stand in brackets: `SparkPost (Bird)`. */
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
  /** In order, beginning with what happens before DNS; the step `{records}` alone is the moment at which they are published. */
  readonly steps: readonly string[];
  readonly traps: readonly string[];
  readonly traces: SenderTraces;
  readonly evidence: readonly Evidence[];
};

export type Catalogue = {
  /** By id. */
  readonly all: readonly SenderDefinition[];
  readonly find: (id: string) => SenderDefinition | undefined;
  /** Whose name this is, by the longest pattern. */
  readonly recogniseName: (kind: TraceKind, name: string) => NameMatch | undefined;
};

export type TraceKind = keyof SenderTraces;
export type NameMatch = { readonly sender: SenderDefinition; readonly pattern: string };

/** What somebody who sends has left: names in DNS, in a header, in a row of a report. */
export type SenderSigns = {
  /** Selectors of keys of the domain itself, with the first step of a CNAME. */
  readonly selectors?: readonly { readonly selector: string; readonly target?: string }[];
  /** `d=` of signatures that are not of the domain. */
  readonly dkimDomains?: readonly string[];
  /** Names in SPF terms, MAIL FROM domains, targets of return paths. */
  readonly spfDomains?: readonly string[];
  readonly mx?: readonly string[];
  /** Names of the machines: PTR, HELO. */
  readonly hosts?: readonly string[];
};

/** A name with what it says; `by` is a kind of trace. */
export type SenderSign = { readonly by: TraceKind; readonly name: string; readonly pattern: string };

export type Recognition = {
  /** Strongest sign first; the first sign of each decided. */
  readonly senders: readonly { readonly sender: SenderDefinition; readonly signs: readonly SenderSign[] }[];
  /** Names that no sender of the catalogue claims. */
  readonly unclaimed: readonly { readonly by: TraceKind; readonly name: string }[];
};

/** A data file as it was read. */
export type SenderFile = { readonly path: string; readonly text: string };

export type SenderRefusal = 'unknown-sender' | 'bad-declaration' | 'unknown-parameter' | 'bad-parameter' | 'bad-name';

// ---- The declaration: who sends for a domain

/** `google-workspace`, `own:192.0.2.10`, `sendgrid:id=12,subdomain=news` on the command line. */
export type DeclaredSender = {
  readonly sender: string;
  readonly parameters: Readonly<Record<string, string>>;
  /** Messages a week, where somebody knows: a stream of its own needs enough of them. */
  readonly perWeek?: number;
};

export type Declaration = {
  readonly domain: DomainName;
  readonly senders: readonly DeclaredSender[];
  readonly dmarc?: DmarcWish;
  /** Nothing is ever sent or received. */
  readonly parked?: boolean;
  /** Which of several senders gets the domain's mail; a person's word that the MX records may change to it. */
  readonly inbound?: string;
  /** Where its logo is, and the certificate for it. */
  readonly bimi?: { readonly logo: string; readonly evidence?: string };
  /** Ways out of too many SPF lookups that may be taken. */
  readonly spf?: readonly SpfRemedyKind[];
  /** What MTA-STS asks of those who deliver here; `testing` where nobody says. Counts where the mail comes to this office. */
  readonly mtaSts?: StsMode;
  /** DKIM keys of the domain that no sender of the catalogue brings. None is taken away for not being here. */
  readonly keys?: readonly DeclaredKey[];
};

export type DeclaredKey = { readonly selector: string; readonly record: string };

/** From the mildest on. RFC 8461 §3.2 */
export const stsModes = ['none', 'testing', 'enforce'] as const satisfies readonly StsMode[];

export type DeclarationRefusal = SenderRefusal | 'bad-domain' | 'bad-stage' | 'bad-report-address';

/** remove: what is of no use; move: a sender to a sub-domain; host: a record of ours that asks by address; flatten: includes become addresses. */
export const spfRemedyKinds = ['remove', 'move', 'host', 'flatten'] as const;
export type SpfRemedyKind = (typeof spfRemedyKinds)[number];

export const dmarcStages = ['none', 'none-np', 'quarantine-test', 'quarantine', 'reject-test', 'reject'] as const;
export type DmarcStage = (typeof dmarcStages)[number];
export type DmarcWish = {
  readonly stage?: DmarcStage;
  /** `mailto:` URIs; those that are there already stay. */
  readonly rua?: readonly string[];
  /** An old step: the share of failing mail that receivers of RFC 7489 treat by the policy. */
  readonly pct?: number;
  /** A person's word that the policy may become weaker than the one that is there. */
  readonly mayLoosen?: boolean;
};

/** What one declared sender wants once its holes are filled. */
export type SenderWants = {
  readonly sender: SenderDefinition;
  /** As it was declared: `sendgrid`, or `sendgrid (news)` where there are two. */
  readonly label: string;
  /** What it sends for: the domain, or a name below it. */
  readonly domain: DomainName;
  /** What holes are filled with: the domain, what was declared, and what is taken when nobody says otherwise. */
  readonly values: Readonly<Record<string, string>>;
  readonly spf: readonly {
    readonly name: string;
    readonly terms: readonly string[];
    readonly literal: boolean;
    readonly why: string;
  }[];
  readonly records: readonly WantedRecord[];
  readonly steps: readonly string[];
  readonly traps: readonly string[];
  /** Parameters without a value, with what they stop: records, and SPF terms. */
  readonly missing: readonly {
    readonly parameter: SenderParameter;
    readonly records: readonly RecordTemplate[];
    readonly terms: readonly string[];
  }[];
};

export type WantedRecord = SetupRecord & {
  readonly purpose: RecordPurpose;
  readonly needed: Need;
  readonly why: string;
};

// ---- What is published now

/** Values as in `SetupRecord`. `too-large`: more than any answer of the DNS can hold. `not-asked`: a limit of ours came first. */
export type ObservedAnswer =
  | {
      readonly kind: 'found';
      readonly values: readonly string[];
      readonly ttl: number;
      /** The name at the end of the CNAME chain, where there was one. */
      readonly canonicalName?: string;
    }
  | { readonly kind: 'none'; readonly why: 'nxdomain' | 'nodata' }
  | { readonly kind: 'failed'; readonly why: 'timeout' | 'servfail' | 'bogus' | 'too-large' | 'not-asked' };

/** What DNS said about a domain at one moment; may be saved as JSON and planned with later, elsewhere, again. */
export type DomainObserved = {
  readonly domain: DomainName;
  readonly atMs: number;
  /** By `TXT _dmarc.example.com`. */
  readonly answers: Readonly<Record<string, ObservedAnswer>>;
};

/** What the office that plans brings to the domain itself. A plan made without an office has none. */
export type OwnOffice = {
  /** The server's public name. */
  readonly hostname: DomainName;
  /** Mail to the domain is received here. */
  readonly receives: boolean;
  /** Its DKIM keys; retired ones, too, so that their records go. In use: it signs, or did lately. */
  readonly keys: readonly {
    readonly selector: string;
    readonly record: string;
    readonly retired: boolean;
    readonly isInUse?: boolean;
  }[];
  /** The TXT record that shows the domain to be the office's; absent where a person's word stands for it. */
  readonly proof?: { readonly name: string; readonly value: string };
  /** Names the policy document that the office serves: TXT at `_eml.<domain>`. */
  readonly policyRecord?: string;
  /** The domain's records are kept and answered by the office, and its own zone only leads there. */
  readonly delegation?: Delegation;
};

/** `names`: aliases in the domain's own zone lead to names in a zone of ours. `zone`: the domain as a whole is a zone of ours. */
export type Delegation = {
  readonly kind: 'names' | 'zone';
  readonly zone: DomainName;
  readonly nameServers: readonly DomainName[];
  /** SPF records that are wanted and not answered, the domain's own first. */
  readonly spfHeld?: readonly HostedSpfHeld[];
};

export type HostedSpfHeld = {
  /** Whose mail it is about: the domain, or the return path of a sender. */
  readonly name: string;
  /** broken: receivers would give up on it. unknown: the DNS did not say. */
  readonly why: 'broken' | 'unknown';
  readonly say: string;
  /** What is answered instead; empty: nothing, for want of a good one. */
  readonly terms: readonly string[];
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

/** What is worth knowing and blocks nothing. */
export type PlanNote = { readonly code: string; readonly name: string; readonly say: string };

/**
 * `records` may hold names outside the domain that somebody else has to set: PTR, and the word of another domain that it takes our
 * reports. What waits for a person's decision is told in `conflicts` with its record, and is not in `records`.
 */
export type Plan = {
  readonly domain: DomainName;
  readonly records: readonly PlannedRecord[];
  readonly conflicts: readonly PlanConflict[];
  readonly notes: readonly PlanNote[];
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
