/**
 * Bounces that come back to our signed return paths: each is matched to what it is about, corrects the state of the deliveries, and
 * becomes a notification to the original sender where that one expects any. Read and signed before the transaction.
 */
import type { Timers } from '../../base/clock.ts';
import type { Db, Tx } from '../../base/port/db.ts';
import { type DsnRecipientRead, readDsn } from '../../protocol/dsn/read-dsn.ts';
import type { Events } from '../events/events.ts';
import { cutWords } from './cut-foreign-text.ts';
import type { FailureReports, PreparedReport } from './failure-reports.ts';
import type { DeliveryRow, OutboundStore } from './outbound-store.ts';
import type { ReturnPathSubject } from './return-path.ts';
import type { MessageId } from './types.ts';

export type PreparedBounce = {
  readonly messageId: MessageId;
  readonly ends: readonly BounceEnd[];
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
   * What the bounce means for the message it names; undefined when it is no notification of a failure or names nothing we know.
   * One that came before changes nothing any more (`ends` is empty), but is understood.
   */
  async prepare(subject: ReturnPathSubject, bytes: Uint8Array): Promise<PreparedBounce | undefined> {
    const failed = readDsn(bytes)?.recipients.filter((recipient) => recipient.action === 'failed') ?? [];
    if (failed.length === 0) return undefined;
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
    const told = matchDeliveries(about.deliveries, failed);
    if (told.length === 0) return undefined;
    const ends = told.filter(({ delivery }) => mayHaveArrived(delivery));
    const report = await reports.prepare(
      about.message,
      ends.map(({ delivery, told }) => ({
        finalRecipient: delivery.recipient,
        action: 'failed',
        status: told.status,
        say: 'The receiving side took the message and returned it later.',
        ...(told.remoteMta ? { remoteMta: told.remoteMta } : {}),
        ...(told.diagnostic ? { diagnostic: told.diagnostic } : {}),
      })),
    );
    return { messageId: about.message.id, ends, report };
  }

  /** What another notification has ended meanwhile stays as that one left it. */
  async store(tx: Tx, bounce: PreparedBounce): Promise<void> {
    const { store, reports } = this.#ports;
    let ended = 0;
    for (const { delivery, told } of bounce.ends) {
      const now = await store.delivery(tx, delivery.id);
      if (!now || !mayHaveArrived(now)) continue;
      await this.#end(tx, bounce.messageId, { delivery, told });
      ended++;
    }
    if (bounce.report && ended > 0) await reports.insert(tx, bounce.report);
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

/**
 * A return path of one delivery can only mean that one, whatever address the notification names (forwarding changes it). One of a
 * whole message needs the address: Original-Recipient first, then Final-Recipient (RFC 3464 §2.3).
 */
function matchDeliveries(deliveries: readonly DeliveryRow[], failed: readonly DsnRecipientRead[]): BounceEnd[] {
  const [only, ...others] = deliveries;
  const first = failed[0];
  if (only && first && others.length === 0) return [{ delivery: only, told: first }];
  return deliveries.flatMap((delivery) => {
    const recipient = delivery.recipient.toLowerCase();
    const told =
      failed.find((one) => one.originalRecipient?.toLowerCase() === recipient) ??
      failed.find((one) => one.finalRecipient.toLowerCase() === recipient);
    return told ? [{ delivery, told }] : [];
  });
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
