/**
 * One SMTP connection from banner to goodbye: tells the server machine what the client says and obeys its effects. Replies to
 * commands that came together leave in one write (RFC 2920 §3.2): when nothing is left to read, or when somebody must wait.
 */
import { fromLatin1 } from '../../base/bytes.ts';
import type { Timers } from '../../base/clock.ts';
import type { OctetBudget } from '../../base/limits.ts';
import { Fault, invariant, unreachable } from '../../base/outcome.ts';
import type { Memory } from '../../base/port/memory.ts';
import type { Connection, TlsIdentity } from '../../base/port/net.ts';
import type { SignalFields, Signals } from '../../base/port/signals.ts';
import type { Credentials } from '../../protocol/sasl/sasl-server.ts';
import type { SmtpLimits } from '../../protocol/smtp/limits.ts';
import { LineReader } from '../../protocol/smtp/line-reader.ts';
import { isPositive, type Reply, replyOf, writeReply } from '../../protocol/smtp/reply.ts';
import { lineOctetsMax, step } from '../../protocol/smtp/server.ts';
import {
  type Chunk,
  type MailCommand,
  newServerSession,
  type ServerEffect,
  type ServerInput,
  type ServerOptions,
  type ServerSession,
} from '../../protocol/smtp/server-session.ts';
import { Ear, type EarListener, type Heard } from './ear.ts';
import { OpenTransaction, replyToTrouble } from './open-transaction.ts';
import { type BodyEnd, type BodySource, swallowChunk } from './receive-body.ts';
import type { SmtpVisit } from './smtp-policy.ts';

export type ConversationDeps = {
  readonly limits: SmtpLimits;
  /** What a visit of this kind is offered at this moment. */
  readonly optionsFor: (visit: { readonly login: ServerOptions['login']; readonly dsn: boolean }) => ServerOptions;
  readonly timers: Timers;
  /** With `listener` filled in. */
  readonly emit: Signals['emit'];
  /** The certificate of now; undefined: no TLS here. */
  readonly identity: () => TlsIdentity | undefined;
  /** Most connections are taken: less patience. */
  readonly underLoad: () => boolean;
  /** While it is short nobody begins a new message: what is under way needs what is left. */
  readonly memory: Memory;
  /** Octets that wait for the disk, of all conversations of the listener. */
  readonly unwritten: OctetBudget;
};

/** Replies wait for each other up to here, so that a client who never reads cannot make us hold much. */
const heldOctetsMax = 8_192;
/** Later than that no timer fires in a flood of strangers, so looking twice costs nothing there. */
const heldUpMs = 50;
const tlsHandshakeOctet = 0x16; // RFC 8446 §5.1
const shortOfMemory = replyOf('452 4.3.1', 'Short of memory; try again later');
const senderNoted = replyOf('250 2.1.0', 'Sender noted');
const trouble = replyOf('421 4.3.0', 'Something is wrong on our side; try again later');

const noOneToTell = () => {};

/** While the client is silent it holds little beside its connection; what all have in common is in `deps`. */
export class Conversation implements EarListener {
  readonly #connection: Connection;
  readonly #client: string;
  readonly #visit: SmtpVisit;
  readonly #deps: ConversationDeps;
  readonly #ear: Ear;
  readonly #reader = new LineReader();
  #session: ServerSession;
  #transaction: OpenTransaction | undefined;
  #held = '';
  /** Accepted messages whose reply is among the held ones. */
  #unanswered: OpenTransaction[] | undefined;
  #beganMs = 0;
  #onOver: () => void = noOneToTell;
  #lineBeganMs = 0;
  #gone = false;
  #stopping = false;
  #messages = 0;

  /** @param early octets that came before SMTP began (behind a PROXY header) */
  constructor(
    connection: Connection,
    about: { readonly client: string; readonly visit: SmtpVisit; readonly early: Uint8Array },
    deps: ConversationDeps,
  ) {
    const { client, visit, early } = about;
    this.#connection = connection;
    this.#client = client;
    this.#visit = visit;
    this.#deps = deps;
    this.#ear = new Ear(connection, deps.timers);
    this.#reader.push(early);
    this.#session = newServerSession(
      deps.optionsFor({ login: visit.login, dsn: visit.dsn === true }),
      connection.tls !== undefined,
    );
  }

  /** Lets a transaction under way finish, and says goodbye then; at once when there is none. */
  stop(): void {
    this.#stopping = true;
    this.#ear.interrupt();
  }

  /** @param onOver called once, when the connection is closed */
  start(onOver: () => void): void {
    this.#onOver = onOver;
    this.#beganMs = this.#deps.timers.monotonicMs();
    this.#emit('debug', 'smtp.connection_opened');
    void this.#goOn();
  }

  heard(heard: Heard): void {
    if (heard.kind === 'octets') this.#reader.push(heard.octets);
    if (heard.kind === 'end') this.#gone = true;
    void this.#goOn();
  }

  /** Runs while there is something to do; while there is not, no frame waits, only the ear listens. Never throws. */
  async #goOn(): Promise<void> {
    try {
      if (this.#session.phase.at === 'opening') await this.#open();
      while (!this.#gone && this.#session.phase.at !== 'closed') {
        const input = this.#nextInput() ?? this.#timeUp();
        if (input) {
          await this.#tell(input);
          this.#lineBeganMs = this.#deps.timers.monotonicMs(); // what we took our time for is not the client's time
          continue;
        }
        await this.#flush();
        if (this.#stopping && !this.#session.stopping) continue;
        return this.#ear.listen(this.#napMs(), this);
      }
      await this.#forget();
      await this.#connection.end();
    } catch (error) {
      await this.#giveUp(error);
    }
    await this.#over();
  }

  async #over(): Promise<void> {
    this.#connection.destroy();
    this.#ear.close();
    await this.#forget();
    const seconds = Math.round((this.#deps.timers.monotonicMs() - this.#beganMs) / 1000);
    this.#emit('debug', 'smtp.connection_closed', { seconds, messages: this.#messages });
    this.#onOver();
  }

  /** A `Fault` is the peer's leaving or the machine's trouble; everything else is a mistake of ours, and the log must show it. */
  async #giveUp(error: unknown): Promise<void> {
    if (error instanceof Fault) {
      this.#emit('debug', 'smtp.connection_lost', { code: error.code });
      return;
    }
    this.#emit('error', 'smtp.connection_failed', { error: describe(error) });
    this.#held += writeReply(trouble); // behind what was answered already: a 250 that is owed must not get lost
    await this.#flush().catch(() => {});
  }

  async #open(): Promise<void> {
    let talked = this.#reader.unread.length > 0;
    if (!talked && this.#visit.isExpected !== true) {
      const pauseMs = this.#deps.limits.early_talk_milliseconds;
      const lateMs = this.#deps.timers.monotonicMs() + pauseMs + heldUpMs;
      let heard = await this.#ear.hear(pauseMs);
      // A timer that is late, where the process was held up, runs before what has arrived meanwhile is read.
      if (heard.kind === 'timeout' && this.#deps.timers.monotonicMs() > lateMs) heard = await this.#ear.hear(0);
      talked = heard.kind === 'octets';
      this.#gone = heard.kind === 'end';
    }
    this.#lineBeganMs = this.#deps.timers.monotonicMs();
    if (!this.#gone) await this.#tell({ kind: 'opened', talked });
  }

  #nextInput(): ServerInput | undefined {
    if (this.#stopping && !this.#session.stopping) return { kind: 'stop' };
    if (!this.#session.tls && this.#reader.unread[0] === tlsHandshakeOctet) return { kind: 'tls-hello' };
    const line = this.#reader.next(lineOctetsMax(this.#session), this.#visit.bareNewline());
    if (!line) return undefined;
    return line.kind === 'line' ? { ...line, more: this.#reader.unread.length > 0 } : line;
  }

  /** A whole line is waited for as long as limits allow; octets that trickle in do not buy more time. */
  #timeUp(): ServerInput | undefined {
    return this.#patienceLeftMs() <= 0 ? { kind: 'timeout' } : undefined;
  }

  #patienceLeftMs(): number {
    const { limits, timers, underLoad } = this.#deps;
    const seconds = underLoad() ? limits.command_seconds_under_load : limits.command_seconds;
    return this.#lineBeganMs + seconds * 1000 - timers.monotonicMs();
  }

  /** In short naps: load may come meanwhile. */
  #napMs(): number {
    return Math.min(Math.max(this.#patienceLeftMs(), 0), this.#deps.limits.command_seconds_under_load * 1000);
  }

  async #tell(first: ServerInput): Promise<void> {
    let input: ServerInput | undefined = first;
    while (input) {
      const { next, effects } = step(this.#session, input);
      this.#session = next;
      input = undefined;
      for (const effect of effects) {
        const underWay = this.#obey(effect);
        if (underWay) input = (await underWay) ?? input;
      }
    }
  }

  /** Answers what the machine must hear of it; no promise where nobody is waited for. */
  #obey(effect: ServerEffect): Promise<ServerInput | undefined> | undefined {
    switch (effect.kind) {
      case 'reply':
        return this.#hold(effect.reply);
      case 'start-tls':
        return this.#startTls();
      case 'ask-login':
        return this.#askLogin(effect.credentials).then((verdict) => ({ kind: 'login-verdict', verdict }));
      case 'ask-mail':
        return this.#askMail(effect.mail).then(verdictOf);
      case 'ask-rcpt':
        return this.#current().rcpt(effect.rcpt).then(verdictOf);
      case 'ask-data':
        return this.#openBody(this.#current());
      case 'begin-data':
        return this.#receive(this.#current());
      case 'take-chunk':
        return this.#receiveChunk(this.#current(), effect.chunk);
      case 'swallow-chunk':
        return this.#swallowChunk(effect.octets);
      case 'ask-message':
        return this.#askMessage(this.#current()).then(verdictOf);
      case 'forget':
        return this.#transaction && this.#forget();
      case 'close':
        return this.#flush();
      default:
        return unreachable(effect);
    }
  }

  #current(): OpenTransaction {
    invariant(this.#transaction, 'the machine asks for recipients and data within a transaction only');
    return this.#transaction;
  }

  async #openBody(transaction: OpenTransaction): Promise<ServerInput> {
    if (this.#deps.memory.isShort()) return verdictOf(shortOfMemory); // many may have said MAIL while there was plenty
    const reply = await transaction.openBody();
    return reply ? verdictOf(reply) : { kind: 'go-ahead' };
  }

  #hold(reply: Reply): Promise<undefined> | undefined {
    this.#held += writeReply(reply);
    return this.#held.length > heldOctetsMax ? this.#flush() : undefined;
  }

  /** A client that does not read is waited for as long as one that does not speak. */
  async #flush(): Promise<undefined> {
    const { limits, underLoad } = this.#deps;
    if (this.#held === '') return;
    const octets = fromLatin1(this.#held);
    const answered = this.#unanswered;
    this.#held = '';
    this.#unanswered = undefined;
    const seconds = underLoad() ? limits.command_seconds_under_load : limits.command_seconds;
    this.#ear.deadline.set(seconds * 1000, () => this.#connection.destroy());
    try {
      await this.#connection.write(octets);
    } catch (error) {
      for (const transaction of answered ?? []) await transaction.unanswered();
      throw error;
    } finally {
      this.#ear.deadline.clear();
    }
  }

  async #startTls(): Promise<ServerInput> {
    const identity = this.#deps.identity();
    if (!identity) throw new Fault('TLS_IDENTITY', 'the certificate is gone');
    this.#reader.takeRest(); // RFC 3207 §4.2: what was said in clear is forgotten, the unread part of it too
    const abort = new AbortController();
    const cancel = this.#deps.timers.after(this.#deps.limits.tls_handshake_seconds * 1000, () => abort.abort());
    try {
      const written = this.#flush();
      const [facts] = await Promise.all([this.#connection.startTlsAsServer(identity, abort.signal), written]);
      this.#emit('debug', 'smtp.tls_established', { protocol: facts.protocol, cipher: facts.cipher });
      return { kind: 'tls-established' };
    } catch (error) {
      this.#emit('info', 'smtp.tls_failed', { code: error instanceof Fault ? error.code : describe(error) });
      throw error;
    } finally {
      cancel();
    }
  }

  async #askLogin(credentials: Credentials): Promise<'yes' | 'no' | 'later'> {
    try {
      const verdict = await this.#visit.authenticate(credentials);
      this.#emit(verdict === 'no' ? 'warn' : 'info', 'smtp.login', { verdict });
      return verdict;
    } catch (error) {
      this.#tellTrouble(error);
      return 'later';
    }
  }

  async #askMail(mail: MailCommand): Promise<Reply> {
    const { helo = '', extended } = this.#session;
    if (this.#deps.memory.isShort()) return shortOfMemory;
    try {
      const answer = await this.#visit.mail(mail, { helo, extended, tls: this.#connection.tls });
      if (answer.kind === 'refuse') return answer.reply;
      this.#transaction = new OpenTransaction(answer.transaction, (error) => this.#tellTrouble(error));
      return senderNoted;
    } catch (error) {
      this.#tellTrouble(error);
      return replyToTrouble(error);
    }
  }

  async #receive(transaction: OpenTransaction): Promise<ServerInput | undefined> {
    await this.#flush();
    const end = await transaction.receive(this.#bodySource(), () => this.#reader.takeRest());
    if (end.kind === 'endless') return { kind: 'data-end', as: 'endless' };
    if (end.kind !== 'complete' && end.kind !== 'too-large') return this.#brokenOff(end);
    this.#reader.push(end.rest);
    return { kind: 'data-end', as: end.kind };
  }

  async #receiveChunk(transaction: OpenTransaction, chunk: Chunk): Promise<ServerInput | undefined> {
    await this.#flushUnlessThere(chunk.octets);
    const first = () => this.#reader.takeRest();
    const end = await transaction.receiveChunk(this.#bodySource(), chunk, first);
    if (end.kind !== 'complete' && end.kind !== 'too-large') return this.#brokenOff(end);
    this.#reader.push(end.rest);
    return end.refusal ? { kind: 'chunk-end', as: 'failed', reply: end.refusal } : { kind: 'chunk-end', as: end.kind };
  }

  async #swallowChunk(octets: number): Promise<ServerInput | undefined> {
    await this.#flushUnlessThere(octets);
    const end = await swallowChunk(this.#bodySource(), octets, () => this.#reader.takeRest());
    if (end.kind !== 'complete') return this.#brokenOff(end);
    this.#reader.push(end.rest);
    return { kind: 'chunk-end', as: 'complete' };
  }

  /** Who is still to send some of it may want our answers first. */
  async #flushUnlessThere(octets: number): Promise<void> {
    if (this.#reader.unread.length < octets) await this.#flush();
  }

  #bodySource(): BodySource {
    const { timers, limits, memory, unwritten } = this.#deps;
    return { ear: this.#ear, timers, limits, memory, unwritten, bareNewline: this.#visit.bareNewline() };
  }

  #brokenOff({ kind }: Extract<BodyEnd, { kind: 'bare-newline' | 'timeout' | 'gone' }>): ServerInput | undefined {
    if (kind !== 'gone') return { kind };
    this.#gone = true;
    return undefined;
  }

  async #askMessage(transaction: OpenTransaction): Promise<Reply> {
    const reply = await transaction.finish();
    if (isPositive(reply)) {
      this.#messages++;
      this.#unanswered = [...(this.#unanswered ?? []), transaction];
    }
    const { size, longestLine, nuls } = transaction.facts ?? {};
    const fields: SignalFields = { code: reply.code, bytes: size, longest_line: longestLine, nuls };
    this.#emit('info', 'smtp.message', fields);
    return reply;
  }

  #emit(level: Parameters<Signals['emit']>[0], name: string, fields?: SignalFields): void {
    this.#deps.emit(level, name, { client: this.#client, ...fields });
  }

  async #forget(): Promise<undefined> {
    const transaction = this.#transaction;
    this.#transaction = undefined;
    await transaction?.discard();
  }

  #tellTrouble(error: unknown): void {
    const fields = error instanceof Fault ? { code: error.code } : {};
    this.#emit('error', 'smtp.policy_failed', { ...fields, error: describe(error) });
  }
}

function verdictOf(reply: Reply): ServerInput {
  return { kind: 'verdict', reply };
}

function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
