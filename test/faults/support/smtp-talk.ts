/** A client of SMTP the simple way, for tests: one command, one reply, and every wait ends. Built from nothing of the product. */
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

export type Reply = { readonly code: number; readonly text: string };
/** How a message was answered, and at which command. */
export type Answer = Reply & { readonly stage: 'mail' | 'rcpt' | 'data' | 'end-of-data' };

type Door = {
  /** An address of loopback: another one is another client. */
  readonly from?: string;
  /** TLS from the first octet. */
  readonly tls?: boolean;
  readonly patienceMs?: number;
};

/** The other side is gone, or says nothing. */
class Gone extends Error {}

export class SmtpTalk {
  readonly #socket: Socket;
  readonly #patienceMs: number;
  #unread = '';
  #over = false;
  #wake: () => void = () => {};

  private constructor(socket: Socket, patienceMs: number) {
    this.#socket = socket;
    this.#patienceMs = patienceMs;
    const end = () => {
      this.#over = true;
      this.#wake();
    };
    socket.on('data', (octets: Buffer) => {
      this.#unread += octets.toString('latin1');
      this.#wake();
    });
    socket.on('error', end).on('end', end).on('close', end);
  }

  /** With the banner read. Throws `Gone`. */
  static async open(port: number, door: Door = {}): Promise<SmtpTalk> {
    const options = { host: '127.0.0.1', port, ...(door.from === undefined ? {} : { localAddress: door.from }) };
    const socket = door.tls
      ? connectTls({ ...options, rejectUnauthorized: false })
      : connect({ ...options, noDelay: true });
    const talk = new SmtpTalk(socket, door.patienceMs ?? 20_000);
    const { code, text } = await talk.hear();
    if (code !== 220) {
      talk.destroy();
      throw new Gone(`${code} ${text}`);
    }
    return talk;
  }

  /** With banner and EHLO behind it. */
  static async greeted(port: number, door: Door = {}): Promise<SmtpTalk> {
    const talk = await SmtpTalk.open(port, door);
    await talk.ask('EHLO client.test');
    return talk;
  }

  /** TLS from the first octet, and logged in. */
  static async loggedIn(port: number, user: string, password: string): Promise<SmtpTalk> {
    const talk = await SmtpTalk.greeted(port, { tls: true });
    const { code, text } = await talk.ask(`AUTH PLAIN ${Buffer.from(`\0${user}\0${password}`).toString('base64')}`);
    if (code === 235) return talk;
    talk.destroy();
    throw new Gone(`${code} ${text}`);
  }

  say(text: string): void {
    this.#socket.write(text, 'latin1');
  }

  async ask(line: string): Promise<Reply> {
    this.say(`${line}\r\n`);
    return this.hear();
  }

  /** The next whole reply, its lines joined with LF. Throws `Gone`. */
  async hear(): Promise<Reply> {
    for (const endMs = performance.now() + this.#patienceMs; ; ) {
      const reply = /^(?:\d{3}-[^\r\n]*\r\n)*\d{3}(?: [^\r\n]*)?\r\n/.exec(this.#unread)?.[0];
      if (reply !== undefined) {
        this.#unread = this.#unread.slice(reply.length);
        return { code: Number(reply.slice(0, 3)), text: reply.trimEnd().replaceAll('\r\n', '\n').slice(4) };
      }
      const leftMs = endMs - performance.now();
      if (this.#over || leftMs <= 0) {
        this.destroy();
        throw new Gone(this.#over ? 'the connection ended' : 'no answer in time');
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  /**
   * A whole transaction. Answers the reply to the message, or the first refusal before it (then the transaction is reset).
   * @param text CRLF line ends, dots not yet doubled
   */
  async send(from: string, recipients: readonly string[], text: string): Promise<Answer> {
    const mail = await this.ask(`MAIL FROM:<${from}>`);
    if (mail.code !== 250) return { ...mail, stage: 'mail' };
    for (const recipient of recipients) {
      const rcpt = await this.ask(`RCPT TO:<${recipient}>`);
      if (rcpt.code !== 250) return this.#reset({ ...rcpt, stage: 'rcpt' });
    }
    const data = await this.ask('DATA');
    if (data.code !== 354) return this.#reset({ ...data, stage: 'data' });
    this.say(`${text.replaceAll(/^\./gm, '..')}\r\n.\r\n`);
    return { ...(await this.hear()), stage: 'end-of-data' };
  }

  async #reset(answer: Answer): Promise<Answer> {
    if (answer.code !== 421) await this.ask('RSET');
    return answer;
  }

  destroy(): void {
    this.#over = true;
    this.#socket.destroy();
  }
}
