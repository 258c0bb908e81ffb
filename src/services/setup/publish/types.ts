/** The words of publishing: what will be changed in a zone, what became of it, what each server shows of it. */
import type { Outcome } from '../../../base/outcome.ts';
import type { DomainName } from '../../../format/domain-name.ts';
import type { Resolver } from '../../../protocol/dns/types.ts';
import type { Plan, PlannedRecord, RecordChange, SetupType, ZoneEditorRefusal } from '../types.ts';
import type { ZoneContents } from '../zone-editor.ts';

/** What keeps a planned record from being published. */
export type DiffObstacle = { readonly name: string; readonly type: SetupType; readonly say: string };

export type ZoneDiff = {
  readonly changes: readonly RecordChange[];
  /** Planned, but not in this zone: PTR, names of others, delegated names. */
  readonly elsewhere: readonly PlannedRecord[];
  readonly obstacles: readonly DiffObstacle[];
  /** Planned and there already. */
  readonly present: number;
  /** The host keeps no shorter TTL, and this one is taken where a shorter one was planned. */
  readonly raisedTtl?: number;
};

/** Looks through the zone as the host holds it, so that no cache stands between the plan and the zone. */
export type MakePlan = (resolver: Resolver) => Promise<Plan>;

export type Prepared = {
  readonly domain: DomainName;
  readonly contents: ZoneContents;
  readonly diff: ZoneDiff;
  /** The publication that this takes back. */
  readonly undoes?: string;
};

// ---- The journal

type PublicationState =
  | 'begun' // nothing more is known: it was broken off, or is under way
  | 'made' // the host holds it
  | 'verified' // and every authoritative server shows it
  | 'refused' // nothing was changed
  | 'undone' // what was changed was taken back
  | 'broken'; // some of it stands

export type Publication = {
  readonly id: string;
  readonly domain: DomainName;
  readonly zone: DomainName;
  /** `cloudflare` */
  readonly host: string;
  readonly atMs: number;
  readonly changes: readonly RecordChange[];
  readonly undoes?: string;
  readonly state: PublicationState;
  readonly say?: string;
};

/** Append-only. What `begin` is given is durable when it answers, before anything is changed. */
export type PublicationJournal = {
  /** Where it is kept, for people. */
  readonly where: string;
  readonly begin: (publication: Omit<Publication, 'id' | 'state' | 'say' | 'atMs'>) => Promise<string>;
  readonly note: (id: string, domain: DomainName, state: PublicationState, say?: string) => Promise<void>;
  /** Newest first. */
  readonly list: (domain: DomainName) => Promise<readonly Publication[]>;
};

export type JournalLine =
  | ({ readonly kind: 'begun' } & Omit<Publication, 'state' | 'say'>)
  | {
      readonly kind: 'became';
      readonly id: string;
      readonly domain: DomainName;
      readonly atMs: number;
      readonly state: PublicationState;
      readonly say?: string;
    };

/** Lines that stay in their order; one is durable when `append` answers. */
export type JournalLines = {
  readonly where: string;
  readonly append: (line: JournalLine) => Promise<void>;
  readonly read: (domain: DomainName) => Promise<readonly JournalLine[]>;
};

// ---- What servers show

/** `new`: what was planned. `old`: what was there before. `other`: neither. `silent`: no answer, or none with authority. */
export type Shown = 'new' | 'old' | 'other' | 'silent';

export type ServerView = {
  readonly server: string;
  readonly shows: Shown;
  /** How long caches may still hold the old answer. */
  readonly oldTtlSeconds: number;
};

export type ChangeView = {
  readonly change: RecordChange;
  readonly servers: readonly ServerView[];
  /** Why no server could be asked. */
  readonly say?: string;
};

export type PublishEnd =
  | { readonly state: 'verified'; readonly id: string; readonly views: readonly ChangeView[] }
  /** The host holds it; not every server shows it yet. */
  | { readonly state: 'made'; readonly id: string; readonly views: readonly ChangeView[] }
  /** Nothing was changed. */
  | { readonly state: 'refused'; readonly id: string; readonly code: ZoneEditorRefusal; readonly say: string }
  | { readonly state: 'undone'; readonly id: string; readonly code: ZoneEditorRefusal; readonly say: string }
  | {
      readonly state: 'broken';
      readonly id: string;
      readonly code: ZoneEditorRefusal;
      readonly say: string;
      /** What stands, or may stand. */
      readonly left: readonly RecordChange[];
    };

export type PublishStep =
  | { readonly step: 'applied'; readonly changes: number }
  | { readonly step: 'looked'; readonly views: readonly ChangeView[] }
  | { readonly step: 'taking-back'; readonly why: string };

export type PublishOptions = {
  /** How long servers are asked until all show the change; 0: once. */
  readonly waitMs: number;
  readonly onStep?: (step: PublishStep) => void;
  readonly signal?: AbortSignal;
};

/** Of each set what the last publication made of it. */
export type ExpectedSet = {
  readonly change: RecordChange;
  readonly publication: string;
  readonly atMs: number;
};

/** Looks only: needs no credentials. */
export type Watcher = {
  readonly journal: Pick<PublicationJournal, 'where' | 'list'>;
  readonly expected: (domain: DomainName) => Promise<readonly ExpectedSet[]>;
  readonly look: (
    changes: readonly RecordChange[],
    options: { readonly signal?: AbortSignal },
  ) => Promise<readonly ChangeView[]>;
};

export type Publisher = {
  readonly host: string;
  readonly ability: { readonly atomic: boolean; readonly compares: boolean };
  readonly journal: Pick<PublicationJournal, 'where' | 'list'>;
  readonly prepare: (
    domain: DomainName,
    plan: MakePlan,
  ) => Promise<Outcome<Prepared & { readonly plan: Plan }, ZoneEditorRefusal>>;
  readonly prepareUndo: (publication: Publication) => Promise<Outcome<Prepared, ZoneEditorRefusal>>;
  readonly carryOut: (prepared: Prepared, options: PublishOptions) => Promise<PublishEnd>;
};
