/**
 * Outbound: everything this office sends. A message is accepted (whose name is on it, may this account use it), given its Date,
 * Message-ID and signatures, and stored with a delivery per recipient and the event `email.accepted` in one transaction; only then
 * does the caller hear yes. From there the delivery worker carries it to an end, and every end is an event.
 *
 * Takes: requests from the API (`submit`), whole messages with an envelope (`submitWhole`), bounces from inbound.
 * Answers: an id or a refusal from the table in `types.ts`; views, timelines, a wait for the end.
 * Leaves to others: sockets (transports), who may log in (directory), what the API looks like (entrances).
 */
import type { Timers } from '../../base/clock.ts';
import type { Ids } from '../../base/id.ts';
import type { Outcome } from '../../base/outcome.ts';
import type { Blobs, StoredBody } from '../../base/port/blobs.ts';
import type { Db, Tx } from '../../base/port/db.ts';
import type { Disk } from '../../base/port/disk.ts';
import type { Signals } from '../../base/port/signals.ts';
import type { Random } from '../../base/random.ts';
import type { Mailbox } from '../../format/address.ts';
import type { DomainName } from '../../format/domain-name.ts';
import type { SignDkim } from '../../protocol/dkim/sign-dkim.ts';
import type { Directory } from '../directory/directory.ts';
import type { Events } from '../events/events.ts';
import { Bounces, type PreparedBounce } from './bounces.ts';
import type { RetryPolicy } from './decide-next.ts';
import { DeliveryWorker, type WorkerPorts, wakeChannel } from './delivery-worker.ts';
import { type AdviseOnRefusal, FailureReports } from './failure-reports.ts';
import { FreshMail } from './fresh-mail.ts';
import { Intake, type Taken } from './intake.ts';
import { OutboundStore } from './outbound-store.ts';
import { PassOn, type PreparedPassOn } from './pass-on.ts';
import type { Draft, Preflight } from './preflight.ts';
import { idempotencyMs } from './request-keys.ts';
import { madeAtMs, type ReturnPathSubject, readReturnPath } from './return-path.ts';
import { Signer } from './signer.ts';
import { type TimelineStep, tellTimeline } from './timeline.ts';
import type { Entrance, MessageId, MessageView, OutboundRefusal, RawRequest, Sender, SendRequest } from './types.ts';
import { viewOf } from './view.ts';
import { Volumes } from './volumes.ts';

export type OutboundPorts = {
  readonly db: Db;
  readonly blobs: Blobs;
  readonly disk: Disk;
  readonly directory: Directory;
  readonly events: Events;
  readonly timers: Timers;
  readonly random: Random;
  readonly ids: Ids;
  readonly signals: Signals;
  readonly routeOf: WorkerPorts['routeOf'];
  /** Scores a message before it leaves. Absent: no message can be scored here. */
  readonly preflight?: Preflight;
  /** Signs whole messages elsewhere. Absent: here. */
  readonly signDkim?: SignDkim;
  /** Without it, news of a failure carries the receiver's words alone. */
  readonly adviseOn?: AdviseOnRefusal;
};

export type OutboundOptions = {
  readonly hostname: DomainName;
  /** Secret of this office: signs its return paths. */
  readonly returnPathKey: Uint8Array;
  readonly retry: RetryPolicy;
  readonly concurrency: number;
  readonly perDomain: number;
  readonly recipientsMax: number;
  readonly sizeMaxBytes: number;
};

/** A bounce may come this long after the queue gave up. */
const bounceGraceMs = 30 * 86_400_000;
/** An attempt under way gets this long when the office stops; RFC 5321's patience would hold it for ten minutes. */
const stopPatienceMs = 20_000;

export class Outbound {
  readonly #ports: OutboundPorts;
  readonly #options: OutboundOptions;
  readonly #store: OutboundStore;
  readonly #intake: Intake;
  readonly #bounces: Bounces;
  readonly #passOn: PassOn;
  readonly #worker: DeliveryWorker;
  readonly #volumes: Volumes;

  constructor(ports: OutboundPorts, options: OutboundOptions) {
    this.#ports = ports;
    this.#options = options;
    const store = new OutboundStore(ports.db);
    const signer = new Signer(ports.directory, ports.timers, ports.signDkim);
    const fresh = new FreshMail();
    const reports = new FailureReports({ ...ports, store, signer }, options);
    this.#store = store;
    this.#bounces = new Bounces({ ...ports, store, reports });
    this.#passOn = new PassOn({ ...ports, store }, options);
    this.#volumes = new Volumes(ports);
    this.#worker = new DeliveryWorker({ ...ports, store, reports, fresh, volumes: this.#volumes }, options);
    this.#intake = new Intake({ ...ports, store, signer, fresh, worker: this.#worker }, options);
  }

  /** Takes up the queue where the last process left it. */
  async start(): Promise<void> {
    const { db, timers } = this.#ports;
    await db.write((tx) => this.#store.forgetRequestsBefore(tx, timers.nowMs() - idempotencyMs));
    await this.#worker.start();
  }

  /** Ends what is under way; what is not stays in the queue. */
  stop(): Promise<void> {
    return this.#worker.stop(stopPatienceMs);
  }

  /** Messages that the domain and the names below it brought to Gmail, day by day, the last one yesterday; empty: none that it knows of. */
  volumeToGmail(domain: DomainName): Promise<readonly number[]> {
    return this.#volumes.toGmail(domain);
  }

  submit(sender: Sender, request: SendRequest, entrance: Entrance): Promise<Taken> {
    return this.#intake.fields(sender, request, entrance);
  }

  submitWhole(sender: Sender, request: RawRequest): Promise<Taken> {
    return this.#intake.whole(sender, request);
  }

  /** What would leave for such a request; nothing is kept or sent. */
  draft(sender: Sender, request: SendRequest, entrance: Entrance): Promise<Outcome<Draft, OutboundRefusal>> {
    return this.#intake.draft(sender, request, entrance);
  }

  draftWhole(sender: Sender, request: RawRequest): Promise<Outcome<Draft, OutboundRefusal>> {
    return this.#intake.draftWhole(sender, request);
  }

  /** Our yes to `request` did not reach the client. */
  rememberUnansweredSubmission(sender: Sender, request: RawRequest, id: MessageId): Promise<void> {
    return this.#intake.rememberUnansweredSubmission(sender, request, id);
  }

  async message(id: MessageId): Promise<MessageView | undefined> {
    return this.#ports.db.read(async (reader) => {
      const row = await this.#store.message(reader, id);
      return row && viewOf(row, await this.#store.deliveriesOf(reader, id));
    });
  }

  /** The message as it is sent, with our Received and signatures, to be read in pieces. */
  body(id: MessageId): Promise<StoredBody | undefined> {
    return this.#ports.db.read(async (reader) => {
      const row = await this.#store.message(reader, id);
      return row && this.#ports.blobs.find(reader, row.blob_id);
    });
  }

  /** The whole of it. */
  async raw(id: MessageId): Promise<Uint8Array | undefined> {
    return this.#ports.db.read(async (reader) => {
      const row = await this.#store.message(reader, id);
      return row && this.#ports.blobs.read(reader, row.blob_id);
    });
  }

  /** Newest first. */
  async messages(filter: {
    readonly account?: string;
    readonly before?: MessageId;
    readonly openOnly?: boolean;
    readonly limit: number;
  }): Promise<MessageView[]> {
    return this.#ports.db.read(async (reader) => {
      const rows = await this.#store.messages(reader, filter);
      const views: MessageView[] = [];
      for (const row of rows) views.push(viewOf(row, await this.#store.deliveriesOf(reader, row.id)));
      return views;
    });
  }

  async timeline(id: MessageId): Promise<TimelineStep[]> {
    const events = await this.#ports.db.read((reader) =>
      this.#ports.events.list(reader, { subject: id, limit: timelineEventsMax }),
    );
    return tellTimeline(events);
  }

  /** Waits until every recipient has an end or `signal` aborts; answers the message as it stands then. */
  async settled(id: MessageId, signal: AbortSignal): Promise<MessageView | undefined> {
    for (;;) {
      const after = await this.#ports.db.read((reader) => this.#ports.events.lastSequence(reader));
      const view = await this.message(id);
      if (!view || view.settled || signal.aborted) return view;
      await this.#ports.events.waitFor({ subject: id, after, signal });
    }
  }

  async cancel(id: MessageId): Promise<number> {
    const { db, events, timers } = this.#ports;
    return db.write(async (tx) => {
      const cancelled = await this.#store.cancel(tx, id, timers.nowMs());
      for (const delivery of cancelled) {
        const data = { delivery_id: delivery.id, recipient: delivery.recipient, say: 'Cancelled before delivery.' };
        await events.append(tx, { type: 'email.cancelled', subject: id, data });
      }
      return cancelled.length;
    });
  }

  /** Deferred deliveries of a message become due at once; answers how many. */
  async retryNow(id: MessageId): Promise<number> {
    return this.#ports.db.write((tx) => {
      tx.afterCommit(() => this.#ports.db.notify(wakeChannel));
      return this.#store.retryNow(tx, id);
    });
  }

  counts(): Promise<{ readonly open: number; readonly ready: number }> {
    return this.#ports.db.read((reader) => this.#store.counts(reader));
  }

  /** When the oldest message was accepted that is still on its way; undefined when nothing is. */
  oldestOpenMs(): Promise<number | undefined> {
    return this.#ports.db.read((reader) => this.#store.oldestOpenMs(reader));
  }

  /** What a local part at a bounce host is about: undefined unless we signed it and its time is not over. */
  bounceSubject(localPart: string): ReturnPathSubject | undefined {
    const subject = readReturnPath(this.#options.returnPathKey, localPart);
    if (!subject) return undefined;
    const endsMs = madeAtMs(subject) + this.#options.retry.giveUpAfterMs + bounceGraceMs;
    return this.#ports.timers.nowMs() <= endsMs ? subject : undefined;
  }

  prepareBounce(subject: ReturnPathSubject, bytes: Uint8Array): Promise<PreparedBounce | undefined> {
    return this.#bounces.prepare(subject, bytes);
  }

  async storeBounce(tx: Tx, bounce: PreparedBounce): Promise<void> {
    await this.#bounces.store(tx, bounce);
    tx.afterCommit(() => this.#ports.db.notify(wakeChannel));
  }

  /** Whom mail to a return path is for when it is no bounce; undefined for mail through the API. */
  returnPathOwner(subject: ReturnPathSubject): Promise<Mailbox | undefined> {
    return this.#passOn.ownerOf(subject);
  }

  /** Such mail for an owner elsewhere; `bytes` with our Received on top. The caller discards the body. */
  preparePassOn(to: Mailbox, bytes: Uint8Array, about: ReturnPathSubject): Promise<PreparedPassOn> {
    return this.#passOn.prepare(to, bytes, about);
  }

  async storePassOn(tx: Tx, passOn: PreparedPassOn): Promise<void> {
    await this.#passOn.insert(tx, passOn);
    tx.afterCommit(() => this.#ports.db.notify(wakeChannel));
  }
}

/** Five days of retries to a thousand recipients would be more; the timeline tells the beginning then. */
const timelineEventsMax = 1_000;

export type { PreparedBounce } from './bounces.ts';
export { checkCompose } from './compose-message.ts';
export type { PreparedPassOn } from './pass-on.ts';
export type { Draft, Preflight, ScoreTooLow } from './preflight.ts';
export { domainOfBounceHost, type ReturnPathSubject } from './return-path.ts';
export type { TimelineStep } from './timeline.ts';
