/**
 * The other mail servers of the world, in one: it answers by the domain of the recipient, keeps account of every copy, and is built
 * from nothing of the product. What a domain does to the first attempt, it does not do to the second, so that everything ends.
 */
import { createServer, type Socket } from 'node:net';
import type { Random } from '../../../src/base/random.ts';
import { isWhole, tokenIn } from './letters.ts';

/** Domain -> behaviour; all are below `sink.test`. */
const manners = {
  ok: 'takes it',
  slow: 'takes it after a while',
  grey: '451 to RCPT the first time',
  later: '451 to the message the first time',
  no: '550 to RCPT',
  never: '554 to the message',
  torn: 'resets the connection in the middle of the message the first time',
  mute: 'hangs up without an answer after the dot the first time, and has not kept it',
  forgetful: 'hangs up without an answer after the dot the first time, and has kept it',
} as const;
export type Manner = keyof typeof manners;

export const mannerNames = Object.keys(manners) as Manner[];

export function sinkDomain(manner: Manner): string {
  return `${manner}.sink.test`;
}

export type Copy = {
  readonly token: string;
  readonly recipient: string;
  /** MAIL FROM. */
  readonly from: string;
  /** When MAIL was heard and when the message was kept; `performance.now()`. */
  readonly begunAtMs: number;
  readonly keptAtMs: number;
  /** Kept, and hung up without an answer: one more copy is the receiver's own doing. */
  readonly unanswered: boolean;
  readonly whole: boolean;
};

export type SinkOptions = {
  readonly random: Random;
  /** Share of connections greeted with 421. */
  readonly shut?: number;
  /** Keeps only the names of what it received, to stay small in a long run. */
  readonly port?: number;
};

export type Sink = {
  readonly port: number;
  /** In the order in which they came. */
  readonly copies: readonly Copy[];
  /** Transactions between MAIL and the reply to the message, at this moment. */
  readonly underWay: () => number;
  /** Refuses everything with this reply while it is set. */
  block: string | undefined;
  readonly close: () => Promise<void>;
};

const offers = ['PIPELINING', '8BITMIME', 'SMTPUTF8', 'SIZE 50000000', 'ENHANCEDSTATUSCODES'];
const slowMs = [150, 600] as const;

export async function startSink(options: SinkOptions): Promise<Sink> {
  const copies: Copy[] = [];
  const sockets = new Set<Socket>();
  const tries = new Map<string, number>();
  const state: { block: string | undefined } = { block: undefined };
  const talks = new Set<Talk>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    const talk = new Talk(socket, { copies, tries, options, state });
    talks.add(talk);
    socket.on('error', () => {});
    socket.on('close', () => {
      sockets.delete(socket);
      talks.delete(talk);
    });
    void talk.run();
  });
  await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port: options.port ?? 0 }, resolve));
  const bound = server.address();
  return {
    port: typeof bound === 'object' && bound ? bound.port : 0,
    copies,
    underWay: () => [...talks].filter((talk) => talk.isUnderWay).length,
    get block() {
      return state.block;
    },
    set block(reply) {
      state.block = reply;
    },
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

type Shared = {
  readonly copies: Copy[];
  readonly tries: Map<string, number>;
  readonly options: SinkOptions;
  readonly state: { readonly block: string | undefined };
};

type Transaction = { readonly from: string; readonly recipients: string[]; readonly begunAtMs: number };

class Talk {
  readonly #socket: Socket;
  readonly #shared: Shared;
  #held: Buffer = Buffer.alloc(0);
  #over = false;
  #wake: () => void = () => {};
  #transaction: Transaction | undefined;
  /** Of chunks (RFC 3030), joined. */
  #chunks: Buffer[] = [];

  constructor(socket: Socket, shared: Shared) {
    this.#socket = socket;
    this.#shared = shared;
    socket.on('data', (octets: Buffer) => {
      this.#held = this.#held.length === 0 ? octets : Buffer.concat([this.#held, octets]);
      this.#wake();
    });
    socket.on('close', () => {
      this.#over = true;
      this.#wake();
    });
  }

  get isUnderWay(): boolean {
    return this.#transaction !== undefined;
  }

  async run(): Promise<void> {
    const { options, state } = this.#shared;
    if (state.block !== undefined || options.random.float() < (options.shut ?? 0)) {
      this.#socket.end(`${state.block ?? '421 4.3.2 not now'}\r\n`);
      return;
    }
    this.#say('220 sink.test ESMTP');
    for (;;) {
      const line = await this.#until('\r\n');
      if (line === undefined) return;
      await this.#command(line.toString('latin1'));
    }
  }

  async #command(line: string): Promise<void> {
    const verb = line.split(/[ :]/)[0]?.toUpperCase();
    switch (verb) {
      case 'EHLO': {
        const words = ['sink.test', ...offers, ...(this.#shared.options.random.float() < 0.5 ? ['CHUNKING'] : [])];
        this.#socket.write(words.map((word, at) => `250${at === words.length - 1 ? ' ' : '-'}${word}\r\n`).join(''));
        return;
      }
      case 'MAIL':
        this.#transaction = { from: pathIn(line), recipients: [], begunAtMs: performance.now() };
        this.#chunks = [];
        return this.#say('250 2.1.0 ok');
      case 'RCPT':
        return this.#recipient(pathIn(line));
      case 'DATA':
        return this.#data();
      case 'BDAT':
        return this.#chunk(line);
      case 'QUIT':
        this.#say('221 2.0.0 bye');
        this.#socket.end();
        return;
      case 'RSET':
        this.#transaction = undefined;
        return this.#say('250 2.0.0 ok');
      default:
        return this.#say(verb === 'HELO' || verb === 'NOOP' ? '250 sink.test' : '502 5.5.1 what?');
    }
  }

  #recipient(recipient: string): void {
    const { manner } = this.#fate(recipient);
    if (manner === 'no') this.#say('550 5.1.1 no such user');
    else if (manner === 'grey' && this.#isFirst(recipient, 'rcpt')) this.#say('451 4.7.1 come again');
    else {
      this.#transaction?.recipients.push(recipient);
      this.#say('250 2.1.5 ok');
    }
  }

  async #data(): Promise<void> {
    if (!this.#transaction || this.#transaction.recipients.length === 0) return this.#say('503 5.5.1 no recipients');
    this.#say('354 go ahead');
    if (await this.#tears()) return;
    const message = await this.#until('\r\n.\r\n');
    if (message) await this.#message(message.toString('latin1').replaceAll(/^\.\./gm, '.'));
  }

  async #chunk(line: string): Promise<void> {
    const [, octets, last] = line.toUpperCase().split(' ');
    const isWanted = this.#transaction && this.#transaction.recipients.length > 0;
    if (isWanted && (await this.#tears())) return;
    const chunk = await this.#take(Number(octets));
    if (!chunk) return;
    if (!isWanted) return this.#say('503 5.5.1 no recipients');
    this.#chunks.push(chunk);
    if (last === 'LAST') await this.#message(Buffer.concat(this.#chunks).toString('latin1'));
    else this.#say('250 2.0.0 more');
  }

  async #tears(): Promise<boolean> {
    const [recipient = ''] = this.#transaction?.recipients ?? [];
    if (this.#fate(recipient).manner !== 'torn' || !this.#isFirst(recipient, 'torn')) return false;
    await this.#take(20);
    this.#socket.resetAndDestroy();
    return true;
  }

  async #message(message: string): Promise<void> {
    const transaction = this.#transaction;
    if (!transaction) return;
    const [first = ''] = transaction.recipients;
    const { manner } = this.#fate(first);
    const isFirst = this.#isFirst(first, 'message');
    if (manner === 'slow') await this.#rest();
    if (this.#over) return;
    if (manner === 'never') this.#say('554 5.7.1 not wanted');
    else if (manner === 'later' && isFirst) this.#say('451 4.3.0 not now');
    else if (manner === 'mute' && isFirst) this.#socket.destroy();
    else {
      const unanswered = manner === 'forgetful' && isFirst;
      this.#keep(transaction, message, unanswered);
      if (unanswered) this.#socket.destroy();
      else this.#say('250 2.0.0 kept');
    }
    this.#transaction = undefined;
  }

  #keep({ from, recipients, begunAtMs }: Transaction, message: string, unanswered: boolean): void {
    const token = tokenIn(message) ?? '?';
    const whole = isWhole(message, token);
    const keptAtMs = performance.now();
    for (const recipient of recipients)
      this.#shared.copies.push({ token, recipient, from, begunAtMs, keptAtMs, unanswered, whole });
  }

  #rest(): Promise<void> {
    const ms = slowMs[0] + this.#shared.options.random.float() * (slowMs[1] - slowMs[0]);
    return new Promise((resolve) => setTimeout(resolve, ms));
  }

  #fate(recipient: string): { readonly manner: string } {
    return { manner: recipient.split('@')[1]?.split('.')[0] ?? '' };
  }

  /** The return path stays the same over all tries of a delivery, so it names them together with the recipient. */
  #isFirst(recipient: string, stage: string): boolean {
    const key = `${stage} ${this.#transaction?.from} ${recipient}`;
    const before = this.#shared.tries.get(key) ?? 0;
    this.#shared.tries.set(key, before + 1);
    return before === 0;
  }

  #say(line: string): void {
    this.#socket.write(`${line}\r\n`);
  }

  /** What stands before `mark`; the mark is taken away too. Undefined when the other side has gone. */
  async #until(mark: string): Promise<Buffer | undefined> {
    for (let looked = 0; ; ) {
      const at = this.#held.indexOf(mark, Math.max(0, looked - mark.length), 'latin1');
      if (at >= 0) {
        const part = this.#held.subarray(0, at);
        this.#held = this.#held.subarray(at + mark.length);
        return part;
      }
      looked = this.#held.length;
      if (!(await this.#more())) return undefined;
    }
  }

  async #take(octets: number): Promise<Buffer | undefined> {
    while (this.#held.length < octets) if (!(await this.#more())) return undefined;
    const part = this.#held.subarray(0, octets);
    this.#held = this.#held.subarray(octets);
    return part;
  }

  async #more(): Promise<boolean> {
    if (this.#over) return false;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    return !this.#over;
  }
}

function pathIn(line: string): string {
  return /<([^>]*)>/.exec(line)?.[1] ?? '';
}
