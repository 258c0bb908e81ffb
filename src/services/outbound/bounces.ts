/**
 * Bounces that come back to our signed return paths: each is matched to what it is about, corrects the state of the deliveries, and
 * becomes a notification to the original sender where that one expects any. Read and signed before the transaction.
 */
import type { Timers } from '../../base/clock.ts';
import type { Db, Tx } from '../../base/port/db.ts';
import { type DsnRecipientRead, readDsn } from '../../protocol/dsn/read-dsn.ts';
import type { Events } from '../events/events.ts';
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

  /** What the bounce means for the message it names; undefined when it is no notification of a failure or names nothing we know. */
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
    const ends = matchDeliveries(about.deliveries, failed);
    if (ends.length === 0) return undefined;
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

  async store(tx: Tx, bounce: PreparedBounce): Promise<void> {
    const { store, events, timers, reports } = this.#ports;
    for (const { delivery, told } of bounce.ends) {
      const say = `Returned after it had been taken: ${told.diagnostic ?? told.status}`;
      await store.noteBounce(tx, delivery.id, {
        atMs: timers.nowMs(),
        last: { say, ...(told.remoteMta ? { host: told.remoteMta } : {}) },
      });
      await events.append(tx, {
        type: 'email.bounced',
        subject: bounce.messageId,
        data: {
          delivery_id: delivery.id,
          recipient: delivery.recipient,
          say,
          enhanced: told.status,
          scope: 'recipient',
          reply: { code: 0, enhanced: told.status, text: told.diagnostic ?? '', stage: 'notification' },
        },
      });
    }
    if (bounce.report) await reports.insert(tx, bounce.report);
  }
}

/**
 * A return path of one delivery can only mean that one, whatever address the notification names (forwarding changes it). One of a
 * whole message needs the address: Original-Recipient first, then Final-Recipient (RFC 3464 §2.3).
 */
function matchDeliveries(deliveries: readonly DeliveryRow[], failed: readonly DsnRecipientRead[]): BounceEnd[] {
  const open = deliveries.filter((delivery) => delivery.state !== 'bounced');
  const [only, ...others] = deliveries;
  const first = failed[0];
  if (only && first && others.length === 0) return open.length > 0 ? [{ delivery: only, told: first }] : [];
  return open.flatMap((delivery) => {
    const told = failed.find((one) =>
      [one.originalRecipient, one.finalRecipient].some(
        (address) => address?.toLowerCase() === delivery.recipient.toLowerCase(),
      ),
    );
    return told ? [{ delivery, told }] : [];
  });
}
