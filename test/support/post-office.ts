/** A whole office for tests of outbound and inbound: real store, real services, zone text for the DNS, a scripted world to send to. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { createLocalTransport } from '../../src/app/local-transport.ts';
import { fromLatin1, latin1 } from '../../src/base/bytes.ts';
import type { Spooled } from '../../src/base/port/blobs.ts';
import type { Db } from '../../src/base/port/db.ts';
import type { Memory } from '../../src/base/port/memory.ts';
import type { SignalFields } from '../../src/base/port/signals.ts';
import { type Mailbox, parseMailbox } from '../../src/format/address.ts';
import { createAuthenticator } from '../../src/protocol/authenticate.ts';
import type { Resolver } from '../../src/protocol/dns/types.ts';
import { resolverFromZone } from '../../src/protocol/dns/zone-resolver.ts';
import { createScorer, MessageTests } from '../../src/services/advice/advice.ts';
import { adviseOn } from '../../src/services/advice/bounces/advise-on-refusal.ts';
import { testsMigrations } from '../../src/services/advice/tests/tests-migrations.ts';
import type { EventRecord, EventType } from '../../src/services/events/types.ts';
import { Inbound } from '../../src/services/inbound/inbound.ts';
import type { Destination, InboundEnvelope, Peer } from '../../src/services/inbound/types.ts';
import { MailboxService } from '../../src/services/mailbox/mailbox.ts';
import { mailboxMigrations } from '../../src/services/mailbox/mailbox-migrations.ts';
import type { RetryPolicy } from '../../src/services/outbound/decide-next.ts';
import { Outbound, type Preflight } from '../../src/services/outbound/outbound.ts';
import { outboundMigrations } from '../../src/services/outbound/outbound-migrations.ts';
import { type DeliveryRow, OutboundStore } from '../../src/services/outbound/outbound-store.ts';
import type { Attempt, DeliveryContext, DeliveryJob, Transport } from '../../src/services/outbound/transport.ts';
import type { MessageId, RawRequest, Sender, SendRequest } from '../../src/services/outbound/types.ts';
import type { FlowingTime } from './flowing-time.ts';
import { domain, type TempOffice, tempOffice } from './temp-office.ts';

type Sent = { readonly job: DeliveryJob; readonly text: string };

type ScriptedTransport = Transport & {
  /** What was handed over, in order of its beginning. */
  readonly sent: readonly Sent[];
  /** May be replaced at any time. */
  answer: Answer;
};

/** What the world does with the nth job: one wish per recipient, or one for all of them. */
type Answer = (
  job: DeliveryJob,
  context: DeliveryContext,
  nth: number,
) => Promise<AttemptWish | readonly AttemptWish[]> | AttemptWish | readonly AttemptWish[];
type AttemptWish = Partial<Attempt> & Pick<Attempt, 'kind'>;

const wordsOf: Record<Attempt['kind'], Partial<Attempt>> = {
  delivered: { enhanced: '2.0.0', reply: { code: 250, text: 'ok', stage: 'end-of-data' }, say: 'taken' },
  deferred: { enhanced: '4.2.1', reply: { code: 450, text: 'come again', stage: 'rcpt' }, say: 'said: 450 come again' },
  refused: {
    enhanced: '5.1.1',
    reply: { code: 550, enhanced: '5.1.1', text: 'no such user', stage: 'rcpt' },
    say: 'said: 550 5.1.1 no such user',
  },
  unsure: { enhanced: '4.4.2', scope: 'host', afterFinalDot: true, say: 'no answer after the final dot' },
};

function scriptedTransport(answer: Answer = () => ({ kind: 'delivered' })): ScriptedTransport {
  const sent: Sent[] = [];
  const transport: ScriptedTransport = {
    name: 'scripted',
    keeps: { messageId: true, date: true, mailFrom: true, dkimSignature: true },
    close: async () => {},
    sent,
    answer,
    deliver: async (job, context) => {
      const parts: Uint8Array[] = [];
      for await (const chunk of job.message.chunks()) parts.push(chunk);
      const nth = sent.push({ job, text: latin1(Buffer.concat(parts)) }) - 1;
      const wishes = await transport.answer(job, context, nth);
      return job.recipients.map(({ address }, index) => {
        const wish = 'kind' in wishes ? wishes : wishes[index];
        assert.ok(wish, 'a wish for each recipient');
        return {
          recipient: address,
          scope: 'recipient',
          enhanced: '4.0.0',
          afterFinalDot: false,
          route: { source: 'mx', candidates: [{ host: `mx.${job.domain}`, preference: 10 }], passedOver: [] },
          startedAtMs: 0,
          tookMs: 1,
          say: '',
          ...wordsOf[wish.kind],
          ...wish,
        };
      });
    },
  };
  return transport;
}

export type PostOffice = TempOffice & {
  readonly outbound: Outbound;
  readonly inbound: Inbound;
  readonly mailbox: MailboxService;
  readonly tests: MessageTests;
  readonly store: OutboundStore;
  readonly resolver: Resolver;
  /** Where everything goes that is not for this office's own domains. */
  readonly outside: ScriptedTransport;
  readonly disk: { low: boolean };
  readonly signals: readonly { readonly level: string; readonly name: string; readonly fields: SignalFields }[];
  readonly returnPathKey: Uint8Array;
  /** Another one over the same records, as after a restart. */
  readonly again: () => Outbound;
  /** As by kill -9: what this one has not written by now it never will. */
  readonly kill: (outbound: Outbound) => void;
};

export type PostOfficeOptions = {
  readonly timers?: TempOffice['timers'] | FlowingTime;
  readonly random?: TempOffice['random'];
  readonly retry?: RetryPolicy;
  readonly concurrency?: number;
  readonly perDomain?: number;
  readonly recipientsMax?: number;
  readonly sizeMaxBytes?: number;
  readonly onDmarcReject?: 'reject' | 'junk';
  readonly answer?: Answer;
  readonly memory?: Memory;
  /** Besides the records of example.com. */
  readonly zone?: string;
  /** Scores what leaves. */
  readonly preflight?: Preflight;
  /** Start delivering at once. */
  readonly start?: boolean;
};

export const hostname = domain('mx.example.com');
export const minute = 60_000;
/** Gaps of 1, 5, 15 minutes without jitter; given up after forty. */
const quickRetry: RetryPolicy = {
  backoff: { delaysMs: [minute, 5 * minute, 15 * minute], jitter: 0 },
  giveUpAfterMs: 40 * minute,
};

/** The office of example.com (verified, with ada@ and its DKIM keys in the DNS); example.org is in the directory, unverified. */
export async function postOffice(t: TestContext, options: PostOfficeOptions = {}): Promise<PostOffice> {
  // Registered before the store's own end, which comes first otherwise.
  let stop = async () => {};
  const office = await tempOffice(t, {
    migrations: [...outboundMigrations, ...mailboxMigrations, ...testsMigrations],
    close: () => stop(),
    ...(options.timers ? { timers: options.timers } : {}),
    ...(options.random ? { random: options.random } : {}),
  });
  const own = domain('example.com');
  const added = await office.directory.addDomain(own, { verifiedBy: 'operator' });
  assert.ok(added.ok);
  await office.directory.addDomain(domain('example.org'));
  await office.directory.addMailbox({ local: 'ada', domain: own });
  const keys = await office.directory.keysOf(own);
  const zone = [
    'example.com MX 10 mx.example.com',
    'example.com TXT "v=spf1 ip4:192.0.2.1 -all"',
    '_dmarc.example.com TXT "v=DMARC1; p=reject"',
    ...keys.map((key) => `${key.selector}._domainkey.example.com TXT ${quoted(key.publicRecord)}`),
    options.zone ?? '',
  ].join('\n');
  const resolver = resolverFromZone(zone);
  const disk = { low: false };
  const signals: { level: string; name: string; fields: SignalFields }[] = [];
  const mailbox = new MailboxService(office);
  const outside = scriptedTransport(options.answer);
  const authenticator = createAuthenticator({ resolver, clock: office.timers, authservId: hostname });
  const returnPathKey = office.secrets.derive('return-path');
  const ports = {
    ...office,
    ...(options.memory ? { memory: options.memory } : {}),
    disk: { isLow: () => disk.low },
    signals: {
      emit: (level: string, name: string, fields: SignalFields = {}) => signals.push({ level, name, fields }),
    },
  };
  const local = createLocalTransport({ ...ports, hostname, inbound: () => inbound });
  const living = new Map<Outbound, { dead: boolean }>();
  const again = () => {
    const life = { dead: false };
    const made = new Outbound(
      {
        ...ports,
        ...(options.preflight ? { preflight: options.preflight } : {}),
        adviseOn,
        db: mortalDb(office.db, life),
        routeOf: async (_message, name) => ({
          transport: name === hostname || (await office.directory.receivesFor(name)) ? local : outside,
        }),
      },
      {
        hostname,
        returnPathKey,
        retry: options.retry ?? quickRetry,
        concurrency: options.concurrency ?? 20,
        perDomain: options.perDomain ?? 5,
        recipientsMax: options.recipientsMax ?? 50,
        sizeMaxBytes: options.sizeMaxBytes ?? 1_000_000,
      },
    );
    living.set(made, life);
    return made;
  };
  const outbound = again();
  const tests = new MessageTests(office);
  const scorer = createScorer({ resolver, clock: office.timers });
  const inbound: Inbound = new Inbound(
    { ...ports, mailbox, outbound, authenticator, resolver, tests, scorer: async () => scorer },
    { hostname, onDmarcReject: options.onDmarcReject ?? 'reject' },
  );
  stop = async () => {
    for (const one of living.keys()) {
      const stopped = one.stop();
      await (options.timers && 'flowUntil' in options.timers ? options.timers.flowUntil(stopped) : stopped);
    }
  };
  if (options.start) await outbound.start();
  const kill = (one: Outbound) => {
    const life = living.get(one);
    if (life) life.dead = true;
    living.delete(one);
  };
  const store = new OutboundStore(office.db);
  return {
    ...office,
    tests,
    outbound,
    inbound,
    mailbox,
    store,
    resolver,
    outside,
    disk,
    signals,
    returnPathKey,
    again,
    kill,
  };
}

function mortalDb(db: Db, life: { readonly dead: boolean }): Db {
  const never = new Promise<never>(() => {});
  return {
    queries: () => db.queries(),
    read: (work) => (life.dead ? never : db.read(work)),
    write: (work) => (life.dead ? never : db.write(work)),
    notify: (channel) => db.notify(channel),
    onNotify: (channel, listener) => db.onNotify(channel, listener),
  };
}

/** Strings of a TXT record, none longer than 255 octets. */
export function quoted(text: string): string {
  return (text.match(/.{1,200}/g) ?? []).map((piece) => `"${piece}"`).join(' ');
}

export function mailbox(text: string): Mailbox {
  const parsed = parseMailbox(text);
  assert.ok(parsed.ok, text);
  return parsed.value;
}

export const apiKey: Sender = { kind: 'key', account: 'key_1' };
export const login: Sender = { kind: 'login', account: 'ada', domains: ['example.com'] };
export const relay: Sender = { kind: 'relay', account: 'relay' };
export const fromApi = { kind: 'http', clientAddress: '198.51.100.7' } as const;
export const fromSmtp = {
  kind: 'smtp',
  clientAddress: '198.51.100.7',
  helo: 'laptop.test',
  extended: true,
  smtpUtf8: false,
  tls: { protocol: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384', authorized: false },
  authenticated: true,
} as const;

export type SendWish = {
  readonly from?: string;
  readonly to?: readonly string[];
  readonly cc?: readonly string[];
  readonly bcc?: readonly string[];
  readonly subject?: string;
  readonly text?: string;
  readonly idempotencyKey?: string;
};

export function sendRequest(wish: SendWish = {}): SendRequest {
  return {
    content: {
      from: mailbox(wish.from ?? 'ada@example.com'),
      to: (wish.to ?? ['bob@b.test']).map(mailbox),
      cc: (wish.cc ?? []).map(mailbox),
      replyTo: [],
      subject: wish.subject ?? 'hello',
      text: wish.text ?? 'Hello Bob\n',
      headers: [],
      attachments: [],
    },
    bcc: (wish.bcc ?? []).map(mailbox),
    tags: [],
    metadata: {},
    ...(wish.idempotencyKey === undefined ? {} : { idempotencyKey: wish.idempotencyKey }),
  };
}

export const letterText =
  'From: Ada <ada@example.com>\r\nTo: bob@b.test\r\nSubject: hello\r\nDate: Sat, 1 Jan 2028 10:00:00 +0000\r\nMessage-ID: <1@example.com>\r\n\r\nHello Bob\r\n';

export async function spooled(office: Pick<TempOffice, 'blobs'>, bytes: string | Uint8Array): Promise<Spooled> {
  const writer = office.blobs.open();
  await writer.write(typeof bytes === 'string' ? fromLatin1(bytes) : bytes);
  return writer.finish();
}

export type RawWish = Partial<Omit<RawRequest, 'mailFrom' | 'recipients' | 'body'>> & {
  /** latin1 */
  readonly text?: string;
  readonly from?: string;
  readonly to?: readonly string[];
};

export async function rawRequest(office: Pick<TempOffice, 'blobs'>, wish: RawWish = {}): Promise<RawRequest> {
  const { text, from, to, ...rest } = wish;
  return {
    entrance: fromSmtp,
    grouping: 'per-message',
    ...rest,
    mailFrom: from === '' ? undefined : mailbox(from ?? 'ada@example.com'),
    recipients: (to ?? ['bob@b.test']).map(mailbox),
    body: await spooled(office, text ?? letterText),
  };
}

/** Sends through the API; the id. */
export async function submit(office: PostOffice, wish: SendWish = {}, sender: Sender = apiKey): Promise<MessageId> {
  const accepted = await office.outbound.submit(sender, sendRequest(wish), fromApi);
  assert.ok(accepted.ok, accepted.ok ? '' : accepted.say);
  return accepted.value.id;
}

/** Sends a whole message by a login; the id. */
export async function submitRaw(office: PostOffice, wish: RawWish = {}, sender: Sender = login): Promise<MessageId> {
  const accepted = await office.outbound.submitWhole(sender, await rawRequest(office, wish));
  assert.ok(accepted.ok, accepted.ok ? '' : accepted.say);
  return accepted.value.id;
}

/** A wait of real time that no passing test ever uses up. */
export function patience(): AbortSignal {
  return AbortSignal.timeout(30_000);
}

export function eventsOf(office: PostOffice, subject?: string): Promise<EventRecord[]> {
  return office.db.read((reader) => office.events.list(reader, { limit: 1_000, ...(subject ? { subject } : {}) }));
}

export async function happened(office: PostOffice, subject: string, type: EventType): Promise<EventRecord> {
  const found = await office.events.waitFor({ subject, types: [type], signal: patience() });
  assert.ok(found, `${type} of ${subject}`);
  return found;
}

export function deliveriesOf(office: PostOffice, id: MessageId): Promise<DeliveryRow[]> {
  return office.db.read((reader) => office.store.deliveriesOf(reader, id));
}

/** Texts of what lies in all mailboxes (or one folder), oldest first. */
export async function storedMail(
  office: PostOffice,
  folder?: 'INBOX' | 'Junk',
): Promise<{ readonly text: string; readonly mail: Awaited<ReturnType<MailboxService['list']>>[number] }[]> {
  const list = await office.mailbox.list({ limit: 100, ...(folder ? { folder } : {}) });
  const texts = await Promise.all(list.map(({ id }) => office.mailbox.raw(id)));
  return list.map((mail, index) => ({ mail, text: latin1(texts[index] ?? new Uint8Array()) })).toReversed();
}

export const stranger: Peer = {
  address: '203.0.113.9',
  helo: 'mail.b.test',
  extended: true,
  tls: undefined,
  via: 'smtp',
};

export type IncomingWish = {
  readonly peer?: Partial<Peer>;
  /** '' = null sender */
  readonly from?: string;
  readonly to?: readonly string[];
  readonly text?: string | Uint8Array;
  /** In the place of `text`. */
  readonly body?: Spooled;
};

/** Admits each recipient, then hands the message over; a refusal at RCPT fails the test. */
export async function receive(office: PostOffice, wish: IncomingWish): ReturnType<Inbound['receive']> {
  const peer = { ...stranger, ...wish.peer };
  const mailFrom = wish.from === '' ? undefined : mailbox(wish.from ?? 'bob@b.test');
  const destinations: Destination[] = [];
  for (const text of wish.to ?? ['ada@example.com']) {
    const admission = await office.inbound.admit(peer, mailFrom, {
      kind: 'mailbox',
      mailbox: mailbox(text),
      route: false,
    });
    assert.ok(admission.kind === 'accept', `${text} refused`);
    destinations.push(admission.destination);
  }
  const envelope: InboundEnvelope = {
    peer,
    mailFrom,
    destinations,
    body: wish.body ?? (await spooled(office, wish.text ?? '')),
    smtpUtf8: false,
  };
  return office.inbound.receive(envelope);
}
