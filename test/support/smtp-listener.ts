/** An SMTP listener with a policy that takes everything and remembers it; clients over loopback, and in memory for tests of time. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createNodeNet } from '../../src/adapters/net/node-net.ts';
import { concat, fromLatin1, latin1 } from '../../src/base/bytes.ts';
import { systemClock, type Timers } from '../../src/base/clock.ts';
import { Fault } from '../../src/base/outcome.ts';
import type { Spooled, SpoolWriter } from '../../src/base/port/blobs.ts';
import type { Connection } from '../../src/base/port/net.ts';
import type { Signals } from '../../src/base/port/signals.ts';
import { type SmtpListener, type SmtpListenerOptions, serveSmtp } from '../../src/entrances/smtp/serve-smtp.ts';
import type { SmtpPolicy, SmtpVisit } from '../../src/entrances/smtp/smtp-policy.ts';
import { type SmtpLimits, smtpLimitsWith } from '../../src/protocol/smtp/limits.ts';
import { type Reply, replyOf } from '../../src/protocol/smtp/reply.ts';
import { makeTestAuthority } from './test-certificate.ts';

const net = createNodeNet();
const loopback = { address: '127.0.0.1', port: 0 };
export const authority = await makeTestAuthority();
const identity = await authority.issue({ names: ['mx.example.com'] });

/** A policy that takes everything and remembers it; parts of it can be replaced. */
type Recorder = {
  readonly policy: SmtpPolicy;
  readonly messages: { mailFrom: string; recipients: string[]; text: string; client: string; tls: boolean }[];
  readonly calls: string[];
};

type Wishes = {
  readonly isExpected?: boolean;
  readonly login?: SmtpVisit['login'];
  readonly rcpt?: (local: string) => Reply | Promise<Reply>;
  readonly openBody?: () => SpoolWriter | Reply;
  readonly finish?: () => Promise<Reply>;
  readonly bareNewline?: 'refuse' | 'normalize';
};

export function recorder(wishes: Wishes = {}): Recorder {
  const messages: Recorder['messages'] = [];
  const calls: string[] = [];
  const visit = (client: string): SmtpVisit => ({
    login: wishes.login ?? 'none',
    bareNewline: () => wishes.bareNewline ?? 'refuse',
    isExpected: wishes.isExpected === true,
    authenticate: async ({ login, password }) => {
      calls.push(`login ${login}`);
      if (password === 'broken') throw new Fault('SQLITE_BUSY', 'the database is busy');
      return password === 'secret' ? 'yes' : 'no';
    },
    mail: async ({ path }, { tls }) => {
      const mailFrom = path.kind === 'null' ? '' : `${path.mailbox.local}@${path.mailbox.domain}`;
      const recipients: string[] = [];
      return {
        kind: 'accept',
        transaction: {
          rcpt: async ({ path: to }) => {
            const local = to.kind === 'postmaster' ? 'postmaster' : to.mailbox.local;
            const reply = (await wishes.rcpt?.(local)) ?? replyOf('250 2.1.5', 'Recipient noted');
            if (reply.code < 300) recipients.push(local);
            return reply;
          },
          openBody: wishes.openBody ?? (() => memorySpool(calls)),
          finish: async (body) => {
            if (wishes.finish) return wishes.finish();
            messages.push({ mailFrom, recipients, text: latin1(await body.read()), client, tls: tls !== undefined });
            return replyOf('250 2.0.0', `Taken as ${messages.length}`);
          },
          unanswered: async () => {
            calls.push('unanswered');
          },
        },
      };
    },
  });
  return { messages, calls, policy: { open: (client) => visit(client.address.text) } };
}

export function memorySpool(calls: string[]): SpoolWriter {
  const parts: Uint8Array[] = [];
  return {
    write: (chunk) => {
      parts.push(chunk);
    },
    finish: async (): Promise<Spooled> => {
      const bytes = concat(parts);
      return {
        size: bytes.length,
        sha256: createHash('sha256').update(bytes).digest('hex'),
        inMemory: true,
        read: async () => bytes,
        chunks: async function* () {
          yield bytes;
        },
        discard: async () => {
          calls.push('body discarded');
        },
      };
    },
    discard: async () => {
      calls.push('spool discarded');
    },
  };
}

type Office = AsyncDisposable & {
  readonly listener: SmtpListener;
  readonly signals: string[];
  readonly dial: (localAddress?: string) => Promise<Talk>;
};

export async function serve(
  policy: SmtpPolicy,
  options: Partial<SmtpListenerOptions> & { readonly limit?: Partial<SmtpLimits> } = {},
): Promise<Office> {
  const signals: string[] = [];
  const emit: Signals['emit'] = (_level, name, fields) => signals.push(`${name} ${fields?.why ?? ''}`.trim());
  const listener = await serveSmtp({
    name: 'mx',
    net,
    timers: systemClock,
    signals: { emit },
    at: loopback,
    proxyFrom: [],
    implicitTls: false,
    hostname: 'mx.example.com',
    limits: smtpLimitsWith(options.limit),
    identity: () => identity,
    policy,
    ...options,
  });
  const talks: Talk[] = [];
  return {
    listener,
    signals,
    dial: async (localAddress) => {
      const connection = await net.dial(listener.endpoint, localAddress === undefined ? {} : { localAddress });
      const talk = new Talk(connection);
      talks.push(talk);
      return talk;
    },
    [Symbol.asyncDispose]: async () => {
      for (const talk of talks) talk.connection.destroy();
      await listener.stop();
    },
  };
}

/** A client that says lines and reads replies. */
class Talk {
  readonly connection: Connection;
  #heard = '';
  constructor(connection: Connection) {
    this.connection = connection;
  }

  /** The next whole reply, lines joined by `|`. */
  async reply(): Promise<string> {
    for (;;) {
      const match = /^((?:\d{3}-[^\r]*\r\n)*\d{3} [^\r]*)\r\n/.exec(this.#heard);
      if (match) {
        this.#heard = this.#heard.slice(match[0].length);
        return (match[1] ?? '').replaceAll('\r\n', '|');
      }
      const chunk = await this.connection.read().catch(() => undefined);
      if (!chunk) return this.#heard === '' ? '(closed)' : `(cut) ${this.#heard}`;
      this.#heard += latin1(chunk);
    }
  }

  send(text: string): Promise<void> {
    return this.connection.write(fromLatin1(text));
  }

  async say(text: string): Promise<string> {
    await this.send(`${text}\r\n`);
    return this.reply();
  }

  /** Says several lines, each after the reply to the one before; answers the reply codes. */
  async talk(...lines: string[]): Promise<string> {
    const codes: string[] = [];
    for (const line of lines) codes.push((await this.say(line)).slice(0, 3));
    return codes.join(' ');
  }

  async greet(name = 'c.example'): Promise<void> {
    assert.match(await this.reply(), /^220 mx\.example\.com ESMTP/);
    assert.match(await this.say(`EHLO ${name}`), /^250-mx\.example\.com\|/);
  }
}

/** In memory, for a clock that is moved by hand. */
export class MemoryConnection implements Connection {
  readonly remote = { address: '192.0.2.1', port: 1 };
  readonly local = { address: '192.0.2.25', port: 25 };
  readonly tls = undefined;
  readonly writes: string[] = [];
  closed = false;
  /** A client that does not read. */
  stuck = false;
  #waiting: PromiseWithResolvers<Uint8Array | undefined> | undefined;
  #stuck: PromiseWithResolvers<void>[] = [];

  say(text: string): void {
    this.#waiting?.resolve(fromLatin1(text));
    this.#waiting = undefined;
  }
  read(): Promise<Uint8Array | undefined> {
    this.#waiting = Promise.withResolvers();
    return this.#waiting.promise;
  }
  async write(bytes: Uint8Array): Promise<void> {
    if (this.closed) throw new Fault('EPIPE', 'closed');
    if (!this.stuck) {
      this.writes.push(latin1(bytes));
      return;
    }
    const taken = Promise.withResolvers<void>();
    this.#stuck.push(taken);
    await taken.promise;
  }
  startTlsAsServer(): Promise<never> {
    return Promise.reject(new Fault('EPROTO', 'not here'));
  }
  startTlsAsClient(): Promise<never> {
    return Promise.reject(new Fault('EPROTO', 'not here'));
  }
  async end(): Promise<void> {
    this.destroy();
  }
  destroy(): void {
    this.closed = true;
    this.#waiting?.resolve(undefined);
    this.#waiting = undefined;
    for (const write of this.#stuck) write.reject(new Fault('EPIPE', 'closed'));
    this.#stuck = [];
  }
}

type TimedOffice = {
  readonly arrive: (connection: Connection) => void;
  readonly listener: SmtpListener;
};

export async function serveInMemory(
  timers: Timers,
  policy: SmtpPolicy,
  limit: Partial<SmtpLimits> = {},
): Promise<TimedOffice> {
  let arrive: (connection: Connection) => void = () => {};
  const listener = await serveSmtp({
    name: 'mx',
    net: {
      ...net,
      listen: async (at, onConnection) => {
        arrive = onConnection;
        return { endpoint: at, close: async () => {} };
      },
    },
    timers,
    signals: { emit: () => {} },
    at: loopback,
    proxyFrom: [],
    implicitTls: false,
    hostname: 'mx.example.com',
    limits: smtpLimitsWith(limit),
    identity: () => undefined,
    policy,
  });
  return { arrive, listener };
}

export const recipient = 'MAIL FROM:<a@b.example>\r\nRCPT TO:<x@c.example>\r\n';
export const beginData = `EHLO c\r\n${recipient}DATA\r\n`;
