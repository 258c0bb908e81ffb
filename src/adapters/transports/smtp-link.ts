/**
 * One connection to another host: carries out what the client machine of `protocol/smtp` wants, and tells it what was heard.
 * All waiting is here, each wait with its time-out; all deciding is there.
 */
import { concat, utf8 } from '../../base/bytes.ts';
import type { Timers } from '../../base/clock.ts';
import { Deadline } from '../../base/deadline.ts';
import { Fault, invariant, unreachable } from '../../base/outcome.ts';
import type { Connection, TlsFacts } from '../../base/port/net.ts';
import { awaitedStage, newSession, step } from '../../protocol/smtp/client.ts';
import type { Ending, Trouble } from '../../protocol/smtp/client-ending.ts';
import type { ClientPatience, ReplyStage } from '../../protocol/smtp/client-stages.ts';
import type { ClientEffect, ClientInput, ClientOptions, Envelope, Session } from '../../protocol/smtp/client-state.ts';
import type { JudgeChain } from '../../protocol/smtp/client-tls.ts';
import { DotStuffer, loneDot } from '../../protocol/smtp/dot-stuff.ts';
import { CountedFraming, type Unfit } from '../../protocol/smtp/message-guard.ts';
import { type Nonsense, nonsenseReasons, ReplyReader } from '../../protocol/smtp/read-reply.ts';
import type { OutgoingMessage, TlsSeen, TranscriptStep } from '../../services/outbound/transport.ts';

/** What one write hands to the kernel; the time-out of RFC 5321 §4.5.3.2.5 is about each. */
const blockOctets = 65_536;
/** After a failed write: how long to look for what the other side said before it hung up. */
const lastWordsMs = 2_000;

export type LinkOptions = ClientOptions & {
  readonly at: { readonly host: string; readonly address: string; readonly port: number };
  readonly policy: TlsSeen['policy'];
  readonly requireValid: boolean;
  /** Asked for in the handshake, instead of the host's own name. */
  readonly serverName?: string;
  /** Decides about the certificate instead of the system's authorities. */
  readonly judge?: JudgeChain;
  /** Is told what the handshake showed, certificates included. */
  readonly onTls?: (facts: TlsFacts) => void;
  /** Trust anchors besides the system's. */
  readonly trust?: readonly string[];
  /** TLS from the first octet. RFC 8314 §3.3 */
  readonly implicitTls: boolean;
};

type Told<S> = S extends TranscriptStep ? Omit<S, 'atMs'> : never;
export type Note = (step: Told<TranscriptStep>) => void;

/** Who waits for the link at the moment: may stop it, and hears what is said. */
export type LinkContext = { readonly signal: AbortSignal; readonly note: Note };

export type Content = { readonly message: OutgoingMessage; readonly beforeFinalDot: () => Promise<void> };

export type LinkPorts = { readonly timers: Timers; readonly patience: ClientPatience };

/** What is said while it is our turn belongs to no command; taken for a reply it would shift all that follow. */
const outOfTurn: Trouble = { what: 'nonsense', say: 'spoke out of turn' };

export class SmtpLink {
  readonly connection: Connection;
  readonly #options: LinkOptions;
  readonly #ports: LinkPorts;
  readonly #reader = new ReplyReader();
  readonly #deadline: Deadline;
  #session: Session;
  #context: LinkContext;
  /** Why we cut the connection ourselves, once we did. */
  #cut: Trouble | undefined;
  /** A read begun while the link was idle; the next wait goes on with it. */
  #reading: Promise<Uint8Array | undefined> | undefined;
  #transactions = 0;
  #notOpened: Ending | undefined;
  #endings: readonly Ending[] | undefined;

  constructor(connection: Connection, options: LinkOptions, ports: LinkPorts, context: LinkContext) {
    this.connection = connection;
    this.#options = options;
    this.#ports = ports;
    this.#deadline = new Deadline(ports.timers);
    this.#context = context;
    this.#session = newSession(options);
  }

  /** Where it leads. */
  get at(): LinkOptions['at'] {
    return this.#options.at;
  }

  /** How many transactions were begun on it. */
  get transactions(): number {
    return this.#transactions;
  }

  /** Takes another transaction: nothing is owed by either side. */
  get isReady(): boolean {
    return this.#session.state.at === 'ready' && this.#cut === undefined && this.#reader.isEmpty;
  }

  /** It has carried as many messages as the other side takes on one connection. RFC 9422 §4.1 */
  get isSpent(): boolean {
    return this.#transactions >= (this.#session.capabilities.mailMax ?? Infinity);
  }

  /**
   * Of use to another delivery. Where domains are counted (RFC 9422 §4.3) a connection is for one of them. One that is in the clear
   * because a handshake failed is for this delivery only: the next one may have more luck, and deserves the try.
   */
  get isWorthKeeping(): boolean {
    const isMakeshift = this.#options.startTls === 'never' && !this.#options.implicitTls;
    return this.isReady && !this.isSpent && !isMakeshift && this.#session.capabilities.rcptDomainMax === undefined;
  }

  /** Recipients of one transaction. RFC 9422 §4.2 */
  get recipientsMax(): number {
    return this.#session.capabilities.rcptMax ?? Infinity;
  }

  /** It takes over to tell senders what they asked for. RFC 3461 §5.2.1 */
  get offersDsn(): boolean {
    return this.#session.capabilities.dsn;
  }

  /** It was given up because BDAT was no command there, though it had been offered. */
  get chunkRefused(): boolean {
    return this.#session.chunkRefused;
  }

  get tls(): TlsSeen | undefined {
    const { tls } = this.#session;
    if (!tls) return undefined;
    return {
      protocol: tls.protocol,
      cipher: tls.cipher,
      policy: this.#options.policy,
      certificateValid: tls.authorized || this.#options.judge !== undefined, // judged right, or there would be no session
      ...(tls.authorizationError === undefined || this.#options.judge
        ? {}
        : { certificateProblem: tls.authorizationError }),
    };
  }

  get plainBecause(): string | undefined {
    return this.#session.plainBecause;
  }

  /** Goes as far as `ready`; else answers why not, and the connection is of no further use. */
  async open(): Promise<Ending | undefined> {
    return this.#untilStopped(() => this.#open());
  }

  async #open(): Promise<Ending | undefined> {
    if (this.#options.implicitTls) {
      const tls = await this.#shakeHands();
      if ('what' in tls) return { kind: 'trouble', trouble: tls, stage: 'handshake' };
      this.#session = newSession(this.#options, tls);
    }
    await this.#run(undefined);
    return this.#notOpened;
  }

  /** One transaction; answers an ending per recipient. Throws what `content` threw, after cutting the connection. */
  async transact(envelope: Envelope, content: Content, context: LinkContext): Promise<readonly Ending[]> {
    this.#context = context;
    this.#transactions++;
    this.#endings = undefined;
    await this.#untilStopped(async () => {
      if (!this.isReady) return;
      await this.#tell({ kind: 'begin', envelope }, content);
      await this.#run(content);
    });
    const trouble = this.#cut ?? outOfTurn;
    return this.#endings ?? envelope.recipients.map(() => ({ kind: 'trouble', trouble, stage: 'mail' }));
  }

  /** Whether the host would take these recipients from the null sender: MAIL, RCPT, RSET, and no message. An ending per recipient. */
  async ask(addresses: readonly string[], context: LinkContext): Promise<readonly Ending[]> {
    const recipients = addresses.map((address) => ({ address, internationalised: false }));
    const base = { mailFrom: '', size: 0, smtpUtf8: false, eightBit: false, asksOnly: true } as const;
    this.#context = context;
    this.#endings = undefined;
    await this.#untilStopped(async () => {
      if (!this.isReady) return;
      await this.#tell({ kind: 'begin', envelope: { ...base, recipients } }, undefined);
      await this.#run(undefined);
    });
    const trouble = this.#cut ?? outOfTurn;
    return this.#endings ?? addresses.map(() => ({ kind: 'trouble', trouble, stage: 'mail' }));
  }

  /** Calls once when the other side says anything or goes, while nobody uses the link; the answer ends the watch. */
  watch(onGone: () => void): () => void {
    let watching = true;
    const tell = () => {
      if (watching) onGone();
      watching = false;
    };
    this.#reading ??= this.connection.read();
    this.#reading.then(tell, tell);
    return () => {
      watching = false;
    };
  }

  /** RFC 5321 §4.1.1.10: says QUIT and waits for the answer, though not for long. */
  async quit(): Promise<void> {
    this.#context = { signal: new AbortController().signal, note: () => {} };
    await this.#tell({ kind: 'quit' }, undefined);
    await this.#run(undefined);
    this.#deadline.close();
    await this.connection.end().catch(() => {});
  }

  destroy(): void {
    this.#cutOff({ what: 'cancelled', say: 'was left' });
  }

  /** Listens and tells the machine until it is our turn, or nobody's. */
  async #run(content: Content | undefined): Promise<void> {
    for (;;) {
      const stage = awaitedStage(this.#session.state);
      if (stage === undefined) return;
      if (stage === 'quit' && this.#notOpened) return this.#leave(); // nobody waits for a goodbye
      await this.#tell(await this.#hear(stage, this.#ports.patience.replyMs[stage]), content);
    }
  }

  #leave(): void {
    this.#deadline.close();
    this.connection.end().catch(() => {});
  }

  /** One input to the machine, and all that follows from it without listening. */
  async #tell(input: ClientInput, content: Content | undefined): Promise<void> {
    const { next, effects } = step(this.#session, input);
    this.#session = next;
    for (const effect of effects) {
      const underWay = this.#carryOut(effect, content);
      const further = underWay && (await underWay);
      if (further) await this.#tell(further, content);
    }
  }

  /** Answers at once what needs no waiting. */
  #carryOut(effect: ClientEffect, content: Content | undefined): Promise<ClientInput | undefined> | undefined {
    switch (effect.do) {
      case 'say':
        return this.#say(effect.lines, effect.secret);
      case 'handshake':
        return this.#startTls();
      case 'send-content':
        invariant(content, 'content is sent in a transaction');
        return this.#sendContent(content, effect);
      case 'send-lone-dot':
        return this.#write(loneDot);
      case 'not-opened':
        this.#notOpened = effect.ending;
        return undefined;
      case 'settle':
        this.#endings = effect.endings;
        return undefined;
      case 'close':
        this.#deadline.close();
        this.connection.destroy();
        return undefined;
      case 'opened':
        return undefined;
      default:
        return unreachable(effect);
    }
  }

  #say(lines: readonly string[], secret: boolean): Promise<ClientInput | undefined> {
    if (!this.#reader.isEmpty) return Promise.resolve({ kind: 'trouble', trouble: this.#cutOff(outOfTurn) });
    for (const line of lines) this.#context.note({ step: 'said', line: secret ? masked(line) : line });
    return this.#write(utf8(`${lines.join('\r\n')}\r\n`)); // RFC 6531 §3.3: paths may be UTF-8
  }

  async #startTls(): Promise<ClientInput> {
    this.#reader.clear(); // RFC 3207 §4.2: what came before the handshake may be anybody's
    const tls = await this.#shakeHands();
    return 'what' in tls ? { kind: 'trouble', trouble: tls } : { kind: 'secured', tls };
  }

  async #shakeHands(): Promise<TlsFacts | Trouble> {
    const { at, requireValid, trust, judge, onTls, serverName = at.host } = this.#options;
    const patience = new AbortController();
    const tooLong = () => patience.abort(new DOMException('the handshake took too long', 'TimeoutError'));
    const cancel = this.#ports.timers.after(this.#ports.patience.handshakeMs, tooLong);
    const signal = AbortSignal.any([this.#context.signal, patience.signal]);
    try {
      const shown = await this.connection.startTlsAsClient({
        serverName,
        requireValid,
        signal,
        ...(trust ? { trust } : {}),
        ...(judge || onTls ? { wantChain: true } : {}),
      });
      onTls?.(shown);
      const { chain, ...tls } = shown;
      if (requireValid && !tls.authorized)
        return this.#tlsTrouble(tls.authorizationError ?? 'certificate not valid', tls.authorizationError);
      const judgement = judge?.(chain ?? []);
      if (judgement && !judgement.ok) return this.#tlsTrouble(judgement.why, judgement.code);
      this.#session = { ...this.#session, tls };
      if (this.tls) this.#context.note({ step: 'tls', ...this.tls });
      return tls;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      if (this.#context.signal.aborted) return this.#cutOff(stopped);
      return this.#tlsTrouble(error.code.startsWith('ERR_') ? error.message : error.code, error.code);
    } finally {
      cancel();
    }
  }

  #tlsTrouble(why: string, code?: string): Trouble {
    const say = `could not be spoken to encrypted: ${why}`;
    return this.#cutOff({ what: 'tls', say, ...(code === undefined ? {} : { code }) });
  }

  /**
   * The message in blocks, the last one held back: it leaves together with the final dot, in one packet where it fits, once
   * `beforeFinalDot` has committed that the end may from now on be unsure. The other side should be silent meanwhile; a word or
   * a goodbye from it is heeded while the dot has not left, because then the end is still sure. A chunk lacks its last block
   * instead of a dot; its command leaves together with the first block.
   */
  async #sendContent(content: Content, { allowEightBit, chunk }: SendContent): Promise<ClientInput | undefined> {
    if (!this.#reader.isEmpty) return { kind: 'trouble', trouble: this.#cutOff(outOfTurn) };
    const { message } = content;
    const framing = chunk === undefined ? new DotStuffer({ allowEightBit }) : new CountedFraming({ allowEightBit });
    const interrupted = this.#listenAside();
    const opening = chunk === undefined ? nothing : utf8(`${chunk}\r\n`);
    let held: Uint8Array | undefined;
    let octets = 0;
    let begun = chunk === undefined; // RFC 5321 §4.1.1.4: after a 354 there is no way back
    const begin = () => {
      if (!begun && chunk !== undefined) this.#context.note({ step: 'said', line: chunk });
      begun = true;
    };
    let unfit: ClientInput | undefined;
    const take = async (piece: Uint8Array): Promise<ClientInput | undefined> => {
      if (unfit) return undefined; // to its end, which says whether it was damaged here: then the fault is not its author's
      for (const block of blocksOf(piece)) {
        octets += block.length;
        if (octets > message.size) throw torn(octets, message); // what is behind a chunk would be taken for commands
        const framed = framing.push(block);
        if (!framed.ok) {
          unfit = this.#unfit(framed.code, begun);
          return undefined;
        }
        if (held) {
          begin();
          const failed = await this.#write(held);
          if (failed) return failed;
          if (interrupted()) return await this.#hear('data', lastWordsMs);
        }
        held = held || opening.length === 0 ? framed.value : concat([opening, framed.value]);
      }
      return undefined;
    };
    try {
      const broken = await takeAll(message.chunks(), take);
      if (broken ?? unfit) return broken ?? unfit;
      const end = framing.finish();
      if (!end.ok) return this.#unfit(end.code, begun);
      if (octets !== message.size) throw torn(octets, message);
      await content.beforeFinalDot();
      if (this.#context.signal.aborted) return { kind: 'trouble', trouble: this.#cutOff(stopped) };
      if (interrupted()) return await this.#hear('data', lastWordsMs);
      await this.#tell({ kind: 'dotted' }, content);
      begin();
      this.#context.note({ step: 'message-sent', octets });
      return await this.#write(concat([held ?? opening, end.value]));
    } catch (error) {
      this.#cutOff(stopped); // RFC 5321 §4.1.1.4: without the final dot nothing was sent
      throw error;
    }
  }

  /** Begins to read without waiting; the answer says whether something came. The next `#hear` goes on with it. */
  #listenAside(): () => boolean {
    let came = false;
    const tell = () => {
      came = true;
    };
    this.#reading ??= this.connection.read();
    this.#reading.then(tell, tell);
    return () => came;
  }

  #unfit(why: Unfit, begun: boolean): ClientInput {
    if (begun) this.#cutOff(stopped);
    return { kind: 'unfit', why, begun };
  }

  /** Answers an input only when it failed: the other side's last words, where it left any, else that it is gone. */
  async #write(bytes: Uint8Array): Promise<ClientInput | undefined> {
    const { dataBlockMs } = this.#ports.patience;
    const late: Trouble = { what: 'timeout', say: `took nothing for ${dataBlockMs / 1000} s` };
    try {
      for (let from = 0; from < bytes.length; from += blockOctets) {
        this.#deadline.set(dataBlockMs, () => this.#cutOff(late));
        await this.connection.write(bytes.subarray(from, from + blockOctets));
      }
      return undefined;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      if (this.#cut) return { kind: 'trouble', trouble: this.#cut };
      const last = await this.#hear(awaitedStage(this.#session.state) ?? 'data', lastWordsMs);
      return last.kind === 'reply' ? last : { kind: 'trouble', trouble: lostBy(error) };
    } finally {
      this.#deadline.clear();
    }
  }

  /** The next reply, or why there is none. Nonsense, silence and a lost connection all end the link. */
  async #hear(stage: ReplyStage, patienceMs: number): Promise<ClientInput> {
    const late: Trouble = { what: 'timeout', say: `gave no answer for ${patienceMs / 1000} s (${stage})` };
    this.#deadline.set(patienceMs, () => this.#cutOff(late));
    try {
      for (;;) {
        const heard = this.#reader.next();
        if (heard?.kind === 'reply') {
          const { code, enhanced, text } = heard.reply;
          this.#context.note({ step: 'heard', stage, code, text, ...(enhanced === undefined ? {} : { enhanced }) });
          return heard;
        }
        if (heard) return this.#nonsense(heard.nonsense, stage);
        const chunk = this.#cut ?? (await this.#read());
        if ('what' in chunk) return { kind: 'trouble', trouble: chunk };
        this.#reader.push(chunk);
      }
    } finally {
      this.#deadline.clear();
    }
  }

  #nonsense({ why, heard }: Nonsense, stage: ReplyStage): ClientInput {
    this.#context.note({ step: 'heard', stage, code: 0, text: heard });
    return { kind: 'trouble', trouble: { what: 'nonsense', say: `gave ${nonsenseReasons[why]}`, heard } };
  }

  async #read(): Promise<Uint8Array | Trouble> {
    const reading = this.#reading ?? this.connection.read();
    this.#reading = undefined;
    try {
      return (await reading) ?? this.#cut ?? { what: 'lost', say: 'closed the connection' };
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      return this.#cut ?? lostBy(error);
    }
  }

  /**
   * Whoever waits for the link may stop it, which cuts the connection as a time limit does: that ends every read and write on it. So
   * does whatever is thrown on the way: nobody has the link in hand then who could.
   */
  async #untilStopped<T>(run: () => Promise<T>): Promise<T> {
    const { signal } = this.#context;
    const onAbort = () => this.#cutOff(stopped);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      return await run();
    } catch (error) {
      this.#cutOff(stopped);
      throw error;
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  #cutOff(trouble: Trouble): Trouble {
    this.#deadline.close();
    this.#cut ??= trouble;
    this.connection.destroy();
    return this.#cut;
  }
}

type SendContent = Extract<ClientEffect, { do: 'send-content' }>;

const nothing = new Uint8Array(0);

function torn(octets: number, message: OutgoingMessage): Fault {
  return new Fault('MESSAGE_TORN', `${octets} octets of a message of ${message.size}`);
}

const stopped: Trouble = { what: 'cancelled', say: 'was left, because this delivery was stopped' };

function lostBy(fault: Fault): Trouble {
  return { what: 'lost', say: `was lost (${fault.code})` };
}

/** `AUTH PLAIN ***`; the lines after it are nothing but secrets. */
function masked(line: string): string {
  const name = /^AUTH [A-Z0-9-]+/.exec(line)?.[0];
  return name === line ? line : name === undefined ? '***' : `${name} ***`;
}

/** Small enough for one write, and for others to have their turn between two. */
function blocksOf(piece: Uint8Array): readonly Uint8Array[] {
  if (piece.length <= blockOctets) return [piece];
  const count = Math.ceil(piece.length / blockOctets);
  return Array.from({ length: count }, (_, at) => piece.subarray(at * blockOctets, (at + 1) * blockOctets));
}

/** Until one of them is answered. Pieces that are there already are not awaited: that takes six promises. */
async function takeAll<T>(
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  take: (piece: Uint8Array) => Promise<T | undefined>,
): Promise<T | undefined> {
  if (Symbol.asyncIterator in pieces) {
    for await (const piece of pieces) {
      const answer = await take(piece);
      if (answer !== undefined) return answer;
    }
    return undefined;
  }
  for (const piece of pieces) {
    const answer = await take(piece);
    if (answer !== undefined) return answer;
  }
  return undefined;
}
