/**
 * UDP sockets for questions, one question on each at a time. Usually a socket is opened for one question and closed behind it; where very
 * many are asked, one that did its work cleanly may carry the next, a few times and for a moment.
 *
 * A forger has to guess as much as ever: each question under way has a socket of its own with a port that the kernel drew, a fresh random
 * id that this socket has not carried before (RFC 5452 §9.2), and address, port, id and question of every answer are compared (§9.1).
 * What a port that stays open a while could help is bounded: the socket is connected, so that its port shows itself to nobody but its
 * server, and it is given up after silence, an error, or any datagram but the one answer.
 */
import type { Timers } from '../../base/clock.ts';
import type { Datagrams, Endpoint, Net } from '../../base/port/net.ts';

export type SocketLimits = {
  /** Questions that one socket may carry, one after the other. */
  readonly questionsPerSocket: number;
  /** How long after its opening it may be taken. */
  readonly socketMs: number;
  /** How long it may wait for its next question. */
  readonly idleSocketMs: number;
};

type Hear = (octets: Uint8Array, from: Endpoint) => void;
type Asking = { readonly server: Endpoint; readonly id: number; readonly hear: Hear };

export class QuestionSockets {
  readonly #net: Net;
  readonly #timers: Timers;
  readonly #limits: SocketLimits;
  /** By server; the last one in is the next one out. */
  readonly #idle = new Map<string, QuestionSocket[]>();
  #isSweepDue = false;

  constructor({ net, timers }: { readonly net: Net; readonly timers: Timers }, limits: SocketLimits) {
    this.#net = net;
    this.#timers = timers;
    this.#limits = limits;
  }

  /** One for this question alone, until it is given back. Throws a `Fault` when none can be had. */
  async take({ server, id, hear }: Asking): Promise<QuestionSocket> {
    const idle = this.#idle.get(keyOf(server))?.pop();
    if (idle !== undefined && !this.#isOld(idle) && !idle.hasCarried(id)) {
      idle.begin(id, hear);
      return idle;
    }
    idle?.close();
    const fresh = new QuestionSocket(server, this.#timers.monotonicMs());
    fresh.begin(id, hear);
    await fresh.open(this.#net);
    return fresh;
  }

  /** @param isClean the answer came, and nothing else */
  giveBack(socket: QuestionSocket, isClean: boolean): void {
    if (!isClean || socket.questions >= this.#limits.questionsPerSocket || this.#isOld(socket)) {
      socket.close();
      return;
    }
    const key = keyOf(socket.server);
    const idle = this.#idle.get(key);
    if (idle === undefined) this.#idle.set(key, [socket]);
    else idle.push(socket);
    socket.rest(this.#timers.monotonicMs(), () => this.#drop(socket));
    if (!this.#isSweepDue) this.#sweepLater();
  }

  /** Somebody speaks to it though nothing was asked. */
  #drop(socket: QuestionSocket): void {
    const idle = this.#idle.get(keyOf(socket.server));
    idle?.splice(idle.indexOf(socket), 1);
    socket.close();
  }

  #isOld({ openedMs }: QuestionSocket): boolean {
    return this.#timers.monotonicMs() - openedMs >= this.#limits.socketMs;
  }

  #sweepLater(): void {
    this.#isSweepDue = true;
    this.#timers.after(this.#limits.idleSocketMs, () => this.#sweep());
  }

  /** The longest unused stand first. */
  #sweep(): void {
    const since = this.#timers.monotonicMs() - this.#limits.idleSocketMs;
    for (const [server, idle] of this.#idle) {
      const kept = idle.findIndex(({ restsSinceMs }) => restsSinceMs > since);
      for (const socket of idle.splice(0, kept < 0 ? idle.length : kept)) socket.close();
      if (idle.length === 0) this.#idle.delete(server);
    }
    this.#isSweepDue = false;
    if (this.#idle.size > 0) this.#sweepLater();
  }
}

const keyOf = ({ address, port }: Endpoint) => `${port} ${address}`;

class QuestionSocket {
  readonly server: Endpoint;
  readonly openedMs: number;
  restsSinceMs = 0;
  readonly #ids: number[] = [];
  #hear: Hear = () => {};
  #datagrams: Datagrams | undefined;

  constructor(server: Endpoint, openedMs: number) {
    this.server = server;
    this.openedMs = openedMs;
  }

  get questions(): number {
    return this.#ids.length;
  }

  hasCarried(id: number): boolean {
    return this.#ids.includes(id);
  }

  begin(id: number, hear: Hear): void {
    this.#ids.push(id);
    this.#hear = hear;
  }

  async open(net: Net): Promise<void> {
    // Port 0: the kernel picks a random free port. RFC 5452 §9.2
    const anywhere = { address: this.server.address.includes(':') ? '::' : '0.0.0.0', port: 0 };
    const onDatagram: Hear = (octets, from) => this.#hear(octets, from);
    this.#datagrams = await net.openDatagrams(anywhere, onDatagram, { peer: this.server });
  }

  send(octets: Uint8Array): void {
    this.#datagrams?.send(octets, this.server);
  }

  rest(nowMs: number, disturbed: () => void): void {
    this.restsSinceMs = nowMs;
    this.#hear = disturbed;
  }

  close(): void {
    this.#hear = () => {};
    void this.#datagrams?.close();
  }
}
