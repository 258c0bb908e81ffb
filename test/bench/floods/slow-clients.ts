/**
 * Clients that hold a connection and take their time over it, in every place where an office has to wait for somebody. Whoever is
 * cut off comes again at once. They live in a process of their own, so that they take no time of those who measure.
 */
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Ports } from '../../faults/support/office.ts';

type Door = 'mx' | 'submission' | 'submissions' | 'http';
/** Holds one connection; resolves when it is over. */
type Sort = {
  readonly name: string;
  readonly door: Door;
  readonly tls?: boolean;
  /** Said and answered before it slows down; a command after each reply. */
  readonly opening?: readonly string[];
  /** Then this, and nothing more ... */
  readonly last?: string;
  /** ... but an octet of this twice a second. */
  readonly drip?: string;
  /** Says it, fewer commands than are junk, and reads no answer. */
  readonly deaf?: string;
};

const ehlo = 'EHLO slow.test';
const envelope = ['MAIL FROM:<slow@world.test>', 'RCPT TO:<box@example.com>'];
const helloStart = '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03';

function sorts(apiKey: string): readonly Sort[] {
  return [
    { name: 'says nothing', door: 'mx' },
    { name: 'half a command', door: 'mx', last: 'EHLO slo' },
    { name: 'a command, octet by octet', door: 'mx', drip: 'EHLO slow.test.and.so.on.' },
    { name: 'nothing after DATA', door: 'mx', opening: [ehlo, ...envelope, 'DATA'] },
    { name: 'a message, octet by octet', door: 'mx', opening: [ehlo, ...envelope, 'DATA'], drip: 'Subject: slow ' },
    { name: 'a chunk, octet by octet', door: 'mx', opening: [ehlo, ...envelope], last: 'BDAT 90000\r\n', drip: 'x' },
    { name: 'nothing after STARTTLS', door: 'mx', opening: [ehlo, 'STARTTLS'] },
    { name: 'half a ClientHello', door: 'submissions', last: helloStart },
    { name: 'half a login', door: 'submissions', tls: true, opening: [ehlo, 'AUTH LOGIN'] },
    { name: 'reads no replies', door: 'mx', opening: [ehlo], deaf: 'HELP\r\n'.repeat(90) },
    { name: 'an HTTP header, octet by octet', door: 'http', last: 'GET / HTTP/1.1\r\nX-Slow: ', drip: 'y' },
    {
      name: 'an HTTP body, octet by octet',
      door: 'http',
      last: `POST /v1/emails HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${apiKey}\r\nContent-Type: application/json\r\nContent-Length: 900000\r\n\r\n{`,
      drip: ' ',
    },
  ];
}

const dripMs = 500;
/** Each client has an address of loopback to itself, as it would have in the world. */
const addressOf = (nth: number) => `127.0.1.${1 + (nth % 250)}`;
const addressesOf = { http: '127.0.0.1' } as const;

export class SlowClients {
  readonly #ports: Ports;
  readonly #sockets = new Set<Socket>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #stopped = false;
  #held = 0;
  /** Came again after they were cut off. */
  again = 0;

  constructor(ports: Ports, apiKey: string, count: number) {
    this.#ports = ports;
    const all = sorts(apiKey);
    for (let nth = 0; nth < count; nth++) {
      const sort = all[nth % all.length];
      if (sort) void this.#hold(sort, nth);
    }
  }

  /** Connections that are open and have done what they wanted to do at once. */
  get held(): number {
    return this.#held;
  }

  stop(): void {
    this.#stopped = true;
    for (const socket of this.#sockets) socket.destroy();
    for (const timer of this.#timers) clearInterval(timer);
  }

  async #hold(sort: Sort, nth: number): Promise<void> {
    for (let again = false; !this.#stopped; again = true) {
      if (again) {
        this.again++;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      await this.#once(sort, nth).catch(() => {});
    }
  }

  async #once(sort: Sort, nth: number): Promise<void> {
    const localAddress = sort.door === 'http' ? addressesOf.http : addressOf(nth);
    const to = { host: '127.0.0.1', port: this.#ports[sort.door], localAddress };
    const socket = sort.tls ? connectTls({ ...to, rejectUnauthorized: false }) : connect({ ...to, noDelay: true });
    this.#sockets.add(socket);
    socket.on('error', () => {});
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    const opened = this.#open(socket, sort);
    try {
      await Promise.race([opened, closed.then(() => Promise.reject(new Error('closed')))]);
      this.#held++;
      this.#slowDown(socket, sort);
      await closed;
      this.#held--;
    } finally {
      this.#sockets.delete(socket);
      socket.destroy();
    }
  }

  async #open(socket: Socket, { tls, door, opening = [] }: Sort): Promise<void> {
    if (door === 'http' || (door === 'submissions' && !tls)) {
      await new Promise<void>((resolve) => socket.once('connect', () => resolve()));
      return;
    }
    let heard = '';
    let wake = () => {};
    socket.on('data', (octets: Buffer) => {
      heard = heard.length > 4_000 ? '' : heard + octets.toString('latin1');
      wake();
    });
    for (const line of [undefined, ...opening]) {
      if (line !== undefined) socket.write(`${line}\r\n`);
      while (!/^\d{3}(?: [^\r\n]*)?\r\n$/m.test(heard)) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      heard = '';
    }
  }

  #slowDown(socket: Socket, { last, drip, deaf }: Sort): void {
    if (last !== undefined) socket.write(last, 'latin1');
    if (deaf !== undefined) {
      socket.pause();
      socket.write(deaf);
    }
    if (drip === undefined) return;
    let at = 0;
    const timer = setInterval(() => socket.write(drip[at++ % drip.length] ?? ''), dripMs);
    this.#timers.add(timer);
    socket.once('close', () => {
      clearInterval(timer);
      this.#timers.delete(timer);
    });
  }
}
