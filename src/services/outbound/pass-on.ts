/**
 * Mail to a return path of ours that is no news of a failure: vacation replies, delay notices, letters. It was meant for the
 * original envelope sender, whose address the return path stands in for: here its owner is found, and for an owner whose mail is
 * received elsewhere it is queued onwards as it came. Prepared before the transaction, inserted in it.
 */
import type { Timers } from '../../base/clock.ts';
import type { Ids } from '../../base/id.ts';
import type { Blobs, Spooled } from '../../base/port/blobs.ts';
import type { Db, Tx } from '../../base/port/db.ts';
import { spoolAll } from '../../base/spool-all.ts';
import { formatAddrSpec, type Mailbox, parseMailbox } from '../../format/address.ts';
import type { DomainName } from '../../format/domain-name.ts';
import { watchLines } from '../../format/line-ends.ts';
import { fieldText, headerBytes, indexMessage } from '../../format/message/message-index.ts';
import { readAuthor } from '../../protocol/read-author.ts';
import type { Events } from '../events/events.ts';
import type { DeliveryRow, OutboundStore } from './outbound-store.ts';
import { type QueuedMessage, queueRows } from './queue-rows.ts';
import type { ReturnPathSubject } from './return-path.ts';
import { shownSubject } from './shown-subject.ts';
import type { MessageId } from './types.ts';

export type PassOnPorts = {
  readonly db: Db;
  readonly store: OutboundStore;
  readonly blobs: Blobs;
  readonly events: Events;
  readonly timers: Timers;
  readonly ids: Ids;
};

/** Mail for somebody elsewhere; the body is discarded by whoever prepared it. */
export type PreparedPassOn = { readonly message: QueuedMessage; readonly body: Spooled };

export class PassOn {
  readonly #ports: PassOnPorts;
  readonly #hostname: DomainName;

  constructor(ports: PassOnPorts, options: { readonly hostname: DomainName }) {
    this.#ports = ports;
    this.#hostname = options.hostname;
  }

  /** The original MAIL FROM that a return path stands in for; undefined for mail through the API, which had none. */
  async ownerOf(subject: ReturnPathSubject): Promise<Mailbox | undefined> {
    const { db, store } = this.#ports;
    const message = await db.read(async (reader) => {
      const id = subject.startsWith('del_')
        ? (await store.delivery(reader, subject as DeliveryRow['id']))?.message_id
        : (subject as MessageId);
      return id && store.message(reader, id);
    });
    const parsed = parseMailbox(message?.report_to ?? '');
    return parsed.ok ? parsed.value : undefined;
  }

  /**
   * `bytes` go out as they are, our Received on top. Always from the null sender: nothing may answer to it (RFC 3834 §2), so no
   * two programs answer each other through us, and a stranger's MAIL FROM would fail SPF at the next host. What circles all the
   * same is ended by the count of its Received fields. If it cannot be delivered, our postmaster is told (MAIL_RULES 3).
   */
  async prepare(to: Mailbox, bytes: Uint8Array, about: ReturnPathSubject): Promise<PreparedPassOn> {
    const { ids, timers, blobs } = this.#ports;
    const index = indexMessage(bytes);
    const author = readAuthor(index);
    return {
      body: await spoolAll(blobs, bytes),
      message: {
        id: ids.next('em'),
        createdAtMs: timers.nowMs(),
        account: 'office',
        origin: 'relay',
        author: author.kind === 'one' ? formatAddrSpec(author.first) : '',
        mailFrom: '',
        reportTo: formatAddrSpec({ local: 'postmaster', domain: this.#hostname }),
        subject: shownSubject(index),
        messageIdHeader: fieldText(index, 'message-id') ?? '',
        sizeBytes: bytes.length,
        needsSmtpUtf8: watchLines(headerBytes(index)).eightBitAt !== undefined,
        eightBit: watchLines(bytes).eightBitAt !== undefined,
        test: false,
        tags: [],
        metadata: { about },
        recipients: [{ id: ids.next('del'), address: formatAddrSpec(to), domain: to.domain, returnPath: '' }],
        signatures: [],
        via: 'a return path of this office',
      },
    };
  }

  async insert(tx: Tx, { message, body }: PreparedPassOn): Promise<void> {
    const { blobs, store, events } = this.#ports;
    const rows = queueRows(message, await blobs.keep(tx, body));
    await store.insertMessage(tx, rows.message, rows.deliveries);
    await events.append(tx, rows.event);
  }
}
