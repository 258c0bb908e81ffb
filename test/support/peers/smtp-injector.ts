/**
 * Hands a message to a mail server the simple way, with every parameter as the test writes it: one client, one transaction, octets
 * as they are. Built from nothing of the product.
 */
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

export type Injection = {
  readonly port: number;
  /** An address of loopback: another one is another client. */
  readonly address?: string;
  /** TLS from the first octet, then a login. */
  readonly login?: { readonly user: string; readonly password: string };
  /** `a@b.test`, or with parameters `<a@b.test> RET=HDRS`; UTF-8. */
  readonly from: string;
  readonly to: readonly string[];
  /** CRLF line ends, dots not yet doubled. */
  readonly octets: string | Uint8Array;
};

export type Injected = {
  /** The reply to the message, or to the first command that was refused before it. */
  readonly reply: string;
  /** Of each recipient. */
  readonly recipients: readonly string[];
};

const patienceMs = 60_000;

/** Resolves with the replies; rejects when the server goes away. */
export async function inject(injection: Injection): Promise<Injected> {
  const talk = new Talk(injection);
  try {
    return await talk.run(injection);
  } finally {
    talk.end();
  }
}

/** A message that the server has to take. */
export async function injectTaken(injection: Injection): Promise<void> {
  const { reply, recipients } = await inject(injection);
  const refused = recipients.find((said) => !said.startsWith('250'));
  if (refused !== undefined) throw new Error(`a recipient was refused: ${refused}`);
  if (!reply.startsWith('250')) throw new Error(`the message was refused: ${reply}`);
}

class Talk {
  readonly #socket: Socket;
  #unread = '';
  #over = false;
  #wake: () => void = () => {};

  constructor({ port, address, login }: Injection) {
    const at = { host: '127.0.0.1', port, ...(address === undefined ? {} : { localAddress: address }) };
    this.#socket = login ? connectTls({ ...at, rejectUnauthorized: false }) : connect({ ...at, noDelay: true });
    const end = () => {
      this.#over = true;
      this.#wake();
    };
    this.#socket.on('data', (octets: Buffer) => {
      this.#unread += octets.toString('utf8');
      this.#wake();
    });
    this.#socket.on('error', end).on('end', end).on('close', end);
    this.#socket.setTimeout(patienceMs, () => this.#socket.destroy());
  }

  async run({ login, from, to, octets }: Injection): Promise<Injected> {
    await this.#hear();
    const offers = await this.#ask('EHLO client.test');
    if (login) {
      const secret = Buffer.from(`\0${login.user}\0${login.password}`).toString('base64');
      await this.#ask(`AUTH PLAIN ${secret}`);
    }
    const mail = await this.#ask(`MAIL FROM:${pathOf(from)}`);
    if (!mail.startsWith('250')) return { reply: mail, recipients: [] };
    const lines = to.map((path) => `RCPT TO:${pathOf(path)}`);
    const recipients: string[] = [];
    if (/^250[ -]PIPELINING/m.test(offers)) {
      this.#socket.write(lines.map((line) => `${line}\r\n`).join(''));
      for (const _ of lines) recipients.push(await this.#hear());
    } else for (const line of lines) recipients.push(await this.#ask(line));
    const data = await this.#ask('DATA');
    if (!data.startsWith('354')) return { reply: data, recipients };
    this.#socket.write(stuffed(Buffer.from(octets as Uint8Array)));
    return { reply: await this.#ask('.'), recipients };
  }

  end(): void {
    this.#socket.end('QUIT\r\n');
    this.#socket.destroySoon();
  }

  #ask(line: string): Promise<string> {
    this.#socket.write(`${line}\r\n`);
    return this.#hear();
  }

  async #hear(): Promise<string> {
    for (;;) {
      const reply = /^(?:\d{3}-[^\r\n]*\r\n)*\d{3}(?: [^\r\n]*)?\r\n/.exec(this.#unread)?.[0];
      if (reply !== undefined) {
        this.#unread = this.#unread.slice(reply.length);
        return reply.trimEnd();
      }
      if (this.#over) throw new Error(`the connection ended after: ${this.#unread}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

function pathOf(path: string): string {
  return path.startsWith('<') ? path : `<${path}>`;
}

function stuffed(octets: Buffer): Buffer {
  const parts: Buffer[] = octets[0] === 0x2e ? [Buffer.from('.')] : [];
  let from = 0;
  for (let at = octets.indexOf('\r\n.'); at >= 0; at = octets.indexOf('\r\n.', at + 2)) {
    parts.push(octets.subarray(from, at + 2), Buffer.from('.'));
    from = at + 2;
  }
  parts.push(octets.subarray(from));
  return Buffer.concat(parts);
}
