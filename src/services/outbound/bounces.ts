/**
 * Bounces that come back to our signed return paths: each is matched to what it is about, corrects the state of the deliveries, and
 * becomes a notification to the original sender where that one expects any; so does news of success or delay that he asked for.
 * Read and signed before the transaction.
 */
import type { Timers } from '../../base/clock.ts';
import type { Db, Tx } from '../../base/port/db.ts';
import { type DsnOccasion, wantsNews } from '../../protocol/dsn/dsn-wishes.ts';
import { type DsnRecipientRead, readDsn } from '../../protocol/dsn/read-dsn.ts';
import type { DsnAction, DsnRecipient } from '../../protocol/dsn/write-dsn.ts';
import type { Events } from '../events/events.ts';
import { cutWords } from './cut-foreign-text.ts';
import { originalOf } from './decide-news.ts';
import type { FailureReports, PreparedReport } from './failure-reports.ts';
import type { DeliveryRow, MessageRow, OutboundStore } from './outbound-store.ts';
import type { ReturnPathSubject } from './return-path.ts';
import { recipientWishesOf } from './stored-wishes.ts';
import type { MessageId } from './types.ts';

export type PreparedBounce = {
  readonly messageId: MessageId;
  readonly ends: readonly BounceEnd[];
  /** What is told and changes nothing: it arrived, or is on its way still. */
  readonly news: readonly BounceEnd[];
  readonly report: PreparedReport | undefined;
};

type BounceEnd = { readonly delivery: DeliveryRow; readonly told: DsnRecipientRead };

export type BouncePorts = {
  readonly db: Db;
  readonly store: OutboundStore;
  readonly events: Events;
  readonly timers: Timers;
  readonly reports: FailureReports;
};

export class Bounces {
  readonly #ports: BouncePorts;

  constructor(ports: BouncePorts) {
    this.#ports = ports;
  }

  /**
   * What the bounce means for the message it names; undefined when it tells of no failure and of nothing the sender spoke of, or
   * names nothing we know. One that came before changes nothing any more (`ends` and `news` are empty), but is understood; and so is
   * one that he said he does not want.
   */
  async prepare(subject: ReturnPathSubject, bytes: Uint8Array): Promise<PreparedBounce | undefined> {
    const recipients = readDsn(bytes)?.recipients ?? [];
    if (recipients.length === 0) return undefined;
    const { db, store, reports } = this.#ports;
    const about = await db.read(async (reader) => {
      const single = subject.startsWith('del_')
        ? await store.delivery(reader, subject as DeliveryRow['id'])
        : undefined;
      const messageId = single?.message_id ?? (subject as MessageId);
      const message = await store.message(reader, messageId);
      return message && { message, deliveries: single ? [single] : await store.deliveriesOf(reader, messageId) };
    });
    if (!about) return undefined;
    const isFailure = ({ action }: DsnRecipientRead) => action === 'failed';
    const failed = matchDeliveries(about.deliveries, recipients.filter(isFailure));
    const others = matchDeliveries(
      about.deliveries,
      recipients.filter((one) => !isFailure(one)),
    );
    const spokenOf = about.message.report_to === '' ? [] : others.filter(({ delivery }) => delivery.notify !== '');
    if (failed.length === 0 && spokenOf.length === 0) return undefined;
    const ends = failed.filter(({ delivery }) => mayHaveArrived(delivery));
    const wanted = spokenOf.filter(isWanted);
    const news = wanted.filter((one) => mayHaveArrived(one.delivery) && isUntold(about.message, one));
    const report = await reports.prepare(about.message, [...ends.filter(isWanted), ...news].map(reported));
    return { messageId: about.message.id, ends, news, report };
  }

  /** What another notification has ended meanwhile stays as that one left it. */
  async store(tx: Tx, bounce: PreparedBounce): Promise<void> {
    const { store, reports } = this.#ports;
    let toTell = 0;
    for (const { delivery, told } of bounce.ends) {
      const now = await store.delivery(tx, delivery.id);
      if (!now || !mayHaveArrived(now)) continue;
      await this.#end(tx, bounce.messageId, { delivery, told });
      if (isWanted({ delivery, told })) toTell++;
    }
    for (const one of bounce.news) if (await this.#isFirst(tx, bounce.messageId, one)) toTell++;
    if (bounce.report && toTell > 0) await reports.insert(tx, bounce.report);
  }

  /** A recipient knows the return path, and could send such news as often as he likes. */
  #isFirst(tx: Tx, messageId: MessageId, { delivery, told }: BounceEnd): Promise<boolean> {
    const { store } = this.#ports;
    return told.action === 'delayed' ? store.noteDelayTold(tx, messageId) : store.noteSuccessTold(tx, delivery.id);
  }

  async #end(tx: Tx, messageId: MessageId, { delivery, told }: BounceEnd): Promise<void> {
    const { store, events, timers } = this.#ports;
    const words = cutWords(told.diagnostic ?? '');
    const say = `Returned after it had been taken: ${words || told.status}`;
    await store.noteBounce(tx, delivery.id, {
      atMs: timers.nowMs(),
      last: { say, ...(told.remoteMta ? { host: cutWords(told.remoteMta) } : {}) },
    });
    await events.append(tx, {
      type: 'email.bounced',
      subject: messageId,
      data: {
        delivery_id: delivery.id,
        recipient: delivery.recipient,
        say,
        enhanced: told.status,
        scope: 'recipient',
        reply: { code: 0, enhanced: told.status, text: words, stage: 'notification' },
      },
    });
  }
}

const occasionOf: Record<DsnAction, DsnOccasion> = {
  failed: 'failure',
  delayed: 'delay',
  delivered: 'success',
  relayed: 'success',
  expanded: 'success',
};

const wordsOf: Record<DsnAction, string> = {
  failed: 'The receiving side took the message and returned it later.',
  delayed: 'The receiving side took the message, and could not deliver it yet.',
  delivered: 'The receiving side says that it delivered the message.',
  relayed: 'The receiving side passed the message on to where nobody tells what becomes of it.',
  expanded: 'The receiving side says that it passed the message on to the members of a list.',
};

/** RFC 3461 §4.1: whoever says nothing is told of failures only. */
function isWanted({ delivery, told }: BounceEnd): boolean {
  return wantsNews(recipientWishesOf(delivery), occasionOf[told.action]);
}

function isUntold(message: MessageRow, { delivery, told }: BounceEnd): boolean {
  return told.action === 'delayed' ? message.delay_told === 0 : delivery.success_told === 0;
}

function reported({ delivery, told }: BounceEnd): DsnRecipient {
  return {
    finalRecipient: delivery.recipient,
    ...originalOf(delivery),
    action: told.action,
    status: told.status,
    say: wordsOf[told.action],
    ...(told.remoteMta ? { remoteMta: told.remoteMta } : {}),
    ...(told.diagnostic ? { diagnostic: told.diagnostic } : {}),
  };
}

/**
 * A return path of one delivery can only mean that one, whatever address the notification names (forwarding changes it). One of a
 * whole message needs the address: Original-Recipient first, which is the one that we passed on, then Final-Recipient (RFC 3464
 * §2.3).
 */
function matchDeliveries(deliveries: readonly DeliveryRow[], recipients: readonly DsnRecipientRead[]): BounceEnd[] {
  const [only, ...others] = deliveries;
  const first = recipients[0];
  if (only && first && others.length === 0) return [{ delivery: only, told: first }];
  const byOriginal = Map.groupBy(deliveries, (one) =>
    (originalOf(one).originalRecipient ?? one.recipient).toLowerCase(),
  );
  const matched = new Map<DeliveryRow, DsnRecipientRead>();
  for (const told of recipients) {
    const alike = byOriginal.get(told.originalRecipient?.toLowerCase() ?? '') ?? deliveries;
    const final = told.finalRecipient.toLowerCase();
    // Recipients may share an original one: they are the members of a list.
    const about = alike.length === 1 ? alike[0] : alike.find(({ recipient }) => recipient.toLowerCase() === final);
    if (about && !matched.has(about)) matched.set(about, told);
  }
  return [...matched].map(([delivery, told]) => ({ delivery, told }));
}

/**
 * Only what somebody took can come back. A recipient who got the message knows the return path of the others: without this he could
 * end deliveries that are still on their way. Nothing bounces twice.
 */
function mayHaveArrived(delivery: DeliveryRow): boolean {
  const { state, unsure, unsure_ends } = delivery;
  if (state === 'delivered' || state === 'unsure') return true;
  return (state === 'queued' || state === 'delayed') && unsure + unsure_ends > 0;
}
