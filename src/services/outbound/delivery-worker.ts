/**
 * Works the queue: claims deliveries whose time has come, hands each to its transport, and stores what came of it with its event in
 * one transaction. How slots are shared is decided by `share-slots.ts`, what follows an attempt by `decide-next.ts`.
 *
 * stopped -start-> running -stop-> draining -> stopped. While draining nothing is claimed; what is under way may end.
 */
import { isAscii } from '../../base/bytes.ts';
import type { Timers } from '../../base/clock.ts';
import { Fault, invariant } from '../../base/outcome.ts';
import type { Blobs } from '../../base/port/blobs.ts';
import type { Db, Tx } from '../../base/port/db.ts';
import type { Signals } from '../../base/port/signals.ts';
import type { Random } from '../../base/random.ts';
import type { DomainName } from '../../format/domain-name.ts';
import type { DsnRecipient } from '../../protocol/dsn/write-dsn.ts';
import type { Events } from '../events/events.ts';
import { attemptEvent } from './attempt-event.ts';
import { byTurn, type Claimed, groupsOf, travels, turnAfter } from './claim-order.ts';
import { ClockWatch } from './clock-watch.ts';
import { cutAttempt, cutStep } from './cut-foreign-text.ts';
import { decideEnd, type End } from './decide-end.ts';
import type { DeliveryFacts, Next, RetryPolicy } from './decide-next.ts';
import type { FailureReports, PreparedReport } from './failure-reports.ts';
import type { FreshMail } from './fresh-mail.ts';
import { HeldBodies, heldMessage, smallMax } from './held-bodies.ts';
import type { DeliveryRow, Held, LastAttempt, MessageRow, OutboundStore, Turn } from './outbound-store.ts';
import { diedTooOften, noAnswer, ourTrouble } from './own-trouble.ts';
import { type DeliveryPlace, Places } from './places.ts';
import type { Share } from './share-slots.ts';
import { messageWishesOf, wishesForNextHop } from './stored-wishes.ts';
import type { Attempt, FixedRoute, OutgoingMessage, TranscriptStep, Transport } from './transport.ts';
import type { DeliveryId } from './types.ts';
import type { Volumes } from './volumes.ts';

export type WorkerPorts = {
  readonly db: Db;
  readonly store: OutboundStore;
  readonly blobs: Blobs;
  readonly events: Events;
  readonly timers: Timers;
  readonly random: Random;
  readonly signals: Signals;
  readonly reports: FailureReports;
  readonly volumes: Pick<Volumes, 'count'>;
  readonly fresh: FreshMail;
  /** The transport for a destination, and the fixed route where the operator set one. */
  readonly routeOf: (message: MessageRow, domain: DomainName) => Promise<Way>;
};

type Way = { readonly transport: Transport; readonly route?: FixedRoute };

export type WorkerOptions = {
  readonly retry: RetryPolicy;
  readonly concurrency: number;
  readonly perDomain: number;
};

export const wakeChannel = 'outbound';

/** Longer than any wait between two renewals; an attempt may last much longer, its lease is renewed meanwhile. */
const leaseMs = 5 * 60_000;
const renewEveryMs = leaseMs / 3;
/** Queues looked at in one round; the next round goes on where this one ended. */
const queuesPerRound = 64;
const promotedPerRound = 500;
/** Claimed with one statement; each number of them is a statement of its own. */
const claimedAtOnce = 16;
/** Recipients of one message in one transaction. RFC 5321 §4.5.3.1.8 lets every server be relied on for 100. */
const companionsMax = 100;
/**
 * The office has died this often between a delivery's final dot and the answer. Each time may have made a copy, and perhaps it is
 * this very message that kills it: then it ends as unsure. MAIL_RULES 22
 */
const diedUnsureMax = 4;
/** Pauses between tries to store what came of an attempt; after the last one the lease runs out. */
const storePausesMs = [1_000, 2_000, 4_000, 8_000, 16_000];
/**
 * After a start or a step of the clock nothing is given up for so long: time for NTP or an operator to see to a wrong clock, and for
 * mail that waited out a long pause of the office to be tried more than once. Where a delivery lives shorter, a fifth of its life.
 */
const calmMaxMs = 3_600_000;
/** How long the loop sleeps when nobody wakes it: notifications are hints. */
const idleMs = 30_000;
/** How long it sleeps when nobody it looked at had room and there were more than one round looks at. */
const lookOnMs = 200;

/** Made once: an abort without a reason makes an exception with its stack, 5 µs each time somebody wakes the worker. */
const woken = new Error('there may be work');

/** What a round came to: `blocked` when all the queues it looked at have to wait for a slot, and there may be others. */
type Looked = 'started' | 'nothing' | 'blocked';

/** One transaction with one destination: deliveries of one message with one return path at one domain. */
type Job = {
  readonly deliveries: readonly DeliveryRow[];
  readonly domain: DomainName;
  /** Where they were accepted a moment ago; read from the database otherwise. */
  readonly fresh: { readonly message: MessageRow; readonly bytes: Uint8Array } | undefined;
  /** When its leases run out, unless they are renewed. */
  leaseUntilMs: number;
  /** Deliveries whose end stands in the database already: their transport has stored it with the message. */
  readonly recorded: Set<DeliveryId>;
  readonly place: DeliveryPlace;
  /** The queue is to be looked at when it has ended: a retry, a notification, or something went wrong. */
  leavesWork: boolean;
};

/** A delivery that has a place before it is stored. */
export type PromptDelivery = {
  /** As claimed. */
  readonly row: DeliveryRow;
  /** Once it is stored. */
  begin(): void;
  /** Where it was not stored; nothing once it has begun. */
  giveUp(): void;
};

type Ends = {
  readonly ends: readonly End[];
  readonly report: PreparedReport | undefined;
};

export class DeliveryWorker {
  readonly #ports: WorkerPorts;
  readonly #options: WorkerOptions;
  readonly #stopping = new AbortController();
  /** Cuts what is under way; only after the patience of `stop`. */
  readonly #cut = new AbortController();
  readonly #underWay = new Map<Job, Promise<void>>();
  readonly #bodies: HeldBodies;
  readonly #places: Places;
  readonly #clock: ClockWatch;
  /** Somebody may be waiting for a place, so that each one that becomes free is to be given away. */
  #isCrowded = true;
  #turn: Turn = { lane: undefined, domains: new Map() };
  #wake: AbortController = new AbortController();
  #loop: Promise<void> | undefined;

  constructor(ports: WorkerPorts, options: WorkerOptions) {
    this.#ports = ports;
    this.#options = options;
    this.#places = new Places(options);
    this.#clock = new ClockWatch(ports.timers, Math.min(calmMaxMs, options.retry.giveUpAfterMs / 5));
    this.#bodies = new HeldBodies({
      read: (id) => ports.db.read((reader) => ports.blobs.read(reader, id)),
      find: (id) => ports.db.read((reader) => ports.blobs.find(reader, id)),
    });
  }

  /** Takes up what an earlier process left, then works until `stop`. */
  async start(): Promise<void> {
    const { db, store, timers, signals } = this.#ports;
    const nowMs = timers.nowMs();
    const laterAtMs = nowMs + (this.#options.retry.backoff.delaysMs[1] ?? this.#options.retry.backoff.delaysMs[0] ?? 0);
    const { delaysMs, jitter } = this.#options.retry.backoff;
    const resumed = await db.write(async (tx) => {
      await store.endWrongDelays(tx, nowMs, Math.max(...delaysMs) * (1 + jitter));
      return store.endAllLeases(tx, nowMs, laterAtMs);
    });
    if (resumed > 0) signals.emit('info', 'outbound.resumed', { deliveries: resumed });
    this.#ports.fresh.open();
    const unsubscribe = db.onNotify(wakeChannel, () => this.#wake.abort(woken));
    this.#loop = this.#run().finally(unsubscribe);
  }

  /** Claims nothing more, lets attempts end for `patienceMs`, then cuts them (they stay in the queue). */
  async stop(patienceMs: number): Promise<void> {
    this.#stopping.abort();
    this.#ports.fresh.close();
    this.#wake.abort(woken);
    const cancel = this.#ports.timers.after(patienceMs, () => this.#cut.abort());
    await this.#loop;
    await Promise.allSettled(this.#underWay.values());
    cancel();
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      this.#wake = new AbortController();
      let looked: Looked = 'nothing';
      try {
        await this.#allowForClock();
        looked = await this.#round();
      } catch (error) {
        this.#ports.signals.emit('error', 'outbound.round_failed', { error: String(error) });
        await this.#ports.timers.sleep(1000, this.#stopping.signal);
      }
      if (looked !== 'started') await this.#waitForWork(looked === 'blocked' ? lookOnMs : idleMs);
    }
  }

  /** A clock that was set back may not keep mail, or a lease, waiting for hours. */
  async #allowForClock(): Promise<void> {
    const byMs = this.#clock.setBackMs;
    if (byMs === 0) return;
    const { db, store, timers, signals } = this.#ports;
    await db.write((tx) => store.bringForward(tx, { nowMs: timers.nowMs(), byMs }));
    this.#clock.allowedFor(byMs);
    for (const job of this.#underWay.keys()) job.leaseUntilMs -= byMs;
    signals.emit('warn', 'outbound.clock_set_back', { seconds: Math.round(byMs / 1000) });
  }

  async #waitForWork(mostMs: number): Promise<void> {
    const { db, store, timers } = this.#ports;
    const nextDueAtMs =
      this.#places.free > 0 ? await db.read((reader) => store.nextDueAtMs(reader)).catch(() => undefined) : undefined;
    const untilDueMs = nextDueAtMs === undefined ? mostMs : nextDueAtMs - timers.nowMs();
    if (!this.#stopping.signal.aborted)
      await timers.sleep(Math.min(Math.max(untilDueMs, 5), mostMs), this.#wake.signal);
  }

  /** One look at the queue, and the jobs that follow from it. */
  async #round(): Promise<Looked> {
    const { db, store, timers } = this.#ports;
    this.#isCrowded ||= this.#places.free <= 0;
    if (this.#places.free <= 0) return 'nothing';
    const nowMs = timers.nowMs();
    const waits = await db.read(async (reader) => {
      const due = await store.nextDueAtMs(reader);
      return { due: due !== undefined && due <= nowMs, ready: await store.hasReady(reader) };
    });
    if (!waits.due && !waits.ready) {
      this.#isCrowded = false;
      return 'nothing';
    }
    const jobs: Job[] = [];
    try {
      const look = await db.write((tx) => this.#claimAll(tx, { nowMs, isDue: waits.due }, jobs), 'committed');
      this.#turn = look.turn;
      this.#isCrowded = look.isCrowded;
      for (const job of jobs) this.#begin(job);
      if (jobs.length > 0) return 'started';
      return look.hasSeenAll ? 'nothing' : 'blocked';
    } catch (error) {
      for (const { place } of jobs) place.leave();
      throw error;
    }
  }

  /** @param jobs filled as they are claimed: each has its place already */
  async #claimAll(
    tx: Tx,
    { nowMs, isDue }: { readonly nowMs: number; readonly isDue: boolean },
    jobs: Job[],
  ): Promise<{ readonly turn: Turn; readonly isCrowded: boolean; readonly hasSeenAll: boolean }> {
    const { store } = this.#ports;
    // A clock that jumped makes every lease run out at once; what is under way here must not begin a second time.
    for (const job of this.#underWay.keys()) if (job.leaseUntilMs <= nowMs) await this.#renew(tx, job, nowMs + leaseMs);
    if (isDue) await store.promote(tx, nowMs, promotedPerRound);
    const queues = await store.waitingQueues(tx, this.#turn, queuesPerRound);
    const shares = this.#places.share(queues);
    let isCrowded = shares.length < queues.length || queues.length === queuesPerRound;
    for (const share of shares) if (!(await this.#claim(tx, share, nowMs + leaseMs, jobs))) isCrowded = true;
    return { turn: turnAfter(this.#turn, queues, shares), isCrowded, hasSeenAll: queues.length < queuesPerRound };
  }

  /** Answers whether all that waited there was claimed. */
  async #claim(tx: Tx, share: Share, leaseUntilMs: number, jobs: Job[]): Promise<boolean> {
    const end = jobs.length + share.slots;
    while (jobs.length < end) {
      const most = Math.min(end - jobs.length, claimedAtOnce);
      const held = await this.#ports.store.claim(tx, share, { most, leaseUntilMs });
      if (held.length === 0) return true;
      const claimed: Claimed[] = [];
      for (const one of held.sort(byTurn)) claimed.push(await this.#claimed(tx, one, leaseUntilMs));
      for (const together of groupsOf(claimed)) jobs.push(await this.#jobOf(tx, together, leaseUntilMs));
    }
    return false;
  }

  async #claimed(tx: Tx, held: Held, leaseUntilMs: number): Promise<Claimed> {
    const { fresh, store } = this.#ports;
    const found = fresh.take(held, leaseUntilMs);
    const delivery = found?.delivery ?? (await store.delivery(tx, held.id));
    invariant(delivery, 'what was claimed is there');
    return { delivery, fresh: found };
  }

  async #jobOf(tx: Tx, together: readonly Claimed[], leaseUntilMs: number): Promise<Job> {
    const [first] = together;
    invariant(first, 'a group has a first one');
    const deliveries = together.map(({ delivery }) => delivery);
    const room = companionsMax - deliveries.length;
    if (travels(first.delivery) && first.fresh?.isAlone !== true)
      deliveries.push(...(await this.#ports.store.claimCompanions(tx, first.delivery, room, leaseUntilMs)));
    return this.#job(deliveries, first.fresh, leaseUntilMs);
  }

  #job(deliveries: readonly DeliveryRow[], fresh: Job['fresh'], leaseUntilMs: number): Job {
    const [first] = deliveries;
    invariant(first, 'a job has a delivery');
    return {
      deliveries,
      fresh,
      domain: first.domain as DomainName,
      leaseUntilMs,
      recorded: new Set(),
      place: this.#places.take(first),
      leavesWork: false,
    };
  }

  /**
   * A delivery that is about to be stored is claimed with that, where a place is free for it and nobody waits: no look at the queue
   * is needed then. Undefined: it is to wait for its turn.
   */
  prompt(row: DeliveryRow, message: MessageRow, bytes: Uint8Array): PromptDelivery | undefined {
    if (!this.#loop || this.#stopping.signal.aborted || bytes.length > smallMax) return undefined;
    if (this.#clock.setBackMs > 0) return undefined; // what waits is brought forward first, by the loop
    this.#isCrowded ||= !this.#places.hasRoomFor(row);
    if (this.#isCrowded) return undefined;
    const leaseUntilMs = this.#ports.timers.nowMs() + leaseMs;
    const claimed = { ...row, ready: 0, leased: 1, due_at_ms: leaseUntilMs, fence: 1 };
    const job = this.#job([claimed], { message, bytes }, leaseUntilMs);
    let hasBegun = false;
    return {
      row: claimed,
      begin: () => {
        hasBegun = true;
        if (this.#stopping.signal.aborted)
          this.#leave(job); // the next start ends its lease
        else this.#begin(job);
      },
      giveUp: () => {
        if (!hasBegun) this.#leave(job);
      },
    };
  }

  #begin(job: Job): void {
    const done = this.#work(job)
      .catch((error) => {
        job.leavesWork = true;
        this.#ports.signals.emit('error', 'outbound.delivery_failed', { error: String(error), domain: job.domain });
      })
      .finally(() => {
        this.#underWay.delete(job);
        this.#leave(job);
      });
    this.#underWay.set(job, done);
  }

  #leave(job: Job): void {
    job.place.leave();
    if (this.#isCrowded || job.leavesWork) this.#wake.abort(woken);
  }

  async #work(job: Job): Promise<void> {
    const first = job.deliveries[0];
    if (!first) return;
    const { db, store } = this.#ports;
    const message = job.fresh?.message ?? (await db.read((reader) => store.message(reader, first.message_id)));
    if (!message) throw new Fault('QUEUE_BROKEN', `delivery ${first.id} has no message`);
    const stopRenewing = this.#keepLease(job);
    const transcript: TranscriptStep[] = [];
    try {
      const attempts =
        first.unsure_ends >= diedUnsureMax
          ? job.deliveries.map((delivery) => diedTooOften(delivery, this.#ports.timers.nowMs()))
          : await this.#attempt(job, message, transcript);
      job.place.leaveSite();
      if (this.#isCrowded) this.#wake.abort(woken);
      if (attempts) await this.#recordSurely(job, message, attempts, transcript);
      else job.leavesWork = true;
    } finally {
      stopRenewing();
    }
  }

  /** What came of handing it over; undefined when the delivery is somebody else's by now. */
  async #attempt(job: Job, message: MessageRow, transcript: TranscriptStep[]): Promise<readonly Attempt[] | undefined> {
    const { db, store, timers, signals } = this.#ports;
    const startedAtMs = timers.nowMs();
    let mayHaveArrived = false;
    const beforeFinalDot = async () => {
      await db.write(async (tx) => {
        for (const one of job.deliveries) if (!(await store.markUnsure(tx, one))) throw new LeaseLost();
      });
      mayHaveArrived = true;
    };
    try {
      return await this.#handOver(job, message, beforeFinalDot, transcript);
    } catch (error) {
      const delivery = job.deliveries[0]?.id;
      if (error instanceof LeaseLost) {
        signals.emit('warn', 'outbound.lease_lost', { delivery });
        return undefined;
      }
      signals.emit('error', 'outbound.attempt_broke', { delivery, error: String(error) });
      return job.deliveries.map((one) => ourTrouble(one, error, { startedAtMs, mayHaveArrived }));
    }
  }

  async #handOver(
    job: Job,
    message: MessageRow,
    beforeFinalDot: () => Promise<void>,
    transcript: TranscriptStep[],
  ): Promise<readonly Attempt[]> {
    const { transport, route } = await this.#ports.routeOf(message, job.domain);
    const deliver = (content: OutgoingMessage) =>
      transport.deliver(
        {
          message: content,
          mailFrom: job.deliveries[0]?.return_path ?? '',
          recipients: job.deliveries.map((delivery) => ({
            address: delivery.recipient,
            internationalised: !isAscii(delivery.recipient),
            wishes: wishesForNextHop(message, delivery),
          })),
          wishes: messageWishesOf(message),
          needs: { smtpUtf8: message.needs_smtp_utf8 === 1, eightBit: message.eight_bit === 1 },
          domain: job.domain,
          ...(route ? { route } : {}),
        },
        {
          signal: this.#cut.signal,
          note: (step) => {
            if (step.step === 'route') this.#places.learn(job.domain, step.candidates);
            if (transcript.length < transcriptStepsMax) transcript.push(cutStep(step));
          },
          beforeFinalDot,
          recordWithin: (attempts) => this.#recordWithin(job, message, attempts, transcript),
        },
      );
    const attempts = job.fresh
      ? await deliver(heldMessage(job.fresh.bytes))
      : await this.#bodies.with({ id: message.blob_id, size: message.size_bytes }, deliver);
    return attempts.map(cutAttempt);
  }

  #keepLease(job: Job): () => void {
    const { db, timers, signals } = this.#ports;
    let cancel = () => {};
    const arm = () => {
      cancel = timers.after(renewEveryMs, () => {
        const untilMs = timers.nowMs() + leaseMs;
        db.write((tx) => this.#renew(tx, job, untilMs)).catch((error) =>
          signals.emit('error', 'outbound.renewal_failed', { error: String(error) }),
        );
        arm();
      });
    };
    arm();
    return () => cancel();
  }

  /** What is settled or somebody else's by now stays as it is. */
  async #renew(tx: Tx, job: Job, untilMs: number): Promise<void> {
    for (const delivery of job.deliveries) await this.#ports.store.renew(tx, delivery, untilMs);
    tx.afterCommit(() => {
      job.leaseUntilMs = untilMs;
    });
  }

  /**
   * An answer that is not stored would be asked for again, with another copy: a full disk or a busy store is waited out. The lease is
   * kept meanwhile; when it runs out in the end, the mark set before the final dot still stands.
   */
  async #recordSurely(
    job: Job,
    message: MessageRow,
    attempts: readonly Attempt[],
    transcript: readonly TranscriptStep[],
  ): Promise<void> {
    for (const pauseMs of storePausesMs) {
      try {
        return await this.#record(job, message, attempts, transcript);
      } catch (error) {
        if (this.#stopping.signal.aborted) throw error;
        this.#ports.signals.emit('error', 'outbound.result_not_stored', { message: message.id, error: String(error) });
        await this.#ports.timers.sleep(pauseMs, this.#stopping.signal);
      }
    }
    await this.#record(job, message, attempts, transcript);
  }

  /** Everything that follows from the attempts, in one transaction. */
  async #record(
    job: Job,
    message: MessageRow,
    attempts: readonly Attempt[],
    transcript: readonly TranscriptStep[],
  ): Promise<void> {
    const open = job.deliveries.flatMap((delivery, index) =>
      job.recorded.has(delivery.id) ? [] : [{ delivery, attempt: attempts[index] ?? this.#noAnswer(delivery) }],
    );
    if (open.length === 0) return;
    const found = await this.#judge(message, open);
    job.leavesWork ||= bringsWork(found);
    await this.#ports.db.write(async (tx) => {
      const stale = await this.#storeEnds(tx, message, found, transcript);
      if (stale > 0) this.#ports.signals.emit('warn', 'outbound.stale_write_refused', { deliveries: stale });
    });
    this.#signalEnds(job, message, found);
  }

  /** The same for a transport that has the transaction. Whoever lost the lease stores nothing in it, the message neither. */
  async #recordWithin(
    job: Job,
    message: MessageRow,
    attempts: readonly (Attempt | undefined)[],
    transcript: readonly TranscriptStep[],
  ): Promise<(tx: Tx) => Promise<void>> {
    const ended = job.deliveries.flatMap((delivery, index) => {
      const attempt = attempts[index];
      return attempt ? [{ delivery, attempt: cutAttempt(attempt) }] : [];
    });
    const found = await this.#judge(message, ended);
    job.leavesWork ||= bringsWork(found);
    return async (tx) => {
      if ((await this.#storeEnds(tx, message, found, transcript)) > 0) throw new LeaseLost();
      tx.afterCommit(() => {
        for (const { delivery } of ended) job.recorded.add(delivery.id);
        this.#signalEnds(job, message, found);
      });
    };
  }

  #noAnswer(delivery: DeliveryRow): Attempt {
    return noAnswer(delivery, this.#ports.timers.nowMs());
  }

  async #judge(
    message: MessageRow,
    made: readonly { readonly delivery: DeliveryRow; readonly attempt: Attempt }[],
  ): Promise<Ends> {
    const nowMs = this.#ports.timers.nowMs();
    const { doubtMs } = this.#clock;
    const { retry } = this.#options;
    const ends = made.map((one) =>
      decideEnd(one, {
        delayTold: message.delay_told === 1,
        nowMs,
        doubtMs,
        retry,
        random: this.#ports.random.float(),
      }),
    );
    return { ends, report: await this.#prepareReport(message, newsIn(ends)) };
  }

  /** Answers how many of them are somebody else's by now. */
  async #storeEnds(
    tx: Tx,
    message: MessageRow,
    { ends, report }: Ends,
    transcript: readonly TranscriptStep[],
  ): Promise<number> {
    const { store, events, reports, volumes, timers } = this.#ports;
    const nowMs = timers.nowMs();
    let stale = 0;
    for (const { delivery, attempt, facts, next, news } of ends) {
      const last: LastAttempt = {
        say: attempt.say,
        ...(attempt.reply ? { reply: attempt.reply } : {}),
        ...(attempt.via ? { host: attempt.via.host } : {}),
      };
      if (!(await this.#store(tx, delivery, next, facts, last, nowMs))) {
        stale++;
        continue;
      }
      const isDelivered = next.kind === 'settle' && next.state === 'delivered';
      if (news && isDelivered) await store.noteSuccessTold(tx, delivery.id);
      if (isDelivered && message.test === 0)
        await volumes.count(tx, { author: message.author, domain: delivery.domain });
      await events.append(tx, attemptEvent({ message, delivery, attempt, next, tries: facts.tries, transcript }));
    }
    if (stale < ends.length && report && (await this.#isNews(tx, message, newsIn(ends))))
      await reports.insert(tx, report);
    return stale;
  }

  #signalEnds(job: Job, message: MessageRow, { ends }: Ends): void {
    for (const { attempt, next } of ends) {
      this.#ports.signals.emit('info', 'outbound.attempt', {
        kind: attempt.kind,
        state: next.kind === 'settle' ? next.state : 'delayed',
        domain: job.domain,
        message: message.id,
        took_ms: attempt.tookMs,
      });
    }
  }

  /** A mistake of ours in the notification must not keep the end from being stored: the same attempt would be made for ever. */
  async #prepareReport(message: MessageRow, failed: readonly DsnRecipient[]): Promise<PreparedReport | undefined> {
    try {
      return await this.#ports.reports.prepare(message, failed);
    } catch (error) {
      if (error instanceof Fault) throw error;
      this.#ports.signals.emit('error', 'outbound.report_failed', { message: message.id, error: String(error) });
      return undefined;
    }
  }

  /** Only of a delay may the sender have been told by another delivery of the message meanwhile. */
  async #isNews(tx: Tx, message: MessageRow, told: readonly DsnRecipient[]): Promise<boolean> {
    const others = told.filter(({ action }) => action !== 'delayed');
    const isFirstDelay = others.length < told.length && (await this.#ports.store.noteDelayTold(tx, message.id));
    return isFirstDelay || others.length > 0;
  }

  #store(tx: Tx, held: Held, next: Next, facts: DeliveryFacts, last: LastAttempt, nowMs: number): Promise<boolean> {
    const { store } = this.#ports;
    const { tries, unsureEnds } = facts;
    return next.kind === 'settle'
      ? store.settle(tx, held, { state: next.state, atMs: nowMs, tries, unsureEnds, last })
      : store.retryAt(tx, held, { atMs: next.atMs, tries, unsureEnds, last });
  }
}

/** Steps of a dialogue kept for the timeline; a thousand recipients would make a transcript nobody reads. */
const transcriptStepsMax = 60;

/** Nobody who sends by SMTP looks for events: also an end that is in doubt has to be told. RFC 5321 §6.1 */
function newsIn(ends: readonly End[]): readonly DsnRecipient[] {
  return ends.flatMap(({ news }) => news ?? []);
}

function bringsWork({ ends, report }: Ends): boolean {
  return report !== undefined || ends.some(({ next }) => next.kind !== 'settle');
}

/** Another worker holds the delivery now: nothing may be sent or stored. */
class LeaseLost extends Error {}
