/**
 * Tells the sender of submitted or relayed mail what failed, and what else he asked to hear: a notification to the original MAIL
 * FROM, from the null sender, queued like any message. Mail sent through the API fails into events only, and a notification that fails is never answered: a copy
 * goes to the postmaster of this office. Written and signed before the transaction, inserted in it.
 */
import { concat, fromLatin1 } from '../../base/bytes.ts';
import type { Timers } from '../../base/clock.ts';
import type { Ids } from '../../base/id.ts';
import { Fault } from '../../base/outcome.ts';
import type { Blobs, StoredBody } from '../../base/port/blobs.ts';
import type { Db, Tx } from '../../base/port/db.ts';
import { formatAddrSpec, type Mailbox, parseMailbox } from '../../format/address.ts';
import type { DomainName } from '../../format/domain-name.ts';
import { writeHeaderField } from '../../format/header-writer.ts';
import { watchLines } from '../../format/line-ends.ts';
import { headerBytes, indexMessage } from '../../format/message/message-index.ts';
import { toSevenBit } from '../../format/mime/seven-bit.ts';
import { type Dsn, type DsnRecipient, writeDsn } from '../../protocol/dsn/write-dsn.ts';
import type { Events } from '../events/events.ts';
import type { MessageRow, OutboundStore } from './outbound-store.ts';
import { type QueuedMessage, queueRows } from './queue-rows.ts';
import type { Signer } from './signer.ts';
import { messageWishesOf } from './stored-wishes.ts';

export type FailureReportPorts = {
  readonly db: Db;
  readonly store: OutboundStore;
  readonly blobs: Blobs;
  readonly events: Events;
  readonly timers: Timers;
  readonly ids: Ids;
  readonly signer: Signer;
  readonly adviseOn?: AdviseOnRefusal;
};

/** What a receiver's refusal means and what its sender can do about it, in sentences; none where nothing is known. */
export type AdviseOnRefusal = (refusal: {
  /** The reply, codes first. */
  readonly reply: string;
  readonly host?: string;
  /** The author's domain. */
  readonly domain?: string;
}) => readonly string[];

export type PreparedReport = { readonly message: QueuedMessage; readonly bytes: Uint8Array };

export class FailureReports {
  readonly #ports: FailureReportPorts;
  readonly #hostname: DomainName;

  constructor(ports: FailureReportPorts, options: { readonly hostname: DomainName }) {
    this.#ports = ports;
    this.#hostname = options.hostname;
  }

  /** The notification about these recipients, or undefined when nobody is to be told. */
  async prepare(message: MessageRow, recipients: readonly DsnRecipient[]): Promise<PreparedReport | undefined> {
    if (recipients.length === 0) return undefined;
    const to = this.#readerOf(message);
    if (to === undefined) return undefined;
    const { ids, timers, signer, blobs, db } = this.#ports;
    const nowMs = timers.nowMs();
    const { ret, envelopeId } = messageWishesOf(message);
    // RFC 3461 §4.3: what did not fail is never returned whole
    const isReturned = ret === 'full' && recipients.some(({ action }) => action === 'failed');
    const find = () => db.read((reader) => blobs.find(reader, message.blob_id));
    const original = await readOriginal(find, message, isReturned);
    const subject = subjectOf(recipients);
    // The notification speaks for the domain it goes to when that is one of ours, so that it can be signed and aligned.
    const speaksFor = (await signer.isOurs(to.domain)) ? to.domain : this.#hostname;
    const id = ids.next('em');
    const bytes = writeDsn({
      reportingMta: this.#hostname,
      from: { local: 'postmaster', domain: speaksFor, display: 'Mail Delivery System' },
      to,
      messageId: `<${id}@${this.#hostname}>`,
      dateMs: nowMs,
      arrivedMs: message.created_at_ms,
      boundary: ids.next('part').replace('_', '-'),
      recipients: recipients.map((one) => this.#withAdvice(one, message)),
      subject,
      ...(envelopeId === undefined ? {} : { envelopeId }),
      ...original,
    });
    const signed = await this.#sign(bytes, speaksFor);
    const facts = watchLines(headerBytes(indexMessage(signed.bytes)));
    return {
      bytes: signed.bytes,
      message: {
        id,
        createdAtMs: nowMs,
        account: 'office',
        origin: message.origin === 'report' ? 'last-report' : 'report',
        author: formatAddrSpec({ local: 'postmaster', domain: speaksFor }),
        mailFrom: '',
        reportTo: '',
        subject,
        messageIdHeader: `<${id}@${this.#hostname}>`,
        sizeBytes: signed.bytes.length,
        needsSmtpUtf8: facts.eightBitAt !== undefined, // the reader's own address may need it
        eightBit: false,
        test: false,
        tags: [],
        metadata: { about: message.id },
        recipients: [{ id: ids.next('del'), address: formatAddrSpec(to), domain: to.domain, returnPath: '' }],
        signatures: signed.signatures,
        via: 'this office, as a notification',
      },
    };
  }

  #withAdvice(recipient: DsnRecipient, message: MessageRow): DsnRecipient {
    const { adviseOn } = this.#ports;
    if (adviseOn === undefined || recipient.action !== 'failed' || recipient.diagnostic === undefined) return recipient;
    const author = parseMailbox(message.author);
    const advice = adviseOn({
      reply: recipient.diagnostic,
      ...(recipient.remoteMta !== undefined && { host: recipient.remoteMta }),
      ...(author.ok && { domain: author.value.domain }),
    });
    return { ...recipient, advice };
  }

  /** News of a failure that cannot be signed (its key cannot be opened) goes out unsigned. */
  async #sign(bytes: Uint8Array, domain: DomainName): ReturnType<Signer['sign']> {
    try {
      return await this.#ports.signer.sign(bytes, domain);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      return { bytes, signatures: [] };
    }
  }

  async insert(tx: Tx, report: PreparedReport): Promise<void> {
    const { blobs, store, events } = this.#ports;
    const blobId = await blobs.keep(tx, report.bytes);
    const rows = queueRows(report.message, blobId);
    await store.insertMessage(tx, rows.message, rows.deliveries);
    await events.append(tx, rows.event);
  }

  /** Who is told: the original sender; when a notification fails, our postmaster, whose name is on it; after that nobody. */
  #readerOf(message: MessageRow): Mailbox | undefined {
    if (message.origin === 'last-report') return undefined;
    const parsed = parseMailbox(message.origin === 'report' ? message.author : message.report_to);
    return parsed.ok ? parsed.value : undefined;
  }
}

function subjectOf(recipients: readonly DsnRecipient[]): string {
  const actions = new Set(recipients.map(({ action }) => action));
  if (actions.has('failed')) return 'Undelivered mail';
  if (actions.has('delayed')) return 'Delayed mail';
  return actions.has('delivered') ? 'Delivered mail' : 'Relayed mail';
}

/**
 * Larger messages come back as their header only: a copy of each in flight would be a second mail system for the same octets, and
 * who sent it still has it. RFC 3461 §4.3 does not say how large a message must be returned.
 */
const returnedOctetsMax = 1_048_576;

type Original = Pick<Dsn, 'originalHeader' | 'originalMessage'>;

/**
 * A body that is damaged or gone must not keep the news of the failure from its sender.
 * @param find the body alone: read within a read of the database, a few large files would keep everybody else's waiting
 */
async function readOriginal(find: () => Promise<StoredBody>, message: MessageRow, whole: boolean): Promise<Original> {
  try {
    const bytes = await beginning(await find());
    const originalHeader = headerBytes(indexMessage(bytes));
    const originalMessage = whole ? returnable(bytes) : undefined;
    return { originalHeader, ...(originalMessage ? { originalMessage } : {}) };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const written = writeHeaderField('Message-ID', message.message_id_header, 'structured');
    return { originalHeader: written.ok ? written.value : fromLatin1('') };
  }
}

/** The whole of what may be returned whole, and enough of a larger one for its header; all of it is read, to know that it is whole. */
async function beginning(body: StoredBody): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let octets = 0;
  for await (const piece of body.chunks()) {
    if (octets <= returnedOctetsMax) pieces.push(piece);
    octets += piece.length;
  }
  return concat(pieces);
}

/** Notifications travel as 7-bit; what cannot be made so (UTF-8 in the header, signed 8-bit parts) is not returned whole. */
function returnable(bytes: Uint8Array): Uint8Array | undefined {
  if (bytes.length > returnedOctetsMax) return undefined;
  const narrow = toSevenBit(bytes);
  return watchLines(narrow).eightBitAt === undefined ? narrow : undefined;
}
