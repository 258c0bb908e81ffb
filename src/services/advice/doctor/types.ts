/**
 * The words of the domain doctor. Three steps that never mix: a `DoctorWorld` is looked through and remembers what it showed; each
 * family of checks gathers its facts through it; rules judge the facts and touch nothing.
 */
import type { DomainName } from '../../../format/domain-name.ts';
import type { Authorities } from '../../../protocol/dns/authorities.ts';
import type { Resolver } from '../../../protocol/dns/types.ts';
import type { ZoneNames } from '../../../protocol/dns/zone-names.ts';
import type { FetchPolicyFile } from '../../../protocol/mta-sts/sts-policies.ts';
import type { StsMode } from '../../../protocol/mta-sts/types.ts';
import type { gatherSigns } from '../../setup/setup.ts';
import type { Catalogue, SenderWants } from '../../setup/types.ts';
import type { Finding, FindingEvidence, FindingStatus, Fix, Severity } from '../types.ts';
import type { AddressFacts } from './address/facts.ts';
import type { BimiFacts } from './bimi/facts.ts';
import type { DaneFacts } from './dane/facts.ts';
import type { DkimFacts } from './dkim/facts.ts';
import type { DmarcFacts } from './dmarc/facts.ts';
import type { DnsFacts } from './dns/facts.ts';
import type { ListFacts } from './lists/facts.ts';
import type { StsFacts } from './mta-sts/facts.ts';
import type { MxFacts } from './mx/facts.ts';
import type { ParkedFacts } from './parked/facts.ts';
import type { SpfFacts } from './spf/facts.ts';
import type { TlsReportFacts } from './tls-rpt/facts.ts';

// ---- Looking

/** A mail host as it shows itself: greeting, EHLO, STARTTLS, certificate. Plain JSON: it goes into the snapshot. */
export type HostProbe =
  | {
      readonly kind: 'seen';
      readonly address: string;
      readonly greeting: string;
      readonly offersStartTls: boolean;
      /** With STARTTLS, and a handshake that came to its end. */
      readonly tls?: {
        /** `TLSv1.3` */
        readonly protocol: string;
        readonly cipher: string;
        /** DER, base64, the host's own certificate first. */
        readonly chain: readonly string[];
        /** Why the system's authorities, or the name of the host, do not bear it out; absent when they do. */
        readonly certificateProblem?: string;
      };
      /** Why the handshake failed. */
      readonly tlsProblem?: string;
      /** The reply to RCPT (`250 2.1.5 ok`) for `postmaster@` and `abuse@` the domain, by local part, where it was asked; nothing is ever sent. */
      readonly accepts: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'failed'; readonly why: string };

/** Made by `mailHostWish`. */
export type ProbeWish = {
  readonly host: DomainName;
  /** Whose mail it takes. */
  readonly domain: DomainName;
  /** Local parts that RCPT is tried for. */
  readonly recipients?: readonly string[];
};

/** A limit was in the way, so that nothing is known. */
type Unasked = { readonly isUnasked?: boolean };

/** What the registry says of a domain; nothing else of its answer is kept. */
export type RegistrationAnswer =
  | { readonly kind: 'told'; readonly untilMs: number; readonly server: string }
  | { readonly kind: 'unknown'; readonly why: string };

/** Ways to look at hosts. One that is absent cannot be used here (`--zone`): what it would tell is unknown. */
export type Probes = {
  readonly mailHost?: (wish: ProbeWish) => Promise<HostProbe>;
  readonly policyFile?: (domain: DomainName) => Promise<Awaited<ReturnType<FetchPolicyFile>> & Unasked>;
  /** A file over HTTPS, e.g. a logo: certificate checked, no private addresses. */
  readonly file?: (
    url: string,
    wish: { readonly octetsMax: number },
  ) => Promise<
    | { readonly ok: true; readonly octets: Uint8Array; readonly mediaType: string }
    | ({ readonly ok: false; readonly say: string } & Unasked)
  >;
  /** Whether this machine reaches port 25 of others. */
  readonly port25?: (host: DomainName) => Promise<'open' | 'blocked' | 'unknown'>;
  /** Asks a registry, which is nobody's own host: only there where somebody wants it. */
  readonly registration?: (domain: DomainName) => Promise<RegistrationAnswer>;
};

/** All that a look at a domain needs. Each question is asked once, and its answer goes into the snapshot. */
export type DoctorWorld = {
  readonly resolver: Resolver;
  /** The resolver is one of the big public ones: block lists tell those nothing, or lies. */
  readonly isPublicResolver: boolean;
  /** Whom the resolver asks, for evidence: `192.0.2.53`, `the zone file`. */
  readonly resolverName?: string;
  /** Absent where only one resolver, or zone text, can be asked: what the servers say each for itself is unknown then. */
  readonly authorities?: Authorities;
  /** Zone text stands in for the DNS (`--zone`): what others publish, and is not in it, is unknown. */
  readonly zoneText?: { readonly namesBelow: ZoneNames };
  readonly probes: Probes;
  readonly nowMs: number;
};

/**
 * Evidence for an answer that was seen: `TXT _dmarc.example.com` with what came back. Besides the types of records there are `SMTP` of a
 * mail host, `HTTPS` of a URL and `PORT25` of a host. Of a question nobody asked: `not asked`, and why where a limit was in the way.
 * @param server what one of the domain's own name servers said
 */
export type ShowEvidence = (name: string, type: string, server?: string) => FindingEvidence;

// ---- What it is about

export type KnownSender = {
  readonly wants: SenderWants;
  /** A person said so; else it was recognised. */
  readonly isDeclared: boolean;
};

/** What an office knows of its own domain. Absent outside of one. */
export type OfficeKnowledge = {
  readonly hostname: DomainName;
  readonly receives: boolean;
  readonly keys: readonly {
    readonly selector: string;
    /** As it is to stand in DNS. */
    readonly record: string;
    readonly state: 'pending' | 'active' | 'retiring' | 'retired';
    readonly createdAtMs: number;
  }[];
  /** Since when DNS shows what it shows now: `TXT _dmarc.example.com` -> the moment of the last change that was seen. */
  readonly unchangedSinceMs: Readonly<Record<string, number>>;
  /** What the office planned and published last, by `TXT _dmarc.example.com`. */
  readonly planned: Readonly<Record<string, readonly string[]>>;
  /** What its MTA-STS policy for the domain is to ask of senders. */
  readonly stsMode?: StsMode;
  /** People of this domain write to mailing lists. */
  readonly writesToLists?: boolean;
};

/** What reports of receivers tell about the domain in the last 90 days. Absent where there are none. */
export type ReportKnowledge = {
  readonly days: number;
  readonly selectorsSeen: readonly string[];
  /** By sender id: how its mail passed. */
  readonly bySender: Readonly<
    Record<string, { readonly messages: number; readonly alignedSpf: number; readonly alignedDkim: number }>
  >;
  /** Whether the next stage of DMARC would harm nobody, as `advise` computes it. */
  readonly mayTighten?: boolean;
};

export type Subject = {
  readonly domain: DomainName;
  readonly catalogue: Catalogue;
  /** `--selector` */
  readonly selectors: readonly string[];
  /** `--ip`, in canonical text */
  readonly addresses: readonly string[];
  /** Until when the domain is registered, where somebody knows. */
  readonly registeredUntilMs?: number;
  /** The name that the servers at `addresses` say in HELO, where somebody knows. */
  readonly helo?: DomainName;
  /** One of many domains in a run: fewer selectors are guessed. */
  readonly isOneOfMany?: boolean;
  readonly office?: OfficeKnowledge;
  readonly reports?: ReportKnowledge;
};

/** What the DNS shows of who sends: names in MX and SPF, keys at selectors that were guessed. */
export type Signs = Awaited<ReturnType<typeof gatherSigns>>;

/** While gathering: who sends is found out by asking, too, and only those wait for it who need it. */
export type GatherSubject = Subject & {
  readonly senders: Promise<readonly KnownSender[]>;
  readonly signs: Promise<Signs>;
};

// ---- Facts

/** All that is known of a domain at one moment. Plain values: rules read it and nothing else. */
export type DomainFacts = {
  readonly subject: Subject & { readonly senders: readonly KnownSender[] };
  readonly nowMs: number;
  readonly show: ShowEvidence;
  readonly dns: DnsFacts;
  readonly mx: MxFacts;
  readonly spf: SpfFacts;
  readonly dkim: DkimFacts;
  readonly dmarc: DmarcFacts;
  readonly sts: StsFacts;
  readonly tlsReports: TlsReportFacts;
  readonly dane: DaneFacts;
  readonly bimi: BimiFacts;
  readonly addresses: AddressFacts;
  readonly lists: ListFacts;
  readonly parked: ParkedFacts;
};

// ---- Judging

/** One line of the table of checks; docs/FINDINGS.md is made from it. */
export type Check = {
  /** A few words on what is looked at: `DMARC record`. */
  readonly title: string;
  /** Of a failure; a rule may say a lower one for a lesser case. */
  readonly severity: Severity;
  /** What a failure is. */
  readonly fails: string;
  /** Why it matters, with the section of an RFC or the receiver's rule. */
  readonly why: string;
  /** What mends it, in general; a finding names the very records. */
  readonly fix: string;
};

export type Judged = {
  readonly status: FindingStatus;
  readonly subject: string;
  /** Where the case is lesser than the check's worst. */
  readonly severity?: Severity;
  readonly meaning: string;
  readonly evidence: readonly FindingEvidence[];
  readonly fix?: Fix;
};

/** A rule always says something: with nothing to look at, one `skip`. */
export type Rule<Id extends string = string> = {
  readonly id: Id;
  readonly judge: (facts: DomainFacts) => readonly Judged[];
};

export type { Finding };
