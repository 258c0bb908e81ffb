/**
 * Takes messages in: from the API (fields), from SMTP, the CLI and `/raw` (whole messages). Decides, completes, signs and stores
 * each with its deliveries and the event `email.accepted` in one transaction. Yes means durable.
 */
import { isAscii } from 'node:buffer';
import { concat } from '../../base/bytes.ts';
import type { Timers } from '../../base/clock.ts';
import type { Ids } from '../../base/id.ts';
import { OctetBudget } from '../../base/limits.ts';
import { accept, invariant, isStorageFull, type Outcome, refuse } from '../../base/outcome.ts';
import type { Blobs, Spooled } from '../../base/port/blobs.ts';
import type { Db, Reader, Tx } from '../../base/port/db.ts';
import type { Disk } from '../../base/port/disk.ts';
import type { Signals } from '../../base/port/signals.ts';
import { printable } from '../../base/printable.ts';
import { spoolAll } from '../../base/spool-all.ts';
import { type Author, formatAddrSpec, type Mailbox } from '../../format/address.ts';
import type { DomainName } from '../../format/domain-name.ts';
import {
  fieldsNamed,
  fieldText,
  headerBytes,
  indexMessage,
  type MessageIndex,
} from '../../format/message/message-index.ts';
import { readAuthor, readSendersBeside, type SenderBeside } from '../../protocol/read-author.ts';
import { type Directory, defaultStream } from '../directory/directory.ts';
import type { StreamRecord } from '../directory/types.ts';
import type { Events } from '../events/events.ts';
import { composeMessage } from './compose-message.ts';
import { decideAcceptance } from './decide-acceptance.ts';
import { type DeliveryWorker, type PromptDelivery, wakeChannel } from './delivery-worker.ts';
import { applyFixUps, type ReceivedFacts, writeReceived } from './fix-ups.ts';
import type { FreshMail } from './fresh-mail.ts';
import { type Handed, octetsOf, openStreamed, readWhole, type StreamedBody } from './handed.ts';
import type { DeliveryRow, MessageRow, OutboundStore } from './outbound-store.ts';
import { type Draft, decidePreflight, type Preflight, type PreflightScore, type ScoreTooLow } from './preflight.ts';
import { type QueuedMessage, queueRows } from './queue-rows.ts';
import {
  describeRequest,
  idempotencyField,
  idempotencyKeyIn,
  idempotencyMs,
  type RequestKey,
  repeatKey,
  requestKey,
} from './request-keys.ts';
import { type ReturnPathSubject, writeReturnPath } from './return-path.ts';
import { shownSubject } from './shown-subject.ts';
import type { Signature, Signer } from './signer.ts';
import type {
  Accepted,
  Entrance,
  MessageId,
  OutboundRefusal,
  RawRecipient,
  RawRequest,
  Sender,
  SendRequest,
} from './types.ts';

export type IntakePorts = {
  readonly db: Db;
  readonly store: OutboundStore;
  readonly blobs: Blobs;
  readonly disk: Disk;
  readonly directory: Directory;
  readonly events: Events;
  readonly timers: Timers;
  readonly ids: Ids;
  readonly signer: Signer;
  readonly fresh: FreshMail;
  readonly worker: Pick<DeliveryWorker, 'prompt'>;
  readonly signals: Signals;
  /** Absent: no message can be scored here. */
  readonly preflight?: Preflight;
};

export type IntakeOptions = {
  readonly hostname: DomainName;
  readonly returnPathKey: Uint8Array;
  readonly recipientsMax: number;
  readonly sizeMaxBytes: number;
};

/**
 * A small message is held in memory whole, and so is a large one that has to be composed or recoded. Without a bound a few dozen
 * clients with large attachments at one moment could have us hold gigabytes.
 */
const takenAtOnce = { most: 128 * 1024 * 1024, small: 256 * 1024 };
/** Of any other large message only this is held: its header, completed and signed, and the pieces that are under way. */
const streamedOctets = 1024 * 1024;
/** A program may name the stream of a message; the field is removed before sending. */
const streamField = 'posthorn-stream';
/** A larger message is not scored. */
const scoredOctetsMax = 8 * 1024 * 1024;

/** What both ways in have in common once there are bytes. */
type Letter = {
  readonly id: MessageId;
  readonly origin: QueuedMessage['origin'];
  readonly sender: Sender;
  /** The message, or its header alone where `body` is not in memory. */
  readonly bytes: Uint8Array;
  readonly body?: StreamedBody;
  readonly author: Author;
  readonly messageIdHeader: string;
  readonly mailFrom: string;
  readonly reportTo: string;
  readonly recipients: readonly RawRecipient[];
  readonly wishes?: RawRequest['wishes'];
  readonly grouping: RawRequest['grouping'];
  /** Signs and owns the return path; undefined for relayed mail of foreign domains. */
  readonly domain: DomainName | undefined;
  readonly tags: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
  readonly via: string;
  readonly nowMs: number;
  readonly stream: StreamRecord;
  readonly request: RequestKey | undefined;
};

/** Also says why a score was too low. */
export type Taken = Outcome<Accepted, OutboundRefusal> | ScoreTooLow;

type Signed = {
  readonly index: MessageIndex;
  readonly bytes: Uint8Array;
  readonly signatures: readonly Signature[];
};

export class Intake {
  readonly #ports: IntakePorts;
  readonly #options: IntakeOptions;
  readonly #octets = new OctetBudget(takenAtOnce);

  constructor(ports: IntakePorts, options: IntakeOptions) {
    this.#ports = ports;
    this.#options = options;
  }

  /** `POST /v1/emails`. */
  fields(sender: Sender, request: SendRequest, entrance: Entrance): Promise<Taken> {
    return this.#within(octetsOf(request.content), () => this.#fields(sender, request, entrance));
  }

  /** A whole message with its envelope. */
  async whole(sender: Sender, request: RawRequest): Promise<Taken> {
    if (request.body.size > takenAtOnce.small) {
      const taken = await this.#within(streamedOctets, () => this.#streamed(sender, request));
      if (taken !== 'needs-whole') return taken;
    }
    return this.#within(request.body.size, () => this.#inMemory(sender, request));
  }

  async #streamed(sender: Sender, request: RawRequest) {
    const handed = await openStreamed(request.body);
    return handed ? this.#whole(sender, request, handed) : 'needs-whole';
  }

  async #inMemory(sender: Sender, request: RawRequest): Promise<Taken> {
    const lines = await readWhole(request);
    if (!lines.ok) return refuse('message-malformed', lines.say);
    const taken = await this.#whole(sender, request, { index: indexMessage(lines.value) });
    invariant(taken !== 'needs-whole', 'the whole is here');
    return taken;
  }

  async #within<T>(octets: number, work: () => Promise<T>): Promise<T | typeof busy> {
    const give = this.#octets.take(octets);
    if (!give) return busy;
    try {
      return await work();
    } finally {
      give();
    }
  }

  /** The message that would leave for this request; nothing of it is kept. */
  draft(sender: Sender, request: SendRequest, entrance: Entrance): Promise<Outcome<Draft, OutboundRefusal>> {
    return this.#within(octetsOf(request.content), async () => {
      const letter = await this.#letterOf(sender, request, entrance);
      return letter.ok ? this.#draftOf(letter.value) : letter;
    });
  }

  /** The same for a whole message. */
  draftWhole(sender: Sender, request: RawRequest): Promise<Outcome<Draft, OutboundRefusal>> {
    return this.#within(request.body.size, async () => {
      const lines = await readWhole(request);
      if (!lines.ok) return refuse('message-malformed', lines.say);
      const recipients = uniqueMailboxes(request.recipients);
      const letter = await this.#letterOfWhole(sender, { request, recipients }, { index: indexMessage(lines.value) });
      invariant(letter !== 'needs-whole', 'the whole is here');
      return letter.ok ? this.#draftOf(letter.value) : letter;
    });
  }

  async #draftOf(letter: Letter): Promise<Outcome<Draft, OutboundRefusal>> {
    const signed = await this.#signed(letter);
    if (!signed.ok) return signed;
    invariant(letter.domain !== undefined, 'accounts send from domains of ours');
    return accept(await draftOf(letter, letter.domain, signed.value.bytes, this.#returnPath(letter, letter.id)));
  }

  async #fields(sender: Sender, request: SendRequest, entrance: Entrance): Promise<Taken> {
    const key =
      request.idempotencyKey === undefined ? undefined : requestKey(request.idempotencyKey, describeRequest(request));
    const replay = await this.#replay(sender, key);
    if (replay) return replay;
    const letter = await this.#letterOf(sender, request, entrance);
    return letter.ok ? this.#queue({ ...letter.value, request: key }) : letter;
  }

  async #letterOf(sender: Sender, request: SendRequest, entrance: Entrance): Promise<Outcome<Letter, OutboundRefusal>> {
    const { content } = request;
    const recipients = uniqueMailboxes([...content.to, ...content.cc, ...request.bcc]);
    const nowMs = this.#ports.timers.nowMs();
    const id = this.#ports.ids.next('em');
    const author: Author = { kind: 'one', mailboxes: [content.from], domain: content.from.domain, first: content.from };
    const decided = await this.#decide(sender, {
      author,
      mailFrom: content.from,
      beside: [], // the fields that name one are reserved
      recipients,
      sizeBytes: 0,
      receivedFields: 0,
    });
    if (!decided.ok) return decided;
    const stream = await this.#streamNamed(request.stream);
    if (!stream.ok) return stream;
    const messageIdHeader = `<${id.slice('em_'.length)}@${content.from.domain}>`;
    const composed = await composeMessage(content, { messageId: messageIdHeader, dateMs: nowMs });
    if (!composed.ok) return refuse('message-malformed', composed.say);
    const fixed = applyFixUps(composed.value, this.#fixUps(messageIdHeader, nowMs, id, entrance, recipients));
    if (!fixed.ok) return refuse('message-malformed', fixed.say);
    return accept({
      id,
      origin: 'api',
      sender,
      bytes: fixed.value.bytes,
      author,
      messageIdHeader,
      mailFrom: formatAddrSpec(content.from),
      reportTo: '',
      recipients,
      grouping: 'per-recipient',
      domain: decided.value.domain,
      tags: request.tags,
      metadata: request.metadata,
      via: entrance.kind === 'http' ? 'the API' : 'the command line',
      nowMs,
      stream: stream.value,
      request: undefined,
    });
  }

  async #whole(sender: Sender, request: RawRequest, handed: Handed): Promise<Taken | 'needs-whole'> {
    const recipients = uniqueMailboxes(request.recipients);
    const field = idempotencyKeyIn(handed.index);
    if (!field.ok) return field;
    const named = field.value ?? request.idempotencyKey;
    const repeat = repeatKey(request, recipients);
    const key = named === undefined ? undefined : requestKey(named, repeat.sha256);
    const replay = (await this.#replay(sender, key)) ?? (await this.#replay(sender, repeat));
    if (replay) return replay;
    const letter = await this.#letterOfWhole(sender, { request, recipients }, handed);
    if (letter === 'needs-whole') return letter;
    return letter.ok ? this.#queue({ ...letter.value, request: key }) : letter;
  }

  async #letterOfWhole(
    sender: Sender,
    { request, recipients }: { readonly request: RawRequest; readonly recipients: readonly RawRecipient[] },
    { index, body }: Handed,
  ): Promise<Outcome<Letter, OutboundRefusal> | 'needs-whole'> {
    const author = readAuthor(index);
    const facts = {
      author,
      mailFrom: request.mailFrom,
      beside: readSendersBeside(index),
      recipients,
      sizeBytes: request.body.size,
      receivedFields: fieldsNamed(index, 'received').length,
    };
    const decided = await this.#decide(sender, facts);
    if (!decided.ok) return decided;
    const { domain } = decided.value;
    if (domain !== undefined && body && !body.isNarrow) return 'needs-whole'; // its parts are to be recoded
    const named = domain && (fieldText(index, streamField) ?? request.stream); // a relay's mail has none of ours
    const stream = await this.#streamNamed(named);
    if (!stream.ok) return stream;
    const nowMs = this.#ports.timers.nowMs();
    const id = this.#ports.ids.next('em');
    const messageIdHeader = `<${id.slice('em_'.length)}@${domain ?? this.#options.hostname}>`;
    const fixed = applyFixUps(index, {
      ...this.#fixUps(messageIdHeader, nowMs, id, request.entrance, recipients),
      remove: [idempotencyField, streamField],
      // Relayed mail of others is passed on as it is: rewriting it would break their signatures.
      keepAsIs: domain === undefined,
    });
    if (!fixed.ok) return refuse('message-malformed', fixed.say);
    const mailFrom = request.mailFrom ? formatAddrSpec(request.mailFrom) : '';
    return accept({
      id,
      origin: sender.kind === 'relay' ? 'relay' : request.entrance.kind === 'smtp' ? 'submission' : 'raw',
      sender,
      bytes: fixed.value.bytes,
      ...(body ? { body } : {}),
      author,
      messageIdHeader: fixed.value.messageId,
      mailFrom,
      reportTo: request.grouping === 'per-message' ? mailFrom : '',
      recipients,
      ...(request.wishes ? { wishes: request.wishes } : {}),
      grouping: request.grouping,
      domain,
      tags: [],
      metadata: {},
      via: wordsFor(request.entrance, sender),
      nowMs,
      stream: stream.value,
      request: undefined,
    });
  }

  /** The 250 for `request` could not be written: should the client try again, it gets the same message. */
  async rememberUnansweredSubmission(sender: Sender, request: RawRequest, id: MessageId): Promise<void> {
    const repeat = repeatKey(request, uniqueMailboxes(request.recipients));
    const { db, store, timers } = this.#ports;
    const row = {
      account: sender.account,
      idempotency_key: repeat.key,
      request_sha256: repeat.sha256,
      message_id: id,
      created_at_ms: timers.nowMs(),
    };
    await db.write((tx) => store.rememberRequest(tx, row));
  }

  #fixUps(messageId: string, dateMs: number, id: MessageId, entrance: Entrance, recipients: readonly Mailbox[]) {
    const facts: ReceivedFacts = { entrance, by: this.#options.hostname, id, recipients, dateMs };
    return { messageId, dateMs, received: writeReceived(facts) };
  }

  async #decide(
    sender: Sender,
    letter: {
      author: Author;
      mailFrom: Mailbox | undefined;
      beside: readonly SenderBeside[];
      recipients: readonly Mailbox[];
      sizeBytes: number;
      receivedFields: number;
    },
  ): Promise<Outcome<{ readonly domain: DomainName | undefined }, OutboundRefusal>> {
    const named = [
      letter.author.kind === 'one' ? letter.author.domain : undefined,
      letter.mailFrom?.domain,
      ...letter.beside.flatMap(({ domains }) => domains ?? []),
    ];
    const domains = await this.#ports.directory.domainsAmong(named.filter((domain) => domain !== undefined));
    return decideAcceptance(
      {
        sender,
        author: letter.author,
        mailFromDomain: letter.mailFrom?.domain,
        beside: letter.beside,
        domains,
        recipientCount: letter.recipients.length,
        sizeBytes: letter.sizeBytes,
        receivedFields: letter.receivedFields,
      },
      this.#options,
    );
  }

  async #replay(sender: Sender, key: RequestKey | undefined): Promise<Outcome<Accepted, OutboundRefusal> | undefined> {
    return key && this.#ports.db.read((reader) => this.#earlier(reader, sender, key));
  }

  async #earlier(
    reader: Reader,
    sender: Sender,
    key: RequestKey,
  ): Promise<Outcome<Accepted, OutboundRefusal> | undefined> {
    const row = await this.#ports.store.idempotent(reader, sender.account, key.key);
    if (!row || row.created_at_ms < this.#ports.timers.nowMs() - key.forMs) return undefined;
    if (row.request_sha256 === key.sha256) return accept({ id: row.message_id, replayed: true });
    return refuse(
      'idempotency-key-reused',
      'The same key came with a different request before. Use a new key for a new request.',
    );
  }

  async #streamNamed(name: string | undefined): Promise<Outcome<StreamRecord, OutboundRefusal>> {
    const stream = await this.#ports.directory.streams.find(name ?? defaultStream);
    if (stream) return accept(stream);
    return refuse(
      'stream-unknown',
      `This office has no stream ${printable(name ?? '', 64)}. See: posthorn streams list`,
    );
  }

  async #signed(letter: Letter): Promise<Outcome<Signed, OutboundRefusal>> {
    const octets = letter.bytes.length + (letter.body?.size ?? 0);
    if (octets > this.#options.sizeMaxBytes) {
      return refuse(
        'message-too-large',
        `The message has ${octets} octets; the limit is ${this.#options.sizeMaxBytes}.`,
      );
    }
    const index = indexMessage(letter.bytes); // our signatures change nothing of what is read from it later
    const { bytes, signatures } = letter.domain
      ? await this.#ports.signer.sign(index, letter.domain, letter.body)
      : { bytes: letter.bytes, signatures: [] };
    return accept({ index, bytes, signatures });
  }

  /** Its score where its stream asks for one: undefined where not, null where it could not be told. */
  async #weigh(letter: Letter, bytes: Uint8Array): Promise<Outcome<number | null | undefined, never> | ScoreTooLow> {
    const { stream, domain } = letter;
    if (stream.minScoreTenths === undefined || domain === undefined) return accept(undefined);
    const score = await this.#scoreOf(letter, domain, bytes);
    const decided = decidePreflight(stream, score);
    if (!decided.ok) return decided;
    if (!score) this.#ports.signals.emit('warn', 'outbound.not_scored', { message: letter.id, stream: stream.name });
    return accept(score?.tenths ?? null);
  }

  async #scoreOf(letter: Letter, domain: DomainName, bytes: Uint8Array): Promise<PreflightScore | undefined> {
    const octets = bytes.length + (letter.body?.size ?? 0);
    const give = octets > scoredOctetsMax ? undefined : this.#octets.take(octets);
    if (!give) return undefined;
    try {
      return await this.#ports.preflight?.(await draftOf(letter, domain, bytes, this.#returnPath(letter, letter.id)));
    } finally {
      give();
    }
  }

  async #queue(letter: Letter): Promise<Taken> {
    const { ids } = this.#ports;
    const bodyOctets = letter.body?.size ?? 0;
    const ready = await this.#signed(letter);
    if (!ready.ok) return ready;
    const { index, ...signed } = ready.value;
    const weighed = await this.#weigh(letter, signed.bytes);
    if (!weighed.ok) return weighed;
    const { author } = letter;
    const recipients = letter.recipients.map((mailbox) => {
      const id = ids.next('del');
      return {
        id,
        address: formatAddrSpec(mailbox),
        domain: mailbox.domain,
        returnPath: this.#returnPath(letter, letter.grouping === 'per-recipient' ? id : letter.id),
        ...(mailbox.wishes ? { wishes: mailbox.wishes } : {}),
      };
    });
    const queued: QueuedMessage = {
      id: letter.id,
      createdAtMs: letter.nowMs,
      account: letter.sender.account,
      origin: letter.origin,
      author: author.kind === 'one' ? formatAddrSpec(author.first) : '',
      mailFrom: letter.mailFrom,
      reportTo: letter.reportTo,
      subject: shownSubject(index),
      messageIdHeader: letter.messageIdHeader,
      sizeBytes: signed.bytes.length + bodyOctets,
      needsSmtpUtf8: !isAscii(headerBytes(index)), // what its recipients need, each delivery sees by itself
      eightBit: !isAscii(signed.bytes) || letter.body?.eightBit === true,
      test: (letter.sender.kind === 'key' || letter.sender.kind === 'login') && letter.sender.test === true,
      tags: letter.tags,
      metadata: letter.metadata,
      ...(letter.wishes ? { wishes: letter.wishes } : {}),
      recipients,
      signatures: signed.signatures,
      ...(letter.stream.name !== defaultStream && { stream: letter.stream.name }),
      ...(weighed.value !== undefined && { scoreTenths: weighed.value }),
      via: letter.via,
    };
    return this.#store(queued, signed.bytes, letter);
  }

  #returnPath(letter: Letter, subject: ReturnPathSubject): string {
    if (letter.mailFrom === '' || letter.domain === undefined) return letter.mailFrom;
    return writeReturnPath(this.#options.returnPathKey, subject, letter.domain);
  }

  async #store(queued: QueuedMessage, bytes: Uint8Array, letter: Letter): Promise<Outcome<Accepted, OutboundRefusal>> {
    const { db, blobs, disk, fresh } = this.#ports;
    if (disk.isLow()) return storageFull;
    let body: Spooled | undefined;
    let prompt: PromptDelivery | undefined;
    try {
      body = await spoolAll(blobs, bytes, ...(letter.body ? [letter.body.chunks()] : []));
      const kept = body;
      invariant(kept.size === queued.sizeBytes, 'every piece came once');
      return await db.write(async (tx) => {
        const earlier = letter.request && (await this.#earlier(tx, letter.sender, letter.request));
        if (earlier) return earlier; // two at once with one key: the second answers for the first
        const rows = queueRows(queued, await blobs.keep(tx, kept));
        const { message, deliveries } = rows;
        prompt = letter.body ? undefined : this.#promptOf(message, deliveries, bytes);
        await this.#insert(tx, prompt ? { ...rows, deliveries: [prompt.row] } : rows, letter);
        tx.afterCommit(() => {
          if (prompt) return prompt.begin();
          if (!letter.body) fresh.put(message, deliveries, bytes);
          db.notify(wakeChannel);
        });
        return accept({ id: queued.id, replayed: false });
      });
    } catch (error) {
      if (isStorageFull(error)) return storageFull;
      throw error;
    } finally {
      prompt?.giveUp(); // nothing once it has begun
      await body?.discard(); // what was kept stays
    }
  }

  /** Of several deliveries some may travel together: they are for the worker to group. */
  #promptOf(message: MessageRow, deliveries: readonly DeliveryRow[], bytes: Uint8Array): PromptDelivery | undefined {
    const [only, ...others] = deliveries;
    return only && others.length === 0 ? this.#ports.worker.prompt(only, message, bytes) : undefined;
  }

  async #insert(tx: Tx, rows: ReturnType<typeof queueRows>, letter: Letter): Promise<void> {
    const { store, events } = this.#ports;
    await store.insertMessage(tx, rows.message, rows.deliveries);
    await events.append(tx, rows.event);
    const { request } = letter;
    if (request) {
      await store.forgetRequestsBefore(tx, letter.nowMs - idempotencyMs);
      await store.rememberRequest(tx, {
        account: letter.sender.account,
        idempotency_key: request.key,
        request_sha256: request.sha256,
        message_id: letter.id,
        created_at_ms: letter.nowMs,
      });
    }
  }
}

async function draftOf(letter: Letter, domain: DomainName, bytes: Uint8Array, returnPath: string): Promise<Draft> {
  const pieces = [bytes];
  if (letter.body) for await (const piece of letter.body.chunks()) pieces.push(piece);
  return { message: concat(pieces), domain, returnPath, isBulk: letter.stream.kind === 'bulk' };
}

const busy = refuse('busy', 'Busy with other large messages; nothing was accepted.');
const storageFull = refuse('storage-full', 'No space left to store mail; nothing was accepted.');

/** The same mailbox in To and Bcc gets one copy. */
function uniqueMailboxes(mailboxes: readonly RawRecipient[]): RawRecipient[] {
  return [...new Map(mailboxes.map((mailbox) => [formatAddrSpec(mailbox), mailbox])).values()];
}

function wordsFor(entrance: Entrance, sender: Sender): string {
  if (sender.kind === 'relay') return 'SMTP from a relay network';
  if (entrance.kind === 'smtp') return 'submission with a login';
  return entrance.kind === 'http' ? 'the API, as a whole message' : 'the command line';
}
