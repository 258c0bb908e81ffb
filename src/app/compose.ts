/**
 * Puts an office together: the one place that says `new`. From the bottom up: store, directory, queue, mail coming in; what needs
 * an arrow upwards (mail to our own domains) is wired here as a port.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { openFileSecrets } from '../adapters/secrets/file-secrets.ts';
import { openBlobs, type StoredBlobs } from '../adapters/store/blobs.ts';
import { blobMigrations } from '../adapters/store/blobs-schema.ts';
import { createDiskReserve, type DiskReserve } from '../adapters/store/disk-reserve.ts';
import { databaseFile, makeDataFolder, openSqlite, type SqliteDb } from '../adapters/store/sqlite-db.ts';
import { createDirectMx } from '../adapters/transports/direct-mx.ts';
import type { Timers } from '../base/clock.ts';
import { createIds, type Ids } from '../base/id.ts';
import { Fault } from '../base/outcome.ts';
import type { Memory } from '../base/port/memory.ts';
import type { Net } from '../base/port/net.ts';
import type { Secrets } from '../base/port/secrets.ts';
import type { Signals } from '../base/port/signals.ts';
import type { Random } from '../base/random.ts';
import type { DomainName } from '../format/domain-name.ts';
import { type Authenticator, createAuthenticator } from '../protocol/authenticate.ts';
import { generateDkimKey } from '../protocol/dkim/private-keys.ts';
import type { SignDkim } from '../protocol/dkim/sign-dkim.ts';
import { type Authorities, resolverAsAuthority } from '../protocol/dns/authorities.ts';
import type { Resolver } from '../protocol/dns/types.ts';
import { MessageTests } from '../services/advice/advice.ts';
import { adviseOn } from '../services/advice/bounces/advise-on-refusal.ts';
import { testsMigrations } from '../services/advice/tests/tests-migrations.ts';
import { Directory } from '../services/directory/directory.ts';
import { directoryMigrations } from '../services/directory/directory-migrations.ts';
import { Events } from '../services/events/events.ts';
import { eventsMigrations } from '../services/events/events-migrations.ts';
import { Inbound } from '../services/inbound/inbound.ts';
import { MailboxService } from '../services/mailbox/mailbox.ts';
import { mailboxMigrations } from '../services/mailbox/mailbox-migrations.ts';
import { chooseRoute } from '../services/outbound/choose-route.ts';
import { domainOfBounceHost, Outbound, type OutboundOptions } from '../services/outbound/outbound.ts';
import { outboundMigrations } from '../services/outbound/outbound-migrations.ts';
import { createStsStore } from '../services/outbound/sts-store.ts';
import { TlsCounts } from '../services/outbound/tls-counts.ts';
import { DomainCare } from '../services/setup/care/domain-care.ts';
import { HostedKeeper } from '../services/setup/hosted/hosted-keeper.ts';
import { hostedMigrations } from '../services/setup/hosted/hosted-migrations.ts';
import { KeptCredentials } from '../services/setup/publish/kept-credentials.ts';
import { publishMigrations } from '../services/setup/publish/publish-migrations.ts';
import { Delegations, ServedPolicies } from '../services/setup/setup.ts';
import { setupMigrations } from '../services/setup/setup-migrations.ts';
import { closeAll } from './close-all.ts';
import { loadCatalogue } from './load-catalogue.ts';
import { createLocalTransport } from './local-transport.ts';
import { officeScorer, scorerOfTests } from './office-scorer.ts';
import { openFilters, openPreflight, type ScoreDraft } from './preflight.ts';
import type { Config } from './settings.ts';
import { type OpenZoneEditor, openSetupDesk, type SetupDesk } from './setup-desk.ts';
import { OrphanSweep } from './sweep-orphans.ts';
import { createTestTransport } from './test-transport.ts';
import { openTlsPolicies } from './tls-policies.ts';
import { openWebLooks, type WebWish } from './web-looks.ts';

/** What an office gets from outside: the real world, the sandbox's, or a simulated one. */
export type World = {
  readonly net: Net;
  readonly resolver: Resolver;
  readonly timers: Timers;
  readonly random: Random;
  readonly signals: Signals;
  /** Certificate authorities to trust when sending, PEM, besides the system's. */
  readonly trust: readonly string[];
  /** Absent: there is plenty. */
  readonly memory?: Memory;
  /** Every authoritative server, asked for itself. Absent: the resolver's word stands for all of them. */
  readonly authorities?: Authorities;
  /** Signs whole messages elsewhere. Absent: in this thread. */
  readonly signDkim?: SignDkim;
  /** Where the zones of domains are kept. Absent: nobody said. */
  readonly zoneEditor?: OpenZoneEditor;
};

/** Every service's schema, in the order in which it is made. */
export const migrations = [
  ...blobMigrations,
  ...eventsMigrations,
  ...directoryMigrations,
  ...outboundMigrations,
  ...mailboxMigrations,
  ...setupMigrations,
  ...publishMigrations,
  ...hostedMigrations,
  ...testsMigrations,
];

/** The part of an office that commands on the data folder need: no sockets, no DNS. */
export type Records = {
  readonly db: SqliteDb;
  readonly blobs: StoredBlobs;
  readonly ids: Ids;
  readonly events: Events;
  readonly directory: Directory;
  readonly mailbox: MailboxService;
  readonly disk: DiskReserve;
  /** Signs our return paths; the same over restarts, gone with the secret key. */
  readonly returnPathKey: Uint8Array;
  /** What DNS hosts have to be told, sealed. */
  readonly credentials: KeptCredentials;
  /** Policy documents that are served. */
  readonly policies: ServedPolicies;
  readonly tests: MessageTests;
  readonly close: () => Promise<void>;
};

/** @param office `take`: this process serves; `beside`: a command that may run while another one does */
export async function openRecords(
  folder: string,
  office: 'take' | 'beside',
  world: Pick<World, 'timers' | 'random' | 'signals' | 'memory'>,
): Promise<Records> {
  const { timers, random, signals, memory } = world;
  const secrets = openKey(folder, random);
  const db = await openSqlite(folder, { migrations, office, timers, signals });
  try {
    const ids = createIds(timers, random);
    const blobs = await openBlobs(folder, { db, clock: timers, ids, random, ...(memory ? { memory } : {}) });
    const events = new Events({ db, timers, ids });
    const directory = new Directory({ db, clock: timers, ids, random, secrets, events, makeDkimKey: generateDkimKey });
    const mailbox = new MailboxService({ db, blobs, ids });
    const disk = createDiskReserve(folder, timers);
    const returnPathKey = secrets.derive('return-path');
    const credentials = new KeptCredentials({ db, secrets });
    const policies = new ServedPolicies({ db, secrets, random, clock: timers });
    const tests = new MessageTests({ db, timers, random });
    const close = () => db.close();
    return { tests, db, blobs, ids, events, directory, mailbox, disk, returnPathKey, credentials, policies, close };
  } catch (error) {
    await db.close();
    throw error;
  }
}

/**
 * The key comes before the database: where there is a database without it (a restored backup), a new key would open nothing of
 * what is sealed in there, and would be taken for the right one from then on.
 */
function openKey(folder: string, random: Random): Secrets {
  makeDataFolder(folder);
  const file = join(folder, 'secret.key');
  if (existsSync(databaseFile(folder)) && !existsSync(file)) {
    throw new Fault(
      'SECRET_KEY_BAD',
      `${file} is missing: the DKIM keys in this data folder are sealed with it, and no backup holds it`,
    );
  }
  return openFileSecrets(file, random);
}

export type Office = Records & {
  readonly hostname: DomainName;
  readonly authenticator: Authenticator;
  readonly outbound: Outbound;
  readonly inbound: Inbound;
  /** Looks after proofs and DKIM keys of the domains. */
  readonly care: DomainCare;
  /** Sets domains up. */
  readonly desk: SetupDesk;
  /** Domains whose records are kept here. */
  readonly delegations: Delegations;
  /** What came of TLS with other servers, for reports to them. */
  readonly tlsCounts: Pick<TlsCounts, 'of'>;
  /** What receivers would make of a message before it leaves. */
  readonly scoreDraft: ScoreDraft;
  /** Begins to deliver what is queued. */
  readonly start: () => Promise<void>;
  /** Ends deliveries under way, then closes everything. The queue goes on with the next start. */
  readonly stop: () => Promise<void>;
};

export async function openOffice(config: Config, hostname: DomainName, world: World): Promise<Office> {
  const records = await openRecords(config.data, 'take', world);
  const { directory } = records;
  const { resolver, timers } = world;
  const authenticator = createAuthenticator({ resolver, clock: timers, timers, authservId: hostname });
  const tlsCounts = new TlsCounts({ ...records, ...world });
  const tlsPolicy = openTlsPolicies(world, {
    store: createStsStore(records.db),
    allowLoopback: config['delivery.allow_loopback_mx'],
    count: (session) => tlsCounts.count(session),
  });
  const direct = createDirectMx(world, {
    ehloName: hostname,
    port: config['delivery.port'],
    allowLoopbackMx: config['delivery.allow_loopback_mx'],
    trust: world.trust,
    tlsPolicy,
    pool: { connectionsPerSite: config['delivery.per_site'] },
  });
  const toNowhere = createTestTransport(world.timers);
  // The queue and the MX need each other: mail to our own domains comes straight back in.
  const local = createLocalTransport({ ...world, hostname, blobs: records.blobs, inbound: () => inbound });
  const scorer = officeScorer({ ...world, filters: openFilters(config, world) });
  const webLooks = openWebLooks(world);
  const { score: scoreDraft, preflight } = openPreflight(scorer, hostname, {
    ...world,
    webLooks,
    volumeToGmail: (domain) => outbound.volumeToGmail(domain),
  });
  const outbound: Outbound = new Outbound(
    {
      ...records,
      ...world,
      adviseOn,
      preflight,
      routeOf: async (message, domain) => {
        if (message.test === 1) return { transport: toNowhere };
        if (await endsHere(directory, hostname, domain)) return { transport: local };
        const route = chooseRoute(domain, config.routes);
        return route ? { transport: direct, route } : { transport: direct };
      },
    },
    outboundOptions(config, hostname, records),
  );
  const inbound: Inbound = new Inbound(
    {
      ...records,
      ...world,
      authenticator,
      outbound,
      scorer: scorerOfTests(scorer, { webLooks, ...testLooks(config) }),
    },
    { hostname, onDmarcReject: config['inbound.on_dmarc_reject'] },
  );
  const care = openCare(records, outbound, world);
  const delegations = openDelegations(config, hostname, { ...records, ...world });
  const keeper = new HostedKeeper({ ...records, ...world, delegations });
  const desk = openSetupDesk({ ...records, delegations }, hostname, { ...world, origin: originOf(config, hostname) });
  const sweep = new OrphanSweep({ ...records, ...world });
  return {
    ...records,
    hostname,
    authenticator,
    outbound,
    inbound,
    care,
    desk,
    delegations,
    tlsCounts,
    scoreDraft,
    start: async () => {
      await sweep.start();
      tlsCounts.start();
      keeper.start();
      care.start();
      await outbound.start();
    },
    stop: () =>
      closeAll([
        records.close,
        () => sweep.stop(),
        () => tlsCounts.stop(),
        direct.close,
        () => outbound.stop(),
        () => care.stop(),
        () => keeper.stop(),
      ]),
  };
}

function testLooks(config: Pick<Config, 'tests.follow_links' | 'tests.try_unsubscribe'>): WebWish {
  return { followLinks: config['tests.follow_links'], tryUnsubscribe: config['tests.try_unsubscribe'] };
}

/** Where the world reaches the office over HTTPS. */
export function originOf({ public_url: publicUrl }: Pick<Config, 'public_url'>, hostname: DomainName): string {
  return publicUrl?.startsWith('https:') ? new URL(publicUrl).origin : `https://${hostname}`;
}

/** For the office, and for a command that looks once. */
export function openCare(
  records: Pick<Records, 'db' | 'directory'>,
  outbound: Pick<Outbound, 'oldestOpenMs'>,
  world: Pick<World, 'authorities' | 'resolver' | 'timers' | 'signals'>,
): DomainCare {
  const { resolver, authorities = resolverAsAuthority(resolver, 'the resolver') } = world;
  return new DomainCare({ ...records, ...world, authorities, oldestOpenMs: () => outbound.oldestOpenMs() });
}

export function openDelegations(
  config: Pick<Config, 'dns.hosted_zone' | 'dns.name_servers'>,
  hostname: DomainName,
  {
    db,
    directory,
    policies,
    timers,
    resolver,
  }: Pick<Records, 'db' | 'directory' | 'policies'> & Pick<World, 'timers'> & Partial<Pick<World, 'resolver'>>,
): Delegations {
  const hostedZone = config['dns.hosted_zone'];
  return new Delegations(
    { db, directory, policies, clock: timers, catalogue: loadCatalogue, ...(resolver && { resolver }) },
    { hostname, nameServers: config['dns.name_servers'], ...(hostedZone && { hostedZone }) },
  );
}

/** Mail to the domains of this office, to their bounce hosts, and to the postmaster of its own name never looks for an MX. */
async function endsHere(directory: Directory, hostname: DomainName, domain: DomainName): Promise<boolean> {
  if (await directory.receivesFor(domain)) return true;
  // A domain that the directory knows and does not receive for has its mail elsewhere, also when the server bears its name.
  if (domain === hostname) return (await directory.domain(domain)) === undefined;
  const owner = domainOfBounceHost(domain);
  return owner !== undefined && (await directory.ownsDomain(owner));
}

/** The same for the office and for a command beside it: both take mail in. */
export function outboundOptions(
  config: Config,
  hostname: DomainName,
  { returnPathKey }: Pick<Records, 'returnPathKey'>,
): OutboundOptions {
  return {
    hostname,
    returnPathKey,
    retry: { backoff: { delaysMs: config['retry.delays'], jitter: 0.2 }, giveUpAfterMs: config['retry.give_up_after'] },
    concurrency: config['delivery.concurrency'],
    perDomain: config['delivery.per_site'],
    recipientsMax: config['limits.recipients_per_message'],
    sizeMaxBytes: config['limits.message_bytes'],
  };
}
