/** What the HTTP entrance is given: the services it speaks to, and the world's time, ids and signals. */
import type { Timers } from '../../base/clock.ts';
import type { Ids } from '../../base/id.ts';
import type { Outcome } from '../../base/outcome.ts';
import type { Blobs } from '../../base/port/blobs.ts';
import type { Db } from '../../base/port/db.ts';
import type { Memory } from '../../base/port/memory.ts';
import type { Signals } from '../../base/port/signals.ts';
import type { DomainName } from '../../format/domain-name.ts';
import type { Resolver } from '../../protocol/dns/types.ts';
import type { CheckDocument, MessageTests } from '../../services/advice/advice.ts';
import type { MessageScore } from '../../services/advice/score/types.ts';
import type { Directory } from '../../services/directory/directory.ts';
import type { Events } from '../../services/events/events.ts';
import type { MailboxService } from '../../services/mailbox/mailbox.ts';
import type { Draft, Outbound } from '../../services/outbound/outbound.ts';
import type { LookAfterDomain } from '../../services/setup/care/types.ts';
import type { Publisher } from '../../services/setup/publish/types.ts';
import type {
  DelegationDeskRefusal,
  DelegationStart,
  DelegationView,
  ServedPolicy,
} from '../../services/setup/setup.ts';
import type {
  Declaration,
  DeclarationRefusal,
  Plan,
  SenderRefusal,
  ZoneEditorRefusal,
} from '../../services/setup/types.ts';
import type { HttpLimits } from './limits.ts';

export type HttpPorts = {
  readonly outbound: Pick<
    Outbound,
    | 'submit'
    | 'submitWhole'
    | 'draft'
    | 'draftWhole'
    | 'message'
    | 'messages'
    | 'body'
    | 'timeline'
    | 'settled'
    | 'cancel'
    | 'retryNow'
  >;
  readonly directory: Pick<
    Directory,
    'accounts' | 'addDomain' | 'dkim' | 'domain' | 'domains' | 'keysOf' | 'ownership' | 'resolve' | 'streams'
  >;
  /** Looks at domains in DNS, and stores what follows. */
  readonly care: { readonly look: LookAfterDomain };
  readonly desk: SetupDesk;
  /** What receivers would make of a message; undefined: it could not be told in time. */
  readonly scoreDraft: (draft: Draft, wish?: { readonly followLinks: boolean }) => Promise<MessageScore | undefined>;
  readonly mailbox: Pick<MailboxService, 'list' | 'find' | 'body'>;
  readonly events: Pick<Events, 'list' | 'find' | 'lastSequence' | 'waitFor' | 'follow'>;
  /** Test addresses. */
  readonly tests: Pick<MessageTests, 'create' | 'find'>;
  /** Events are read with a reader of their caller's. */
  readonly db: Pick<Db, 'read' | 'onNotify'>;
  /** Whole messages lie there while they come in. */
  readonly blobs: Pick<Blobs, 'open'>;
  readonly timers: Timers;
  readonly ids: Ids;
  readonly signals: Signals;
  /** While it is short no message is read. Absent: there is plenty. */
  readonly memory?: Memory;
  readonly health: () => Promise<OfficeHealth>;
  /** Text in Prometheus' format. */
  readonly metrics: () => Promise<string>;
};

/** Setting domains up: who sends, the plan for it, and the host that keeps the zone. */
export type SetupDesk = {
  /** Looks at the domain now, with all that the office knows of it. */
  readonly check: (domain: DomainName, options: { readonly signal: AbortSignal }) => Promise<CheckDocument>;
  readonly declaration: (domain: DomainName) => Promise<Declaration>;
  /** Reads what was written, and keeps it. */
  readonly declare: (domain: DomainName, written: unknown) => Promise<Outcome<Declaration, DeclarationRefusal>>;
  /** Makes plans for what is declared, through the resolver it is given or the office's own. */
  readonly planner: (domain: DomainName) => Promise<Outcome<(resolver?: Resolver) => Promise<Plan>, SenderRefusal>>;
  /** The policy document that is served for the domain, as it says now. */
  readonly policy: (domain: DomainName) => Promise<OfficePolicy | undefined>;
  /** Signs it and serves it from now on. */
  readonly pushPolicy: (
    domain: DomainName,
    options: { readonly contact?: string },
  ) => Promise<Outcome<OfficePolicy, 'domain-unknown' | 'bad-document'>>;
  /** False: none was served. */
  readonly stopPolicy: (domain: DomainName) => Promise<boolean>;
  /** What of the domain the office keeps and answers; undefined where it does not. */
  readonly delegation: (domain: DomainName) => Promise<DelegationView | undefined>;
  readonly delegate: (
    domain: DomainName,
    wish: DelegationStart,
  ) => Promise<Outcome<DelegationView, DelegationDeskRefusal>>;
  /** False: there was nothing to end. */
  readonly endDelegation: (
    domain: DomainName,
    options: { readonly force: boolean },
  ) => Promise<Outcome<boolean, 'still-delegated'>>;
  /** Refused where nobody said which host keeps the zone. */
  readonly publisher: (
    domain: DomainName,
    options: { readonly withOptional: boolean },
  ) => Promise<Outcome<Publisher, ZoneEditorRefusal>>;
};

/** `isAnswered`: the office answers its record itself. */
type OfficePolicy = ServedPolicy & { readonly isAnswered: boolean };

/** Ready when every check is ok. Shown to everybody: no addresses, names or secrets in it. */
export type OfficeHealth = readonly HealthCheck[];
export type HealthCheck = { readonly name: string; readonly ok: boolean; readonly say: string };

export type HttpOptions = {
  readonly version: string;
  /** `https://mail.example.com`, for links in answers; without it they are relative. */
  readonly publicUrl?: string;
  /** Anybody who reaches the pages may get a test address at /test. */
  readonly publicTests?: boolean;
  readonly limits?: Partial<HttpLimits>;
};
