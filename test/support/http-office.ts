/** An office with its HTTP entrance and a receiver of mail that does what the local part says; no socket in it. */
import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { openFileSecrets } from '../../src/adapters/secrets/file-secrets.ts';
import { openBlobs } from '../../src/adapters/store/blobs.ts';
import { openSqlite, type SqliteDb } from '../../src/adapters/store/sqlite-db.ts';
import { zoneFileEditor } from '../../src/adapters/zones/zone-file.ts';
import { loadCatalogue } from '../../src/app/load-catalogue.ts';
import { openPreflight } from '../../src/app/preflight.ts';
import { openSetupDesk } from '../../src/app/setup-desk.ts';
import { openWebLooks } from '../../src/app/web-looks.ts';
import { systemClock, type Timers } from '../../src/base/clock.ts';
import { createIds } from '../../src/base/id.ts';
import { accept } from '../../src/base/outcome.ts';
import { plentyOfMemory } from '../../src/base/port/memory.ts';
import type { SignalFields } from '../../src/base/port/signals.ts';
import type { AskWeb } from '../../src/base/port/web.ts';
import { systemRandom } from '../../src/base/random.ts';
import { compileCheck } from '../../src/entrances/http/check-value.ts';
import { createHttpApp, type HttpApp, type OfficeHealth } from '../../src/entrances/http/http-entrance.ts';
import type { HttpLimits } from '../../src/entrances/http/limits.ts';
import { operation, operationIds } from '../../src/entrances/http/operations.ts';
import { Problem } from '../../src/entrances/http/schemas/problem.ts';
import { resolverAsAuthority } from '../../src/protocol/dns/authorities.ts';
import type { Resolver } from '../../src/protocol/dns/types.ts';
import { resolverFromZone } from '../../src/protocol/dns/zone-resolver.ts';
import { createScorer, MessageTests } from '../../src/services/advice/advice.ts';
import { testsMigrations } from '../../src/services/advice/tests/tests-migrations.ts';
import { Directory } from '../../src/services/directory/directory.ts';
import type { Scope } from '../../src/services/directory/types.ts';
import { Events } from '../../src/services/events/events.ts';
import { MailboxService } from '../../src/services/mailbox/mailbox.ts';
import { mailboxMigrations } from '../../src/services/mailbox/mailbox-migrations.ts';
import { Outbound } from '../../src/services/outbound/outbound.ts';
import { outboundMigrations } from '../../src/services/outbound/outbound-migrations.ts';
import type { Attempt, Transport } from '../../src/services/outbound/transport.ts';
import { DomainCare } from '../../src/services/setup/care/domain-care.ts';
import { hostedMigrations } from '../../src/services/setup/hosted/hosted-migrations.ts';
import { publishMigrations } from '../../src/services/setup/publish/publish-migrations.ts';
import { Delegations, ServedPolicies } from '../../src/services/setup/setup.ts';
import { setupMigrations } from '../../src/services/setup/setup-migrations.ts';
import { makeTestDkimKey } from './dkim-test-keys.ts';
import { domain, officeMigrations, tempFolder } from './temp-office.ts';

export type HttpOffice = {
  readonly folder: string;
  readonly app: HttpApp;
  readonly db: SqliteDb;
  readonly events: Events;
  readonly directory: Directory;
  readonly mailbox: MailboxService;
  readonly outbound: Outbound;
  /** What reached the receiver, as text. */
  readonly received: string[];
  readonly signals: { readonly name: string; readonly fields: SignalFields }[];
  /** A new key with these scopes. */
  readonly key: (scopes: readonly Scope[], domains?: readonly string[]) => Promise<string>;
  readonly close: () => Promise<void>;
};

export type HttpOfficeOptions = {
  readonly timers?: Timers;
  readonly limits?: Partial<HttpLimits>;
  readonly health?: () => Promise<OfficeHealth>;
  /** Handed-over messages wait for it. */
  readonly gate?: () => Promise<void>;
  readonly isDiskLow?: () => boolean;
  /** The DNS that domains are looked at in. Default: an empty one. */
  readonly resolver?: Resolver;
  readonly isMemoryShort?: () => boolean;
  readonly publicTests?: boolean;
  /** What web sites answer. Default: nobody asks them. */
  readonly askWeb?: AskWeb;
  /** What the receiver does with a recipient. Default: `nobody@` is refused, `later@` deferred, whoever else is there. */
  readonly judge?: (local: string) => Judgement;
};

type Judgement = 'delivered' | 'refused' | 'deferred';

/** Opens an office on the folder; `example.com` is its verified domain. */
export async function openHttpOffice(folder: string, options: HttpOfficeOptions = {}): Promise<HttpOffice> {
  const { timers = systemClock } = options;
  const random = systemRandom;
  const migrations = [
    ...officeMigrations,
    ...outboundMigrations,
    ...mailboxMigrations,
    ...setupMigrations,
    ...publishMigrations,
    ...hostedMigrations,
    ...testsMigrations,
  ];
  const db = await openSqlite(folder, { migrations, office: 'take', timers });
  const ids = createIds(timers, random);
  const blobs = await openBlobs(folder, { db, clock: timers, ids, random });
  const secrets = openFileSecrets(join(folder, 'secret.key'), random);
  const events = new Events({ db, timers, ids });
  const directory = new Directory(
    { db, clock: timers, ids, random, secrets, events, makeDkimKey: makeTestDkimKey },
    { hashCost: { memoryKiB: 8, passes: 1 } },
  );
  const mailbox = new MailboxService({ db, blobs, ids });
  const seen: HttpOffice['signals'] = [];
  const signals = {
    emit: (_level: string, name: string, fields: SignalFields = {}) => void seen.push({ name, fields }),
  };
  const received: string[] = [];
  const transport = receiver(received, timers, options);
  const disk = { isLow: options.isDiskLow ?? (() => false) };
  const resolver = options.resolver ?? resolverFromZone('');
  const scorer = createScorer({ resolver, clock: timers, timers });
  const { score: scoreDraft, preflight } = openPreflight(async () => scorer, domain('mx.example.com'), {
    resolver,
    timers,
    ...(options.askWeb && { webLooks: openWebLooks({ resolver, timers, trust: [] }, options.askWeb) }),
  });
  const routeOf = async () => ({ transport });
  const outbound = new Outbound(
    { db, blobs, disk, directory, events, timers, random, ids, signals, preflight, routeOf },
    {
      hostname: domain('mx.example.com'),
      returnPathKey: secrets.derive('return-path'),
      retry: { backoff: { delaysMs: [3_600_000], jitter: 0 }, giveUpAfterMs: 5 * 86_400_000 },
      concurrency: 10,
      perDomain: 10,
      recipientsMax: 100,
      sizeMaxBytes: 26_214_400,
    },
  );
  if (!(await directory.domain(domain('example.com'))))
    await directory.addDomain(domain('example.com'), { verifiedBy: 'operator' });
  await outbound.start();
  const health = options.health ?? (async () => [{ name: 'store', ok: true, say: 'writable' }]);
  const metrics = async () => '# HELP posthorn_up Up\n';
  const memory = { ...plentyOfMemory, limitBytes: 1, isShort: options.isMemoryShort ?? (() => false) };
  const eyes = { resolver, authorities: resolverAsAuthority(resolver, 'ns.example.com') };
  const care = new DomainCare({ db, directory, timers, signals, ...eyes, oldestOpenMs: () => outbound.oldestOpenMs() });
  const zone = join(folder, 'example.com.zone');
  if (!existsSync(zone))
    writeFileSync(zone, 'example.com. 300 SOA ns host 1 2 3 4 5\nexample.com. 300 NS ns.example.com.\n');
  const zoneEditor = async () => accept(zoneFileEditor({ path: zone }));
  const policies = new ServedPolicies({ db, secrets, random, clock: timers });
  const delegations = new Delegations(
    { db, directory, policies, clock: timers, resolver, catalogue: loadCatalogue },
    {
      hostname: domain('mx.example.com'),
      hostedZone: domain('hosted.example.net'),
      nameServers: [domain('ns1.example.net')],
    },
  );
  const desk = openSetupDesk({ db, directory, ids, policies, delegations }, domain('mx.example.com'), {
    ...eyes,
    timers,
    zoneEditor,
    origin: 'https://mx.example.com',
  });
  const app = createHttpApp(
    {
      outbound,
      directory,
      care,
      desk,
      mailbox,
      events,
      db,
      tests: new MessageTests({ db, timers, random }),
      scoreDraft,
      blobs,
      timers,
      ids,
      signals,
      health,
      metrics,
      memory,
    },
    {
      version: '1.2.3',
      ...(options.publicTests && { publicTests: true }),
      ...(options.limits && { limits: options.limits }),
    },
  );
  return {
    folder,
    app,
    db,
    events,
    directory,
    mailbox,
    outbound,
    received,
    signals: seen,
    key: async (scopes, domains) => {
      const restriction = domains && { domains: domains.map(domain) };
      const made = await directory.accounts.createKey({ name: 'test', mode: 'live', scopes, ...restriction });
      if (!made.ok) throw new Error(made.say);
      return made.value.token;
    },
    close: async () => {
      app.close();
      await outbound.stop();
      await db.close();
    },
  };
}

export async function httpOffice(t: TestContext, options: HttpOfficeOptions = {}): Promise<HttpOffice> {
  const folder = tempFolder(t, () => office.close());
  const office = await openHttpOffice(folder, options);
  return office;
}

const host = 'mx.example.net';

function byName(local: string): Judgement {
  return local === 'nobody' ? 'refused' : local === 'later' ? 'deferred' : 'delivered';
}

function receiver(
  received: string[],
  timers: Timers,
  { gate, judge = byName }: Pick<HttpOfficeOptions, 'gate' | 'judge'>,
): Transport {
  return {
    name: 'obedient',
    keeps: { messageId: true, date: true, mailFrom: true, dkimSignature: true },
    close: async () => {},
    deliver: async (job) => {
      await gate?.();
      const chunks: Uint8Array[] = [];
      for await (const chunk of job.message.chunks()) chunks.push(chunk);
      received.push(Buffer.concat(chunks).toString('latin1'));
      return job.recipients.map(({ address }) =>
        attempt(address, judge(address.split('@')[0] ?? ''), { domain: job.domain, startedAtMs: timers.nowMs() }),
      );
    },
  };
}

function attempt(
  recipient: string,
  judgement: Judgement,
  { domain: destination, startedAtMs }: { readonly domain: string; readonly startedAtMs: number },
): Attempt {
  const facts = {
    recipient,
    scope: 'recipient',
    afterFinalDot: false,
    route: { source: 'mx', candidates: [{ host, preference: 10 }], passedOver: [] },
    via: {
      host,
      address: '192.0.2.25',
      port: 25,
      localAddress: '192.0.2.1',
      why: `the only MX of ${destination}`,
      reused: false,
    },
    startedAtMs,
    tookMs: 1,
  } as const;
  if (judgement === 'refused') {
    const reply = { code: 550, enhanced: '5.1.1', text: 'No such user', stage: 'rcpt' };
    return { ...facts, kind: 'refused', enhanced: '5.1.1', reply, say: `${host} said 550 5.1.1 No such user` };
  }
  if (judgement === 'deferred') {
    const reply = { code: 451, enhanced: '4.7.1', text: 'Come back later', stage: 'rcpt' };
    return { ...facts, kind: 'deferred', enhanced: '4.7.1', reply, say: `${host} said 451 4.7.1 Come back later` };
  }
  const reply = { code: 250, enhanced: '2.0.0', text: 'Taken', stage: 'end-of-data' };
  return { ...facts, kind: 'delivered', enhanced: '2.0.0', reply, say: `${host} took it: 250 2.0.0 Taken` };
}

export type Asking = {
  readonly key?: string;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent as it is. */
  readonly body?: string | Uint8Array | ReadableStream<Uint8Array>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
};

/** What tests look at; `body` is loose because they look at members they expect. */
export type Heard = {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test says what it expects in its assertions
  readonly body: any;
};

/** One request; its answer is held against the schema that documents it. */
export async function ask(office: Pick<HttpOffice, 'app'>, line: string, asking: Asking = {}): Promise<Heard> {
  const [method = '', path = ''] = line.split(' ');
  const { key, json, body = json === undefined ? undefined : JSON.stringify(json), signal } = asking;
  const init = {
    method,
    headers: {
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      ...(json === undefined ? {} : { 'content-type': 'application/json' }),
      ...asking.headers,
    },
    ...(body === undefined ? {} : { body: body as NonNullable<RequestInit['body']> }),
    ...(body instanceof ReadableStream ? { duplex: 'half' } : {}),
    ...(signal && { signal }),
  };
  const request = new Request(`http://office.test${path}`, init as RequestInit);
  const response = await office.app.fetch(request, { clientAddress: '192.0.2.99' });
  const text = await response.text();
  const type = response.headers.get('content-type') ?? '';
  const heard = {
    status: response.status,
    headers: response.headers,
    text,
    body: type.includes('json') && text !== '' ? JSON.parse(text) : undefined,
  };
  holdToSchema(method, path, heard);
  return heard;
}

const checkProblem = compileCheck(Problem);
const checks = new Map(
  operationIds.flatMap((id) => {
    const { answer } = operation(id);
    return answer.schema ? [[id, compileCheck(answer.schema)] as const] : [];
  }),
);

/** An answer is the documented one of its operation, or a problem. */
export function holdToSchema(method: string, path: string, { status, headers, body }: Omit<Heard, 'text'>): void {
  const type = headers.get('content-type');
  if (type === 'application/problem+json') {
    assert.deepEqual(checkProblem(body), []);
    assert.equal(body.status, status);
    assert.equal(body.request_id, headers.get('x-request-id'));
    return;
  }
  const plain = path.split('?')[0] ?? '';
  const id = operationIds.find((each) => {
    const entry = operation(each);
    return entry.method === method && new RegExp(`^${entry.path.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(plain);
  });
  if (id === undefined) return;
  assert.equal(status, operation(id).answer.status, `${method} ${path}: ${JSON.stringify(body)}`);
  const check = checks.get(id);
  if (check) assert.deepEqual(check(body), []);
}
