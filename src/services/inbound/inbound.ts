/**
 * Inbound: mail that comes to this office. `admit` answers RCPT; `receive` takes a whole message, gathers the facts (SPF, DKIM,
 * DMARC, ARC, traces), has them judged, and stores what is kept with its event in one transaction. The reply is given only after
 * the commit. Everything that is refused is refused inside the dialogue, so nothing is ever bounced to strangers.
 */
import { concat } from '../../base/bytes.ts';
import type { Timers } from '../../base/clock.ts';
import type { Ids } from '../../base/id.ts';
import { OctetBudget, RateWindow } from '../../base/limits.ts';
import { isStorageFull, unreachable } from '../../base/outcome.ts';
import type { Db } from '../../base/port/db.ts';
import type { Disk } from '../../base/port/disk.ts';
import { type Memory, plentyOfMemory } from '../../base/port/memory.ts';
import type { Signals } from '../../base/port/signals.ts';
import { formatAddrSpec, type Mailbox, type Path } from '../../format/address.ts';
import type { DomainName } from '../../format/domain-name.ts';
import { clientNetwork, parseIpAddress } from '../../format/ip-address.ts';
import { fieldText, indexMessage, type MessageIndex } from '../../format/message/message-index.ts';
import { type Hop, smtpKeyword, writeReceivedField } from '../../format/message/received-field.ts';
import { decodeWords } from '../../format/mime/encoded-word.ts';
import { forgedResultsFields } from '../../protocol/auth-results/strip-auth-results.ts';
import { authenticationResultsField } from '../../protocol/auth-results/write-auth-results.ts';
import type { Authenticator, AuthReport } from '../../protocol/authenticate.ts';
import type { Resolver } from '../../protocol/dns/types.ts';
import { type LongBody, openLongMessage } from '../../protocol/long-message.ts';
import { readAuthor } from '../../protocol/read-author.ts';
import type { Reply } from '../../protocol/smtp/reply.ts';
import type { MessageTests, PreparedArrival, Scorer } from '../advice/advice.ts';
import { type Directory, isOperatorsAddress } from '../directory/directory.ts';
import type { Events } from '../events/events.ts';
import type { NewEvent } from '../events/types.ts';
import type { MailboxService } from '../mailbox/mailbox.ts';
import type { NewMail } from '../mailbox/types.ts';
import { domainOfBounceHost, type Outbound, type PreparedBounce, type PreparedPassOn } from '../outbound/outbound.ts';
import { gatherFacts } from './gather-facts.ts';
import { type JudgementPolicy, judgeMessage } from './judge-message.ts';
import * as replies from './replies.ts';
import { stampMessage } from './stamp-message.ts';
import type { Admission, Destination, InboundEnvelope, InboundId, Judgement, Peer, Received } from './types.ts';

export type InboundPorts = {
  readonly db: Db;
  readonly disk: Disk;
  readonly directory: Directory;
  readonly mailbox: MailboxService;
  readonly outbound: Outbound;
  readonly events: Events;
  readonly authenticator: Authenticator;
  readonly resolver: Resolver;
  readonly timers: Timers;
  readonly ids: Ids;
  readonly signals: Signals;
  /** Test addresses; absent: there are none. */
  readonly tests?: MessageTests;
  /** Made when it is first needed. */
  readonly scorer?: () => Promise<Scorer>;
  /** Absent: there is plenty. */
  readonly memory?: Memory;
};

export type InboundOptions = JudgementPolicy & { readonly hostname: DomainName };

/** Bounces one client may bring in ten minutes; a real server rarely has ten. */
const nullSenderMax = 200;
const nullSenderWindowMs = 10 * 60_000;
/**
 * Messages being judged that came in memory are held whole, and once more when they are stamped; so are those that may be bounces,
 * which have to be read through. Without a bound strangers with many connections and slow name servers could have us hold gigabytes:
 * 600 messages of 250 KB whose authors' DNS was silent killed a process that might have 224 MB. Small ones always go on: 2,000
 * connections bring 32 MB of them at most.
 */
const judgedAtOnce = { most: 128 * 1024 * 1024, small: 16 * 1024 };
/** The same where memory is small. */
const judgedShareMax = 1 / 8;
/** Of any other message only this is held at most: its header, once more stamped, and the pieces that are under way. */
const streamedOctetsMax = 1024 * 1024;
/** Shown in lists; longer ones are cut. */
const subjectMax = 300;

/** What the authentication of one message found. */
type Findings = { readonly report: AuthReport; readonly authorSpf: string; readonly senderNeverReceives: boolean };

export { isExempt } from './gather-facts.ts';

export class Inbound {
  readonly #ports: InboundPorts;
  readonly #options: InboundOptions;
  readonly #nullSenders: RateWindow;
  readonly #octets: OctetBudget;
  readonly #memory: Memory;

  constructor(ports: InboundPorts, options: InboundOptions) {
    this.#ports = ports;
    this.#options = options;
    this.#memory = ports.memory ?? plentyOfMemory;
    const most = Math.min(judgedAtOnce.most, this.#memory.limitBytes * judgedShareMax);
    this.#octets = new OctetBudget({ ...judgedAtOnce, most });
    this.#nullSenders = new RateWindow(ports.timers, { windowMs: nullSenderWindowMs });
  }

  /** RCPT: where the recipient's mail goes, or why it cannot come in here. */
  async admit(peer: Peer, mailFrom: Mailbox | undefined, path: Path): Promise<Admission> {
    if (mailFrom === undefined && peer.via === 'smtp' && this.#nullSenders.add(networkOf(peer)) > nullSenderMax) {
      return { kind: 'refuse', reply: replies.tooManyBounces };
    }
    if (this.#ports.disk.isLow()) return { kind: 'refuse', reply: replies.storageFull };
    if (path.kind === 'null') return { kind: 'refuse', reply: replies.noSuchMailbox };
    if (path.kind === 'postmaster') {
      return this.#admitOperator({ local: 'postmaster', domain: this.#options.hostname }); // RFC 5321 §4.5.1: no domain
    }
    const { mailbox } = path;
    if (mailbox.domain === this.#options.hostname && isOperatorsAddress(mailbox.local))
      return this.#admitOperator(mailbox);
    return (await this.#admitBounce(mailbox)) ?? (await this.#admitTest(mailbox)) ?? this.#admitMailbox(mailbox);
  }

  async #admitOperator(recipient: Mailbox): Promise<Admission> {
    const { id } = await this.#ports.directory.operatorMailbox();
    return { kind: 'accept', destination: { kind: 'mailbox', mailbox: id, recipient } };
  }

  /** Mail to a bounce host of ours: only to a return path that we signed. Undefined for every other host. */
  async #admitBounce(recipient: Mailbox): Promise<Admission | undefined> {
    const domain = domainOfBounceHost(recipient.domain);
    if (!domain || !(await this.#ports.directory.ownsDomain(domain))) return undefined;
    const returnPath = this.#ports.outbound.bounceSubject(recipient.local);
    return returnPath
      ? { kind: 'accept', destination: { kind: 'bounce', recipient, returnPath } }
      : { kind: 'refuse', reply: replies.noSuchMailbox };
  }

  async #admitTest(recipient: Mailbox): Promise<Admission | undefined> {
    const test = await this.#ports.tests?.at(recipient.local, recipient.domain);
    return test && { kind: 'accept', destination: { kind: 'test', recipient, token: test.token } };
  }

  async #admitMailbox(recipient: Mailbox): Promise<Admission> {
    const answer = await this.#ports.directory.resolve(recipient);
    switch (answer.kind) {
      case 'mailbox':
        return { kind: 'accept', destination: { kind: 'mailbox', mailbox: answer.mailbox.id, recipient } };
      case 'unknown':
        return { kind: 'refuse', reply: replies.noSuchMailbox };
      case 'not-ours':
        return { kind: 'refuse', reply: replies.relayDenied };
      default:
        return unreachable(answer);
    }
  }

  /** End of data: the reply is the truth about what is on the disk. */
  async receive(envelope: InboundEnvelope): Promise<Received> {
    const { body, destinations } = envelope;
    if (!body.inMemory && destinations.every(({ kind }) => kind === 'mailbox')) {
      const taken = await this.#within(Math.min(streamedOctetsMax, 2 * body.size), async () => {
        const long = await openLongMessage(body);
        return long && this.#judgeAndKeep(envelope, { index: long.header, body: long.body });
      });
      if (taken) return taken;
    }
    return this.#within(body.size, async () =>
      this.#judgeAndKeep(envelope, { index: indexMessage(await body.read()) }),
    );
  }

  async #within<T>(octets: number, work: () => Promise<T>): Promise<T | Received> {
    const isHeavy = octets > judgedAtOnce.small;
    const give = isHeavy && this.#memory.isShort() ? undefined : this.#octets.take(octets);
    if (!give) return { reply: replies.busy, disposition: 'later' };
    try {
      return await work();
    } finally {
      give();
    }
  }

  async #judgeAndKeep(envelope: InboundEnvelope, letter: Letter): Promise<Received> {
    const id = this.#ports.ids.next('inb');
    const { index } = letter;
    try {
      const findings = envelope.peer.via === 'smtp' ? await this.#authenticate(envelope, letter) : undefined;
      const judgement = findings ? this.#judge(envelope, index, findings) : ofThisHouse;
      const reply = await this.#act({ id, envelope, letter, index, judgement, findings });
      this.#signal(envelope, judgement, findings);
      return { reply, disposition: judgement.disposition, id };
    } catch (error) {
      if (isStorageFull(error)) return { reply: replies.storageFull, disposition: 'later' };
      throw error;
    }
  }

  async #authenticate(envelope: InboundEnvelope, letter: Letter): Promise<Findings> {
    const { authenticator } = this.#ports;
    const { peer, mailFrom } = envelope;
    const session = { remoteAddress: peer.address, helo: peer.helo };
    const message = letter.body ? envelope.body.chunks() : letter.index.bytes;
    const [report, senderNeverReceives] = await Promise.all([
      authenticator.authenticate(message, { ...session, mailFrom: mailFrom ? formatAddrSpec(mailFrom) : '' }),
      this.#isNullMx(mailFrom?.domain),
    ]);
    const author = report.dmarc.domain;
    // Only a failure under p=reject asks whether the author's own domain rules this client out.
    const asks = report.dmarc.result === 'fail' && report.dmarc.applied === 'reject' && author !== null;
    const sameDomain = report.spf.domain === author;
    const authorSpf = !asks
      ? 'none'
      : sameDomain
        ? report.spf.result
        : (await authenticator.evaluateSpf({ ...session, mailFrom: `postmaster@${author}` })).result;
    return { report, authorSpf, senderNeverReceives };
  }

  async #isNullMx(domain: DomainName | undefined): Promise<boolean> {
    if (domain === undefined) return false;
    const answer = await this.#ports.resolver.lookup(domain, 'MX');
    // RFC 7505 §3: a single record of preference 0 with the root as its host
    return answer.kind === 'found' && answer.records.length === 1 && answer.records[0]?.exchange === '';
  }

  #judge(envelope: InboundEnvelope, index: MessageIndex, findings: Findings): Judgement {
    const recipients = envelope.destinations.map(({ recipient }) => formatAddrSpec(recipient));
    return judgeMessage(
      gatherFacts({ ...findings, index, destinations: envelope.destinations, recipients }),
      this.#options,
    );
  }

  /** Carries the judgement out. What needs more than the transaction is prepared before it. */
  async #act(about: About): Promise<Reply> {
    const { id, envelope, judgement, findings } = about;
    const kept = judgement.disposition === 'accept' || judgement.disposition === 'junk';
    const work: Work = { mails: [], bounces: [], passedOn: [], tests: [] };
    const reply = replies.replyTo(judgement, id);
    try {
      for (const destination of kept ? envelope.destinations : []) await this.#prepare(work, destination, about);
      const note = kept ? await envelope.prepareNote?.(reply) : undefined;
      await this.#ports.db.write(async (tx) => {
        for (const mail of work.mails) await this.#ports.mailbox.append(tx, mail);
        for (const bounce of work.bounces) await this.#ports.outbound.storeBounce(tx, bounce);
        for (const passOn of work.passedOn) await this.#ports.outbound.storePassOn(tx, passOn);
        for (const test of work.tests) await this.#ports.tests?.keep(tx, test);
        await this.#ports.events.append(tx, receivedEvent(id, envelope, judgement, findings?.report));
        await note?.(tx);
      });
    } finally {
      for (const { body } of [...work.mails, ...work.passedOn]) await body.discard(); // what was kept stays
    }
    return reply;
  }

  async #prepare(work: Work, destination: Destination, about: About): Promise<void> {
    if (destination.kind === 'mailbox') {
      work.mails.push(await this.#mailFor(destination, about));
      return;
    }
    if (destination.kind === 'test') {
      work.tests.push(...(await this.#score(destination.token, about)));
      return;
    }
    const { outbound } = this.#ports;
    const { returnPath } = destination;
    const bounce = await outbound.prepareBounce(returnPath, about.index.bytes);
    if (bounce) {
      work.bounces.push(bounce);
      return;
    }
    const reader = await this.#readerOf(destination, about);
    if (reader.kind === 'mailbox') work.mails.push(await this.#mailFor(reader, about));
    else {
      const bytes = concat([this.#receivedField(about), about.index.bytes]);
      work.passedOn.push(await outbound.preparePassOn(reader.to, bytes, returnPath));
    }
  }

  async #score(token: string, { envelope, index }: About): Promise<readonly PreparedArrival[]> {
    const { tests, scorer } = this.#ports;
    if (tests === undefined || scorer === undefined) return [];
    const { peer, mailFrom } = envelope;
    // Mail of this house crossed no network: what a connection would show is not known.
    const connection = { remoteAddress: peer.address, helo: peer.helo, tls: peer.tls?.protocol ?? 'none' };
    const session = {
      ...(peer.via === 'smtp' && connection),
      mailFrom: mailFrom ? formatAddrSpec(mailFrom) : '',
    };
    return [await tests.prepare(token, index.bytes, { scorer: await scorer(), session })];
  }

  /**
   * Who reads mail to a return path that is no bounce: the original envelope sender, whose address the return path stands in for.
   * The operator does, where nobody else can: the mail was sent through the API, or its sender has no mailbox here any more. And
   * where the author's own domain disowns it: keeping that is harmless, passing it on would make the forgery ours.
   */
  async #readerOf(bounce: BounceDestination, { findings, judgement }: About): Promise<Reader> {
    const { directory, outbound } = this.#ports;
    const operator = async (): Promise<Reader> => ({
      kind: 'mailbox',
      mailbox: (await directory.operatorMailbox()).id,
      recipient: bounce.recipient,
    });
    const owner = await outbound.returnPathOwner(bounce.returnPath);
    if (owner === undefined || owner.domain === this.#options.hostname) return operator();
    const answer = await directory.resolve(owner);
    switch (answer.kind) {
      case 'mailbox':
        return { kind: 'mailbox', mailbox: answer.mailbox.id, recipient: owner };
      case 'unknown':
        return operator();
      case 'not-ours': {
        const isDisowned = judgement.unauthenticated === true && findings?.report.dmarc.result === 'fail';
        return isDisowned ? operator() : { kind: 'elsewhere', to: owner };
      }
      default:
        return unreachable(answer);
    }
  }

  #receivedField(about: About): Uint8Array {
    return writeReceivedField(hopOf(about, this.#options.hostname, this.#ports.timers.nowMs()));
  }

  /** The message as its reader will find it. */
  async #mailFor(destination: MailboxDestination, about: About): Promise<NewMail> {
    const { letter, index, envelope, judgement, findings } = about;
    const nowMs = this.#ports.timers.nowMs();
    const envelopeFrom = envelope.mailFrom ? formatAddrSpec(envelope.mailFrom) : '';
    const recipient = formatAddrSpec(destination.recipient);
    const { hostname } = this.#options;
    const results = findings && authenticationResultsField(hostname, findings.report.results);
    const received = this.#receivedField(about);
    return {
      mailbox: destination.mailbox,
      folder: judgement.disposition === 'junk' ? 'Junk' : 'INBOX',
      body: await this.#ports.mailbox.spool(
        stampMessage(index, {
          envelopeFrom,
          recipient,
          trace: results ? [results, received] : [received],
          forged: forgedResultsFields(index, [hostname]),
        }),
        letter.body?.chunks(),
      ),
      receivedAtMs: nowMs,
      envelopeFrom,
      recipient,
      headerFrom: judgement.unauthenticated ? null : findings ? findings.report.headerFrom : authorOf(index),
      subject: decodeWords(fieldText(index, 'subject') ?? '')
        .slice(0, subjectMax)
        .toWellFormed(),
      verdicts: {
        ...(findings ? verdictsOf(findings.report) : { via: 'this office' }),
        ...(judgement.unauthenticated ? { author: 'unauthenticated' } : {}),
      },
    };
  }

  #signal(envelope: InboundEnvelope, judgement: Judgement, findings: Findings | undefined): void {
    this.#ports.signals.emit('info', 'inbound.message', {
      disposition: judgement.disposition,
      via: envelope.peer.via,
      remote: envelope.peer.address,
      recipients: envelope.destinations.length,
      octets: envelope.body.size,
      dmarc: findings?.report.dmarc.result,
      spf: findings?.report.spf.result,
    });
  }
}

function networkOf(peer: Peer): string {
  const address = parseIpAddress(peer.address);
  return address ? clientNetwork(address) : peer.address;
}

/** A message as a whole, or its header with the body where it lies. */
type Letter = { readonly index: MessageIndex; readonly body?: LongBody };

type About = {
  readonly id: InboundId;
  readonly envelope: InboundEnvelope;
  readonly letter: Letter;
  /** Of `letter`. */
  readonly index: MessageIndex;
  readonly judgement: Judgement;
  readonly findings: Findings | undefined;
};

type MailboxDestination = Extract<Destination, { kind: 'mailbox' }>;
type BounceDestination = Extract<Destination, { kind: 'bounce' }>;
type Reader = MailboxDestination | { readonly kind: 'elsewhere'; readonly to: Mailbox };

/** What one message comes to; stored in one transaction. */
type Work = {
  readonly mails: NewMail[];
  readonly bounces: PreparedBounce[];
  readonly passedOn: PreparedPassOn[];
  readonly tests: PreparedArrival[];
};

/** Mail of this office to itself was judged when it was accepted for sending. */
const ofThisHouse: Judgement = { disposition: 'accept', because: ['sent by this office itself'] };

function hopOf(about: About, by: DomainName, dateMs: number): Hop {
  const { peer, smtpUtf8, destinations } = about.envelope;
  const [only, ...others] = destinations;
  const base = { by, id: about.id, dateMs, ...(only && others.length === 0 ? { for: only.recipient } : {}) };
  if (peer.via === 'local') return { ...base, with: 'local' };
  const reverseName = about.findings?.report.iprev?.name;
  return {
    ...base,
    with: smtpKeyword({ extended: peer.extended, tls: peer.tls !== undefined, authenticated: false, smtpUtf8 }),
    from: { helo: peer.helo, address: peer.address, ...(reverseName ? { reverseName } : {}) },
    ...(peer.tls ? { tls: peer.tls } : {}),
  };
}

function authorOf(index: MessageIndex): string | null {
  const author = readAuthor(index);
  return author.kind === 'one' ? formatAddrSpec(author.first) : null;
}

function verdictsOf(report: AuthReport): Record<string, string> {
  const dkim = report.dkim.some(({ result }) => result === 'pass') ? 'pass' : (report.dkim[0]?.result ?? 'none');
  return { spf: report.spf.result, dkim, dmarc: report.dmarc.result, arc: report.arc.result };
}

function receivedEvent(
  id: InboundId,
  envelope: InboundEnvelope,
  judgement: Judgement,
  report: AuthReport | undefined,
): NewEvent {
  return {
    type: 'email.received',
    subject: id,
    data: {
      mail_from: envelope.mailFrom ? formatAddrSpec(envelope.mailFrom) : '',
      recipients: envelope.destinations.map(({ recipient }) => formatAddrSpec(recipient)),
      remote_address: envelope.peer.address,
      helo: envelope.peer.helo,
      size: envelope.body.size,
      disposition: judgement.disposition,
      because: judgement.because,
      ...(report
        ? {
            header_from: report.headerFrom,
            spf: report.spf.result,
            dkim: report.dkim.map(({ result }) => result),
            dmarc: report.dmarc.result,
          }
        : {}),
    },
  };
}
