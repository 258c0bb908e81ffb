/**
 * The sockets of our authoritative name server: UDP and TCP on one port. Every query goes to `answerQuery` with the zones of
 * that moment; what is here is only how many, how fast and how long. RFC 7766 (TCP), RFC 5358 and RFC 6891 §6.2.5 (UDP).
 */
import { systemClock, type Timers } from '../../base/clock.ts';
import { Holdings, RateWindow } from '../../base/limits.ts';
import { Fault } from '../../base/outcome.ts';
import type { Connection, Datagrams, Endpoint, Listening, Net } from '../../base/port/net.ts';
import type { Signals } from '../../base/port/signals.ts';
import { parseIpAddress } from '../../format/ip-address.ts';
import { createAnswerMemory } from '../../protocol/dns/answer-memory.ts';
import type { AnswerOptions } from '../../protocol/dns/authority.ts';
import { FrameReader } from '../../protocol/dns/frame-reader.ts';
import { framed } from '../../protocol/dns/message-codec.ts';
import type { ZoneSet } from '../../protocol/dns/zone-set.ts';

export type DnsEntranceLimits = {
  readonly connectionsMax: number;
  readonly connectionsPerAddressMax: number;
  /** Between whole queries on a connection, and for the client to take an answer. */
  readonly idleMs: number;
  /** Full answers over UDP per client network and second; more are answered "come by TCP", which forged clients cannot. */
  readonly udpAnswersPerSecond: number;
};

/** Our choice where no source stands. */
const dnsEntranceLimits: DnsEntranceLimits = {
  connectionsMax: 256,
  connectionsPerAddressMax: 20,
  idleMs: 10_000, // RFC 7766 §6.2.3: "of the order of a few seconds"
  udpAnswersPerSecond: 500,
};

export type DnsEntranceOptions = {
  readonly net: Net;
  /** Port 0: a free one, the same for UDP and TCP. */
  readonly at: Endpoint;
  /** Asked anew for every query, so a new set of zones is in force at once. */
  readonly zones: () => ZoneSet;
  readonly signals: Signals;
  readonly timers?: Timers;
  readonly limits?: Partial<DnsEntranceLimits>;
};

/** Listens on UDP and TCP; `close` stops both and ends the connections that are open. */
export async function serveDns(options: DnsEntranceOptions): Promise<Listening> {
  const entrance = new DnsEntrance(options);
  const attempts = options.at.port === 0 ? freePortAttempts : 1;
  for (let attempt = 1; ; attempt++) {
    const listening = await entrance.open(options.at);
    if (listening.ok) return listening.value;
    if (attempt >= attempts) throw listening.fault;
  }
}

/** A port that is free for TCP is nearly always free for UDP too. */
const freePortAttempts = 20;

type Opened = { readonly ok: true; readonly value: Listening } | { readonly ok: false; readonly fault: Fault };

class DnsEntrance {
  readonly #net: Net;
  readonly #zones: () => ZoneSet;
  readonly #signals: Signals;
  readonly #timers: Timers;
  readonly #limits: DnsEntranceLimits;
  readonly #held = new Holdings();
  readonly #open = new Set<Connection>();
  readonly #udpAnswers: RateWindow;
  readonly #answerQuery = createAnswerMemory();

  constructor(options: DnsEntranceOptions) {
    this.#net = options.net;
    this.#zones = options.zones;
    this.#signals = options.signals;
    this.#timers = options.timers ?? systemClock;
    this.#limits = { ...dnsEntranceLimits, ...options.limits };
    this.#udpAnswers = new RateWindow(this.#timers, { windowMs: 1_000 });
  }

  async open(at: Endpoint): Promise<Opened> {
    const tcp = await this.#net.listen(at, (connection) => void this.#serveConnection(connection));
    try {
      const udp = await this.#listenUdp({ address: at.address, port: tcp.endpoint.port });
      return { ok: true, value: { endpoint: tcp.endpoint, close: () => this.#close(tcp, udp) } };
    } catch (error) {
      await tcp.close();
      if (error instanceof Fault) return { ok: false, fault: error };
      throw error;
    }
  }

  async #close(tcp: Listening, udp: Datagrams): Promise<void> {
    await Promise.all([tcp.close(), udp.close()]);
    for (const connection of this.#open) connection.destroy();
  }

  #answer(query: Uint8Array, how: AnswerOptions): Uint8Array | undefined {
    const reply = this.#answerQuery(this.#zones(), query, how);
    this.#signals.emit('debug', 'dns.query_answered', { transport: how.transport, rcode: rcodeOf(reply) });
    return reply;
  }

  // ---- UDP ----

  async #listenUdp(at: Endpoint): Promise<Datagrams> {
    const udp: Datagrams = await this.#net.openDatagrams(at, (query, from) => {
      if (from.port === 0) return; // nobody can be answered there
      try {
        const reply = this.#answer(query, { transport: 'udp', comeByTcp: this.#isTooMuch(from) });
        if (reply !== undefined) udp.send(reply, from);
      } catch (error) {
        this.#signals.emit('error', 'dns.query_failed', { reason: String(error) }); // one query's bug is not the listener's end
      }
    });
    return udp;
  }

  #isTooMuch(from: Endpoint): boolean {
    return this.#udpAnswers.add(networkOf(from.address)) > this.#limits.udpAnswersPerSecond;
  }

  // ---- TCP ----

  async #serveConnection(connection: Connection): Promise<void> {
    const { connectionsPerAddressMax, connectionsMax } = this.#limits;
    const giveBack = this.#held.take(connection.remote.address, connectionsPerAddressMax, connectionsMax);
    if (giveBack === undefined) {
      this.#signals.emit('debug', 'dns.connection_refused', { address: connection.remote.address });
      connection.destroy();
      return;
    }
    this.#open.add(connection);
    try {
      await this.#answerAll(connection);
    } catch (error) {
      // The loop that owns the connection: a peer that went away is no news, anything else is.
      if (!(error instanceof Fault)) this.#signals.emit('error', 'dns.connection_failed', { reason: String(error) });
    } finally {
      connection.destroy();
      this.#open.delete(connection);
      giveBack();
    }
  }

  /** Queries in their order, as many as come (RFC 7766 §6.2.1.1), until the client ends or says nothing whole for too long. */
  async #answerAll(connection: Connection): Promise<void> {
    const reader = new FrameReader();
    let cancel = this.#timers.after(this.#limits.idleMs, () => connection.destroy());
    try {
      for (let octets = await connection.read(); octets !== undefined; octets = await connection.read()) {
        for (const query of reader.push(octets)) {
          const reply = this.#answer(query, { transport: 'tcp' });
          if (reply === undefined) return; // nothing we could answer: whoever speaks here does not speak DNS
          await connection.write(framed(reply));
          cancel();
          cancel = this.#timers.after(this.#limits.idleMs, () => connection.destroy());
        }
      }
      await connection.end();
    } finally {
      cancel();
    }
  }
}

function rcodeOf(reply: Uint8Array | undefined): number | undefined {
  return reply?.[3] === undefined ? undefined : reply[3] & 0x0f;
}

/** A /24 or /56: who can forge one address of a network can forge them all. */
function networkOf(address: string): string {
  const ip = parseIpAddress(address);
  return ip === undefined ? address : ip.bytes.subarray(0, ip.family === 4 ? 3 : 7).join('.');
}
