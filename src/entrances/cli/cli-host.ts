/**
 * What the command line needs of the world: a port that `app/cli-host.ts` implements and tests fake. Nothing here is opened before
 * a command asks for it.
 */
import type { Timers } from '../../base/clock.ts';
import type { Outcome } from '../../base/outcome.ts';
import type { Blobs } from '../../base/port/blobs.ts';
import type { Db } from '../../base/port/db.ts';
import type { AskWeb } from '../../base/port/web.ts';
import type { DomainName } from '../../format/domain-name.ts';
import type { Authorities } from '../../protocol/dns/authorities.ts';
import type { Resolver } from '../../protocol/dns/types.ts';
import type { FetchPolicyFile } from '../../protocol/mta-sts/sts-policies.ts';
import type { MessageTests } from '../../services/advice/advice.ts';
import type { DoctorWorld } from '../../services/advice/doctor/types.ts';
import type { Directory } from '../../services/directory/directory.ts';
import type { Events } from '../../services/events/events.ts';
import type { MailboxService } from '../../services/mailbox/mailbox.ts';
import type { Outbound } from '../../services/outbound/outbound.ts';
import type { LookAfterDomain } from '../../services/setup/care/types.ts';
import type { Publisher, Watcher } from '../../services/setup/publish/types.ts';
import type { Delegations, Setup } from '../../services/setup/setup.ts';
import type { Catalogue, ZoneEditorRefusal } from '../../services/setup/types.ts';
import type { SetupDesk } from '../http/ports.ts';
import type { Style } from './style.ts';

/** Where the settings come from: `--config` and `--data`; absent = the usual places. */
export type Place = { readonly config?: string; readonly data?: string };

/** A data folder as a command sees it; an office may be serving it at the same time. */
export type OpenOffice = {
  readonly folder: string;
  readonly hostname: DomainName;
  /** Whether a process is serving it now. */
  readonly isServed: boolean;
  readonly db: Pick<Db, 'read' | 'onNotify'>;
  readonly blobs: Pick<Blobs, 'open'>;
  readonly directory: Directory;
  readonly events: Events;
  readonly mailbox: MailboxService;
  readonly outbound: Outbound;
  readonly tests: Pick<MessageTests, 'create' | 'find'>;
  /** Where people reach its pages, when somebody said. */
  readonly publicUrl?: string;
  /** Domains whose records the office keeps. */
  readonly delegations: Delegations;
  /** Declarations of this office, and plans for them. */
  readonly setup: (resolver: Resolver) => Promise<Setup>;
  /** Sets domains up, through these eyes. */
  readonly desk: (eyes: Eyes) => SetupDesk;
  /** What looks after the domains, through these eyes. */
  readonly care: (eyes: Eyes) => { readonly look: LookAfterDomain };
  readonly close: () => Promise<void>;
};

export type Eyes = { readonly resolver: Resolver; readonly authorities: Authorities };

/** One static setting with its value in force. */
export type SettingFacts = {
  readonly name: string;
  /** As it would stand in posthorn.toml; undefined = not set. */
  readonly value: unknown;
  readonly fallback: unknown;
  /** Where the value comes from: `posthorn.toml:3`, `POSTHORN_DATA`, `--data`; undefined = the default. */
  readonly origin: string | undefined;
  readonly environment: string;
  readonly doc: string;
};

export type StoreCheck = {
  readonly folder: string;
  readonly blobs: number;
  readonly bytes: number;
  readonly problems: readonly { readonly kind: string; readonly subject: string; readonly say: string }[];
};

export type ServerAddress = { readonly host: string; readonly port: number };

export type TlsWish = {
  readonly host: DomainName;
  readonly port: number;
  /** Asked for in the handshake. */
  readonly serverName: string;
  readonly resolver: Resolver;
};

export type ShownTls =
  | { readonly kind: 'seen'; readonly from: string; readonly chain: readonly Uint8Array[] }
  | { readonly kind: 'failed'; readonly why: string };

/** What the doctor looks through. */
export type DoctorEyes = Omit<DoctorWorld, 'nowMs'>;

export type DoctorWish = {
  /** The system's own when there are none. */
  readonly servers: readonly ServerAddress[];
  /** Mail hosts, policies and logos are looked at, too. */
  readonly probes: boolean;
  /** The registry of the domain is asked, too. */
  readonly registration?: boolean;
  /** For a run over many domains: only what they share is worth remembering. */
  readonly isForMany?: boolean;
  readonly signal: AbortSignal;
};

type FetchNamed = (
  url: string,
  wish: { readonly octetsMax: number; readonly mediaType: string },
) => Promise<Outcome<Uint8Array, string>>;

export type PublisherWish = {
  readonly domain: DomainName;
  readonly eyes: Eyes;
  /** `cloudflare`; absent: what the settings say, else whose name servers the domain has. */
  readonly kind?: string;
  /** What options say in place of the environment. */
  readonly settings: Readonly<Record<string, string>>;
  readonly withOptional: boolean;
  /** A file, in place of the office. */
  readonly journal?: string;
};

type DnsHostFacts = {
  readonly kind: string;
  readonly name: string;
  /** Variables of the environment. */
  readonly settings: readonly { readonly name: string; readonly what: string; readonly fallback?: string }[];
};

export type OpenedPublisher = AsyncDisposable & {
  /** Asks for credentials. */
  readonly publisher: () => Promise<Outcome<Publisher, ZoneEditorRefusal>>;
  readonly watcher: Watcher;
  /** Seals what this kind of host has to be told into the office, which it names. */
  readonly remember: (kind: string) => Promise<Outcome<string, ZoneEditorRefusal>>;
  readonly forget: (kind: string) => Promise<Outcome<string, ZoneEditorRefusal>>;
};

/** Where an office is, or would be. */
export type Home = {
  readonly folder: string;
  /** The settings file that is read here, or would be. */
  readonly settingsFile: string;
  readonly hasSettings: boolean;
  /** As it is set. */
  readonly hostname: string | undefined;
  /** The sandbox serves the folder now, and is its DNS host: makes a zone where there is none. */
  readonly sandbox?: { readonly friend: string; readonly makeZone: (domain: DomainName) => boolean };
};

export type CliHost = {
  readonly version: string;
  /** What a person types to start this program: `posthorn`, or `./posthorn` in a clone. */
  readonly command: string;
  readonly out: (output: string | Uint8Array) => void;
  readonly err: (text: string) => void;
  readonly outStyle: Style;
  readonly errStyle: Style;
  /** Somebody sees what goes to stderr while it happens. */
  readonly errIsTerminal: boolean;
  /** Columns of the terminal; undefined when the output goes into a file or a pipe. */
  readonly columns: number | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly stdin: { readonly isTerminal: boolean; readonly chunks: () => AsyncIterable<Uint8Array> };
  /** Throws a `Fault` with the system's code. */
  readonly readFile: (path: string) => Promise<Uint8Array>;
  readonly timers: Timers;
  readonly fetch: typeof fetch;
  /** Aborts when the process is asked to stop, or nobody reads the output any more. */
  readonly signal: AbortSignal;
  /** The system's own name servers when none are given. */
  readonly resolver: (servers: readonly ServerAddress[]) => Promise<Resolver>;
  /** Addresses of the system's own name servers. */
  readonly systemServers: () => Promise<readonly string[]>;
  readonly doctorEyes: (wish: DoctorWish) => Promise<DoctorEyes>;
  /** The DNS as the office at the place sees it, its authoritative servers asked directly. */
  readonly dns: (place: Place) => Promise<Eyes>;
  /** The catalogue of senders. */
  readonly catalogue: () => Promise<Catalogue>;
  /** Fetches MTA-STS policies of other domains. */
  readonly policyFiles: (resolver: Resolver) => Promise<FetchPolicyFile>;
  /** Asks web addresses that a message names: public hosts only. */
  readonly askWeb: (resolver: Resolver) => Promise<AskWeb>;
  /** Fetches over HTTPS what a record of another domain names. */
  readonly fetchNamed: (resolver: Resolver, place: Place) => Promise<FetchNamed>;
  /** Changes the zone of a domain where it is kept. */
  readonly publisher: (place: Place, wish: PublisherWish) => Promise<OpenedPublisher>;
  /** The kinds of DNS hosts, and what each wants to be told. */
  readonly dnsHosts: () => Promise<readonly DnsHostFacts[]>;
  /** Looks at the certificates a mail host shows, and sends it nothing. */
  readonly shownTls: (wish: TlsWish) => Promise<ShownTls>;
  readonly home: (place: Place) => Promise<Home>;
  /** Writes a file that is not there yet; false when it is. */
  readonly writeNew: (path: string, text: string) => Promise<boolean>;
  /** Throws a `Fault`, or `NO_OFFICE` when there is none at the place and none is to be made. */
  readonly openOffice: (place: Place, options: { readonly make: boolean }) => Promise<OpenOffice>;
  readonly settingNames: () => Promise<readonly string[]>;
  /** Throws a `CliError` that names every mistake. */
  readonly settings: (place: Place) => Promise<readonly SettingFacts[]>;
  readonly serve: (place: Place, flags: ReadonlyMap<string, string>) => Promise<number>;
  readonly sandbox: (options: {
    readonly once: boolean;
    readonly json: boolean;
    readonly place: Place;
  }) => Promise<number>;
  /** One domain from 2 to 10, in a world of its own. */
  readonly story: (options: { readonly json: boolean }) => Promise<number>;
  readonly checkStore: (place: Place) => Promise<StoreCheck>;
  readonly backup: (place: Place, to: string) => Promise<{ readonly folder: string; readonly files: number }>;
};
