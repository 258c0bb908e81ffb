/**
 * An SMTP listener: who may come in (connections per address and in all, PROXY header, TLS from the first octet), one
 * `Conversation` for each, and an orderly end. What is said inside is the conversation's; what is wanted is the policy's.
 */

import { fromLatin1 } from '../../base/bytes.ts';
import type { Timers } from '../../base/clock.ts';
import { Holdings } from '../../base/limits.ts';
import { Fault } from '../../base/outcome.ts';
import { type Memory, plentyOfMemory } from '../../base/port/memory.ts';
import type { Connection, Endpoint, Listening, Net, TlsIdentity } from '../../base/port/net.ts';
import type { Signals } from '../../base/port/signals.ts';
import { clientNetwork, type IpAddress, type Network, networkHolds, parseIpAddress } from '../../format/ip-address.ts';
import type { SmtpLimits } from '../../protocol/smtp/limits.ts';
import { readProxyHeader } from '../../protocol/smtp/proxy-v2.ts';
import { replyOf, writeReply } from '../../protocol/smtp/reply.ts';
import { allOffers, type ServerOptions, type SmtpOffers } from '../../protocol/smtp/server-session.ts';
import { Conversation, type ConversationDeps } from './conversation.ts';
import { Ear } from './ear.ts';
import { makeUnwritten } from './receive-body.ts';
import type { SmtpClient, SmtpPolicy } from './smtp-policy.ts';

export type SmtpListenerOptions = {
  /** In signals: `mx`, `submission`. */
  readonly name: string;
  readonly net: Net;
  readonly timers: Timers;
  readonly signals: Signals;
  readonly at: Endpoint;
  /** Networks of proxies: from there a PROXY v2 header is mandatory, nobody else is served. Empty: no PROXY protocol. */
  readonly proxyFrom: readonly Network[];
  /** RFC 8314 §3.3. */
  readonly implicitTls: boolean;
  readonly hostname: string;
  readonly limits: SmtpLimits;
  /** The certificate of now, asked per connection and handshake; undefined: no TLS. */
  readonly identity: () => TlsIdentity | undefined;
  readonly policy: SmtpPolicy;
  /** While it is short nobody new comes in, and nobody begins a message. Absent: there is plenty. */
  readonly memory?: Memory;
  /** Extensions to be left out; all are offered otherwise. */
  readonly offers?: Partial<SmtpOffers>;
};

export interface SmtpListener {
  readonly endpoint: Endpoint;
  /** Connections being served. */
  readonly connections: number;
  /** Stops accepting, lets transactions finish within `stop_seconds`, then cuts what is left. */
  stop(): Promise<void>;
}

export async function serveSmtp(options: SmtpListenerOptions): Promise<SmtpListener> {
  const listener = new Listener(options);
  const listening = await options.net.listen(options.at, (connection) => listener.receive(connection));
  return {
    endpoint: listening.endpoint,
    get connections() {
      return listener.connections;
    },
    stop: () => listener.close(listening),
  };
}

type Served = { readonly connection: Connection; conversation: Conversation | undefined };

const tooMany = writeReply(replyOf('421 4.7.0', 'Too many connections from your network; try again later'));
const full = writeReply(replyOf('421 4.3.2', 'Too many connections; try again later'));
const short = writeReply(replyOf('421 4.3.2', 'Short of memory; try again later'));
const nothing = new Uint8Array(0);

class Listener {
  readonly #options: SmtpListenerOptions;
  readonly #memory: Memory;
  /** What all conversations share. */
  readonly #deps: ConversationDeps;
  readonly #served = new Set<Served>();
  readonly #holdings = new Holdings();
  #closing = false;
  /** Told, once closing, when the last one has left. */
  #onEmpty: (() => void) | undefined;

  constructor(options: SmtpListenerOptions) {
    const { hostname, limits, timers, identity } = options;
    const offers = { ...allOffers, ...options.offers };
    const kinds = new Map<string, ServerOptions>();
    this.#options = options;
    this.#memory = options.memory ?? plentyOfMemory;
    this.#deps = {
      limits,
      timers,
      identity,
      memory: this.#memory,
      unwritten: makeUnwritten(this.#memory),
      emit: (level, name, fields) => this.#emit(level, name, fields),
      underLoad: () => this.#served.size * 100 >= limits.connections_in_all * limits.load_percent,
      optionsFor: ({ login, dsn }) => {
        const startTls = identity() !== undefined;
        const kind = `${startTls} ${login} ${dsn}`;
        const made = kinds.get(kind) ?? {
          hostname,
          limits,
          startTls,
          login,
          offers: { ...offers, dsn: offers.dsn && dsn },
        };
        kinds.set(kind, made);
        return made;
      },
    };
  }

  get connections(): number {
    return this.#served.size;
  }

  receive(connection: Connection): void {
    if (this.#closing) {
      connection.destroy();
      return;
    }
    if (this.#served.size >= this.#options.limits.connections_in_all) {
      this.#turnAway(connection, 'full', full);
      return;
    }
    if (this.#memory.isShort()) {
      this.#turnAway(connection, 'memory', short);
      return;
    }
    const served: Served = { connection, conversation: undefined };
    this.#served.add(served);
    void this.#serve(served);
  }

  async close(listening: Listening): Promise<void> {
    this.#closing = true;
    await listening.close();
    const empty = Promise.withResolvers<void>();
    this.#onEmpty = empty.resolve;
    if (this.#served.size === 0) empty.resolve();
    for (const { connection, conversation } of this.#served) {
      if (conversation) conversation.stop();
      else connection.destroy(); // still at the door
    }
    const cancel = this.#options.timers.after(this.#options.limits.stop_seconds * 1000, () => {
      for (const { connection } of this.#served) connection.destroy();
    });
    await empty.promise;
    cancel();
  }

  /** Past the door, or turned away. Never throws. */
  async #serve(served: Served): Promise<void> {
    const { connection } = served;
    let give: (() => void) | undefined;
    const leave = () => {
      give?.();
      this.#served.delete(served);
      if (this.#served.size === 0) this.#onEmpty?.();
    };
    try {
      const arrival = await this.#identify(connection);
      if (!arrival) connection.destroy();
      give = arrival && this.#admit(connection, arrival);
      if (!arrival || !give || !(await this.#secure(connection, arrival))) return leave();
      served.conversation = this.#conversationWith(connection, arrival);
      if (this.#closing) served.conversation.stop();
    } catch (error) {
      connection.destroy();
      leave();
      if (!(error instanceof Fault)) this.#emit('error', 'smtp.connection_failed', { error: String(error) });
      return;
    }
    served.conversation.start(leave);
  }

  /** Its place among those of its network; undefined when that has too many, and then it is turned away. */
  #admit(connection: Connection, { client }: Arrival): (() => void) | undefined {
    const most = this.#options.limits.connections_per_address;
    const give = this.#holdings.take(clientNetwork(client.address), most, Infinity);
    if (!give) this.#turnAway(connection, 'per_address', tooMany, client.address.text);
    return give;
  }

  #conversationWith(connection: Connection, { client, early }: Arrival): Conversation {
    const about = {
      client: client.address.text,
      visit: this.#options.policy.open(client),
      early: connection.tls ? nothing : early,
    };
    return new Conversation(connection, about, this.#deps);
  }

  /** Who is there: the connection's own address, or the one its proxy names. */
  async #identify(connection: Connection): Promise<Arrival | undefined> {
    const { proxyFrom } = this.#options;
    const peer = parseIpAddress(connection.remote.address.replace(/%.*$/, '')); // RFC 4007 §11: without its zone
    if (!peer) return undefined;
    const direct: SmtpClient = { address: peer, port: connection.remote.port };
    if (proxyFrom.length === 0) return { client: direct, early: nothing };
    if (!proxyFrom.some((network) => networkHolds(network, peer))) return this.#noProxy(peer, 'not a proxy of ours');
    return this.#hearProxy(connection, direct);
  }

  async #hearProxy(connection: Connection, direct: SmtpClient): Promise<Arrival | undefined> {
    const { timers, limits } = this.#options;
    const ear = new Ear(connection, timers);
    const untilMs = timers.monotonicMs() + limits.proxy_header_seconds * 1000;
    let octets: Uint8Array = nothing;
    try {
      for (;;) {
        const heard = await ear.hear(untilMs - timers.monotonicMs());
        if (heard.kind !== 'octets') return this.#noProxy(direct.address, 'no header in time');
        octets = octets.length === 0 ? heard.octets : Buffer.concat([octets, heard.octets]);
        const header = readProxyHeader(octets);
        if (header.kind === 'bad') return this.#noProxy(direct.address, header.why);
        if (header.kind === 'more') continue;
        const early = octets.subarray(header.octets);
        if (header.kind === 'local') return { client: direct, early };
        const address = parseIpAddress(header.source.address);
        return address && { client: { address, port: header.source.port }, early };
      }
    } finally {
      ear.close();
    }
  }

  #noProxy(peer: IpAddress, why: string): undefined {
    this.#emit('warn', 'smtp.proxy_refused', { client: peer.text, why });
  }

  /** TLS before SMTP, where the listener is of that kind. */
  async #secure(connection: Connection, { client, early }: Arrival): Promise<boolean> {
    if (!this.#options.implicitTls) return true;
    const { identity, limits, timers, proxyFrom } = this.#options;
    const shown = identity();
    const abort = new AbortController();
    const cancel = timers.after(limits.tls_handshake_seconds * 1000, () => abort.abort());
    try {
      if (!shown) throw new Fault('TLS_IDENTITY', 'there is no certificate');
      await connection.startTlsAsServer(shown, abort.signal, proxyFrom.length > 0 ? early : nothing);
      return true;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      this.#emit('info', 'smtp.tls_failed', { client: client.address.text, code: error.code });
      connection.destroy();
      return false;
    } finally {
      cancel();
    }
  }

  /** The reply fits into any socket's buffer; nobody is waited for here, or a flood of callers would hold us up after all. */
  #turnAway(connection: Connection, why: string, reply: string, client = connection.remote.address): void {
    this.#emit('info', 'smtp.connection_refused', { client, why });
    if (!this.#options.implicitTls) connection.write(fromLatin1(reply)).catch(() => {});
    connection.destroy();
  }

  #emit(level: Parameters<Signals['emit']>[0], name: string, fields: Parameters<Signals['emit']>[2]): void {
    this.#options.signals.emit(level, name, { listener: this.#options.name, ...fields });
  }
}

type Arrival = {
  readonly client: SmtpClient;
  /** What came behind the PROXY header already. */
  readonly early: Uint8Array;
};
