/**
 * A mail host for tests that behaves as scripted, stage by stage, good or bad. It is deliberately not built from our own server:
 * it reads lines the simple way and writes whatever octets it is told to, or nothing, or hangs up.
 */
import { createServer, type Socket } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';
import type { TlsIdentity } from '../../src/base/port/net.ts';

/** What to do at a stage: octets to write (latin1 text), or one of the ways to leave. */
export type Act =
  | string
  | { readonly by: 'close'; readonly say?: string }
  | { readonly by: 'reset'; readonly say?: string }
  /** Says it after so long, and goes on. */
  | { readonly by: 'wait'; readonly ms: number; readonly say: string }
  /** Says nothing more and keeps the connection. */
  | { readonly by: 'hang'; readonly say?: string }
  /** Says nothing and reads nothing more. */
  | { readonly by: 'stall'; readonly say?: string }
  /** Writes this text again and again until the other side goes. */
  | { readonly by: 'repeat'; readonly say: string };

export type BadMxStage =
  | 'greeting'
  | 'ehlo'
  | 'helo'
  | 'starttls'
  /** Instead of a handshake: once the client has begun its own. */
  | 'handshake'
  | 'auth'
  | 'mail'
  | 'rcpt'
  | 'data'
  /** After the command, before its octets. Whoever answers here reads no chunk: what follows is commands to him. */
  | 'bdat'
  /** In the middle of the message: right after its first octets. */
  | 'content'
  | 'end-of-data'
  | 'rset'
  | 'quit';

/** An act for every time, or one after the other (the last one repeats); a function sees the command's line. */
type Script = Act | readonly Act[] | ((line: string, nth: number) => Act);

type Session = {
  readonly lines: string[];
  /** Messages as received, after DATA still dot-stuffed, without the final dot; a torn one is not here. */
  readonly messages: string[];
  encrypted: boolean;
};

export type BadMx = {
  readonly port: number;
  readonly sessions: readonly Session[];
  readonly received: () => readonly string[];
  readonly close: () => Promise<void>;
};

export type BadMxOptions = {
  readonly script?: Partial<Record<BadMxStage, Script>>;
  /** Keywords of the EHLO answer. Default: PIPELINING, 8BITMIME, SMTPUTF8, SIZE, ENHANCEDSTATUSCODES. */
  readonly offers?: readonly string[];
  /** With it STARTTLS is offered and works, unless the script says otherwise. */
  readonly identity?: TlsIdentity;
  /** TLS from the first octet. */
  readonly implicitTls?: boolean;
  readonly address?: string;
};

const usual: Record<Exclude<BadMxStage, 'ehlo' | 'content' | 'handshake' | 'bdat'>, Act> = {
  greeting: '220 mx.test ESMTP\r\n',
  helo: '250 mx.test\r\n',
  starttls: '220 2.0.0 go ahead\r\n',
  auth: '235 2.7.0 welcome\r\n',
  mail: '250 2.1.0 ok\r\n',
  rcpt: '250 2.1.5 ok\r\n',
  data: '354 go ahead\r\n',
  'end-of-data': '250 2.0.0 queued as 4711\r\n',
  rset: '250 2.0.0 ok\r\n',
  quit: { by: 'close', say: '221 2.0.0 bye\r\n' },
};
const usualOffers = ['PIPELINING', '8BITMIME', 'SMTPUTF8', 'SIZE 50000000', 'ENHANCEDSTATUSCODES'];

export async function startBadMx(options: BadMxOptions = {}): Promise<BadMx> {
  const sessions: Session[] = [];
  const sockets = new Set<Socket>();
  const counts = new Map<BadMxStage, number>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    const session: Session = { lines: [], messages: [], encrypted: false };
    sessions.push(session);
    new Talk(socket, session, options, counts).begin();
  });
  await new Promise<void>((resolve) => server.listen({ host: options.address ?? '127.0.0.1', port: 0 }, resolve));
  const bound = server.address();
  return {
    port: typeof bound === 'object' && bound ? bound.port : 0,
    sessions,
    received: () => sessions.flatMap(({ messages }) => messages),
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

class Talk {
  #socket: Socket;
  readonly #raw: Socket;
  readonly #session: Session;
  readonly #options: BadMxOptions;
  readonly #counts: Map<BadMxStage, number>;
  #held = '';
  #inData = false;
  /** Octets that are still to come, and those of the chunks before. */
  #chunk: { readonly octets: number; readonly last: boolean } | undefined;
  #chunks = '';
  #contentSeen = false;
  #gone = false;
  #awaitsHandshake = false;

  constructor(socket: Socket, session: Session, options: BadMxOptions, counts: Map<BadMxStage, number>) {
    this.#socket = socket;
    this.#raw = socket;
    this.#session = session;
    this.#options = options;
    this.#counts = counts;
  }

  begin(): void {
    if (this.#options.implicitTls) this.#encrypt(() => this.#act('greeting', ''));
    else {
      this.#listen();
      this.#act('greeting', '');
    }
  }

  #listen(): void {
    this.#socket.on('error', () => {});
    this.#socket.on('data', (chunk: Buffer) => this.#hear(chunk.toString('latin1')));
  }

  #hear(text: string): void {
    if (this.#awaitsHandshake) {
      this.#act('handshake', '');
      this.#gone = true;
    }
    this.#held += text;
    while (!this.#gone) {
      if (this.#inData) {
        if (!this.#hearContent()) return;
        continue;
      }
      if (this.#chunk) {
        if (!this.#hearChunk(this.#chunk)) return;
        continue;
      }
      const end = this.#held.indexOf('\r\n');
      if (end < 0) return;
      const line = this.#held.slice(0, end);
      this.#held = this.#held.slice(end + 2);
      this.#session.lines.push(line);
      this.#command(line);
    }
  }

  #hearContent(): boolean {
    if (this.#held !== '' && !this.#contentSeen) {
      this.#contentSeen = true;
      this.#act('content', '');
      if (this.#gone) return false;
    }
    const isEmpty = this.#held.startsWith('.\r\n');
    const end = isEmpty ? 0 : this.#held.indexOf('\r\n.\r\n');
    if (end < 0) return false;
    const message = isEmpty ? '' : this.#held.slice(0, end + 2);
    this.#held = this.#held.slice(isEmpty ? 3 : end + 5);
    this.#session.messages.push(message);
    this.#inData = false;
    this.#act('end-of-data', message);
    return true;
  }

  #hearChunk({ octets, last }: { readonly octets: number; readonly last: boolean }): boolean {
    if (this.#held !== '' && !this.#contentSeen) {
      this.#contentSeen = true;
      this.#act('content', '');
      if (this.#gone) return false;
    }
    if (this.#held.length < octets) return false;
    this.#chunks += this.#held.slice(0, octets);
    this.#held = this.#held.slice(octets);
    this.#chunk = undefined;
    if (!last) this.#perform('250 more\r\n');
    else {
      const message = this.#chunks;
      this.#chunks = '';
      this.#session.messages.push(message);
      this.#act('end-of-data', message);
    }
    return true;
  }

  #command(line: string): void {
    const verb = line.split(' ')[0]?.toUpperCase() ?? '';
    const stages: Record<string, BadMxStage> = {
      EHLO: 'ehlo',
      HELO: 'helo',
      STARTTLS: 'starttls',
      AUTH: 'auth',
      MAIL: 'mail',
      RCPT: 'rcpt',
      DATA: 'data',
      BDAT: 'bdat',
      RSET: 'rset',
      QUIT: 'quit',
    };
    this.#act(stages[verb] ?? 'auth', line);
  }

  #act(stage: BadMxStage, line: string): void {
    const nth = this.#counts.get(stage) ?? 0;
    this.#counts.set(stage, nth + 1);
    const scripted = this.#options.script?.[stage];
    const act =
      typeof scripted === 'function'
        ? scripted(line, nth)
        : Array.isArray(scripted)
          ? (scripted[Math.min(nth, scripted.length - 1)] as Act)
          : (scripted as Act | undefined);
    this.#perform(act ?? this.#usualAct(stage));
    const said = typeof act === 'string' ? act : undefined;
    if (this.#gone) return;
    if (stage === 'data' && (said ?? '354').includes('354')) {
      this.#inData = true;
      this.#contentSeen = false;
    }
    if (stage === 'bdat' && (act ?? '') === '') {
      const [, octets, last] = line.toUpperCase().split(' ');
      this.#chunk = { octets: Number(octets), last: last === 'LAST' };
      this.#contentSeen = false;
    }
    if (stage === 'starttls' && (said ?? '220').startsWith('220')) {
      if (this.#options.identity) this.#encrypt(() => {});
      else this.#awaitsHandshake = true;
    }
  }

  #usualAct(stage: BadMxStage): Act {
    if (stage === 'content' || stage === 'handshake' || stage === 'bdat') return '';
    if (stage !== 'ehlo') return usual[stage];
    const offers = [...(this.#options.offers ?? usualOffers)];
    if (this.#options.identity && !this.#session.encrypted) offers.push('STARTTLS');
    const lines = ['mx.test greets you', ...offers];
    return lines.map((text, at) => `250${at === lines.length - 1 ? ' ' : '-'}${text}\r\n`).join('');
  }

  #perform(act: Act): void {
    if (typeof act === 'string') {
      if (act !== '') this.#socket.write(act, 'latin1');
      return;
    }
    if (act.by === 'wait') {
      setTimeout(() => this.#socket.write(act.say, 'latin1'), act.ms).unref();
      return;
    }
    if (act.by === 'repeat') this.#repeat(act.say);
    else if (act.say) this.#socket.write(act.say, 'latin1');
    this.#gone = true;
    if (act.by === 'close') this.#socket.end();
    if (act.by === 'reset') this.#raw.resetAndDestroy();
    if (act.by === 'stall') this.#raw.pause();
  }

  #repeat(text: string): void {
    this.#gone = true;
    const more = () => {
      while (!this.#socket.destroyed && this.#socket.write(text, 'latin1'));
      if (!this.#socket.destroyed) this.#socket.once('drain', more);
    };
    more();
  }

  #encrypt(done: () => void): void {
    const { identity } = this.#options;
    if (!identity) throw new Error('TLS needs an identity');
    this.#socket.removeAllListeners('data');
    this.#held = '';
    const socket = new TLSSocket(this.#raw, {
      isServer: true,
      secureContext: createSecureContext({ cert: identity.certificatePem, key: identity.privateKeyPem }),
    });
    this.#socket = socket;
    this.#listen();
    socket.once('secure', () => {
      this.#session.encrypted = true;
      done();
    });
  }
}
