/**
 * Simulated TCP between simulated hosts: octets come late, in other pieces than they were sent, and sometimes not at all. A
 * connection may be reset, go silent for ever (half open), or wait out a partition; a host may be down. TLS is a handshake of one
 * round trip and no secret: who is fooled by plain text is another test's affair.
 */
import { Fault } from '../../src/base/outcome.ts';
import type { Connection, DialOptions, Endpoint, Listening, Net, TlsFacts } from '../../src/base/port/net.ts';
import type { Random } from '../../src/base/random.ts';
import { type Life, never } from './machine.ts';
import type { Schedule } from './schedule.ts';
import type { Trace } from './trace.ts';

/** What a sender may have under way or unread before it is made to wait. */
const windowOctets = 65_536;
const lingerMs = 2_000;
const dialPatienceMs = 127_000;
/** After so long without an answer the kernel gives a connection up. */
const retransmissionMs = 15 * 60_000;

/** What goes wrong on new connections, as shares. */
export type NetTroubles = { resets: number; stalls: number; refusals: number; slow: number };

type Fate =
  | { readonly kind: 'none' }
  /** Counted over both directions. */
  | { readonly kind: 'reset' | 'stall'; readonly afterOctets: number };

type Host = { readonly name: string; readonly listeners: Map<number, Listener>; isUp: boolean };
type Listener = { readonly life: Life | undefined; readonly accept: (connection: SimConnection) => void };

export class SimNet {
  readonly schedule: Schedule;
  readonly random: Random;
  readonly trace: Trace;
  readonly troubles: NetTroubles = { resets: 0, stalls: 0, refusals: 0, slow: 0 };
  readonly #hosts = new Map<string, Host>();
  readonly #open = new Set<SimConnection>();
  #partedUntilMs = new Map<string, number>();
  #ports = 20_000;
  #numbers = 0;

  constructor(parts: { readonly schedule: Schedule; readonly random: Random; readonly trace: Trace }) {
    this.schedule = parts.schedule;
    this.random = parts.random;
    this.trace = parts.trace;
  }

  addHost(address: string, name: string): void {
    this.#hosts.set(address, { name, listeners: new Map(), isUp: true });
  }

  nameOf(address: string): string {
    return this.#hosts.get(address)?.name ?? address;
  }

  setUp(address: string, isUp: boolean): void {
    const host = this.#hosts.get(address);
    if (host) host.isUp = isUp;
  }

  /** Nothing passes between the host and all others until then. */
  part(address: string, ms: number): void {
    this.#partedUntilMs.set(address, this.schedule.nowMs + ms);
    this.trace.say(this.nameOf(address), `cut off for ${Math.round(ms / 1_000)} s`);
  }

  heal(): void {
    this.#partedUntilMs.clear();
    Object.assign(this.troubles, { resets: 0, stalls: 0, refusals: 0, slow: 0 });
    for (const connection of this.#open) connection.forgive();
  }

  /** When the way between two hosts is open again; now, where it is. */
  wayOpenMs(a: string, b: string): number {
    return Math.max(this.#partedUntilMs.get(a) ?? 0, this.#partedUntilMs.get(b) ?? 0, this.schedule.nowMs);
  }

  isUp(address: string): boolean {
    return this.#hosts.get(address)?.isUp ?? false;
  }

  openConnectionsOf(life: Life): number {
    return [...this.#open].filter((one) => one.life === life).length;
  }

  listenersOf(life: Life): number {
    return [...this.#hosts.values()]
      .flatMap(({ listeners }) => [...listeners.values()])
      .filter((one) => one.life === life).length;
  }

  forget(connection: SimConnection): void {
    this.#open.delete(connection);
  }

  /** The port of one host's process. */
  portOf(address: string, life?: Life): Net {
    life?.onDeath(() => this.#loseAll(address, life));
    return {
      listen: (at, onConnection) => this.#listen(address, life, at, onConnection),
      dial: (to, options) => this.#dial(address, life, to, options),
      openDatagrams: () => Promise.reject(new Fault('ENOTSUP', 'no datagrams here')),
    };
  }

  async #listen(
    address: string,
    life: Life | undefined,
    at: Endpoint,
    accept: (connection: Connection) => void,
  ): Promise<Listening> {
    const host = this.#hosts.get(address);
    if (!host) throw new Fault('EADDRNOTAVAIL', address);
    life?.call('listen');
    if (life?.dead) return never;
    if (host.listeners.has(at.port)) throw new Fault('EADDRINUSE', `${address}:${at.port}`);
    const listener = { life, accept };
    host.listeners.set(at.port, listener);
    return {
      endpoint: { address, port: at.port },
      close: async () => {
        if (host.listeners.get(at.port) === listener) host.listeners.delete(at.port);
      },
    };
  }

  #loseAll(address: string, life: Life): void {
    const host = this.#hosts.get(address);
    if (host) for (const [port, listener] of host.listeners) if (listener.life === life) host.listeners.delete(port);
    for (const connection of [...this.#open]) if (connection.life === life) connection.lose(host?.isUp ?? false);
  }

  #dial(from: string, life: Life | undefined, to: Endpoint, options: DialOptions = {}): Promise<Connection> {
    life?.call('dial');
    if (life?.dead) return never;
    return new Promise((resolve, reject) => {
      const { signal } = options;
      let over = false;
      const settle = (act: () => void) => {
        if (over || life?.dead) return;
        over = true;
        signal?.removeEventListener('abort', onAbort);
        cancel();
        act();
      };
      const onAbort = () => {
        const late = signal?.reason instanceof Error && signal.reason.name === 'TimeoutError';
        settle(() => reject(new Fault(late ? 'ETIMEDOUT' : 'ECANCELED', 'the connection')));
      };
      const cancel = this.schedule.after(dialPatienceMs, () =>
        settle(() => reject(new Fault('ETIMEDOUT', 'the connection took too long'))),
      );
      signal?.addEventListener('abort', onAbort, { once: true });
      if (signal?.aborted) return onAbort();
      const waitMs = this.wayOpenMs(from, to.address) - this.schedule.nowMs;
      this.schedule.after(waitMs + this.latencyMs(), () => {
        const host = this.#hosts.get(to.address);
        if (!host?.isUp || over) return; // nobody answers
        const listener = host.listeners.get(to.port);
        if (!listener || this.random.float() < this.troubles.refusals)
          return void this.schedule.after(this.latencyMs(), () =>
            settle(() => reject(new Fault('ECONNREFUSED', `${to.address}:${to.port}`))),
          );
        const [ours, theirs] = this.#pair({ from, life }, { to, life: listener.life });
        listener.accept(theirs);
        this.schedule.after(this.latencyMs(), () => {
          if (over) ours.destroy();
          else settle(() => resolve(ours));
        });
      });
    });
  }

  #pair(
    caller: { readonly from: string; readonly life: Life | undefined },
    callee: { readonly to: Endpoint; readonly life: Life | undefined },
  ): [SimConnection, SimConnection] {
    const local: Endpoint = { address: caller.from, port: this.#ports++ };
    if (this.#ports > 60_000) this.#ports = 20_000;
    const line = new Line(this.#fate(), this.random.float() < this.troubles.slow ? 200 : 1);
    const number = ++this.#numbers;
    const ours = new SimConnection(this, { local, remote: callee.to, life: caller.life, line, number });
    const theirs = new SimConnection(this, { local: callee.to, remote: local, life: callee.life, line, number });
    ours.join(theirs);
    theirs.join(ours);
    this.#open.add(ours).add(theirs);
    return [ours, theirs];
  }

  #fate(): Fate {
    const draw = this.random.float();
    const { resets, stalls } = this.troubles;
    if (draw >= resets + stalls) return { kind: 'none' };
    return { kind: draw < resets ? 'reset' : 'stall', afterOctets: Math.floor(this.random.float() ** 2 * 4_000) };
  }

  /** One way. */
  latencyMs(): number {
    return 0.2 + this.random.float() * 4 + (this.random.float() < 0.02 ? this.random.float() * 900 : 0);
  }
}

/** What both ends of a connection share. */
class Line {
  fate: Fate;
  readonly slowness: number;
  octets = 0;
  isSilent = false;
  wasTroubled = false;

  constructor(fate: Fate, slowness: number) {
    this.fate = fate;
    this.slowness = slowness;
  }
}

type Waiting = { readonly resolve: (octets: Uint8Array | undefined) => void; readonly reject: (fault: Fault) => void };
type Packet = Uint8Array | 'hello' | 'end';

/** The first octets of a handshake, to whoever expects none. RFC 8446 §5.1 */
const helloOctets = Uint8Array.of(0x16, 3, 1, 0, 0);

const facts: TlsFacts = { protocol: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384', authorized: true };

export class SimConnection implements Connection {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  readonly life: Life | undefined;
  readonly number: number;
  tls: TlsFacts | undefined;
  readonly #net: SimNet;
  readonly #line: Line;
  #peer: SimConnection | undefined;
  #unread: Uint8Array[] = [];
  #held = 0;
  #waiting: Waiting | undefined;
  #blocked: (() => void)[] = [];
  #lastArrivalMs = 0;
  #ended = false;
  #said = false;
  #closed = false;
  /** Something sent here is lost for good: nothing behind it arrives either. */
  #hasGap = false;
  #fault: Fault | undefined;
  #onHello: ((packet: 'hello' | Fault) => void) | undefined;
  #hellos = 0;
  #whenClosed: (() => void)[] = [];

  constructor(
    net: SimNet,
    about: {
      readonly local: Endpoint;
      readonly remote: Endpoint;
      readonly life: Life | undefined;
      readonly line: Line;
      readonly number: number;
    },
  ) {
    this.#net = net;
    this.local = about.local;
    this.remote = about.remote;
    this.life = about.life;
    this.#line = about.line;
    this.number = about.number;
  }

  join(peer: SimConnection): void {
    this.#peer = peer;
  }

  /** Its own side has let go of it, or knows that it is gone. */
  get isOver(): boolean {
    return this.#closed || this.#fault !== undefined;
  }

  /** The other side still holds on to it: whoever dialled waits for an answer. */
  get isHeld(): boolean {
    const peer = this.#peer;
    return peer !== undefined && !peer.isOver && !peer.life?.dead;
  }

  /** Something befell it, so that the last words may not have been heard. */
  get wasTroubled(): boolean {
    return this.#line.wasTroubled;
  }

  forgive(): void {
    if (this.#line.fate.kind !== 'none' && !this.#line.isSilent) this.#line.fate = { kind: 'none' };
  }

  read(): Promise<Uint8Array | undefined> {
    if (this.life?.dead) return never;
    if (this.#waiting) throw new Error('one read at a time');
    const chunk = this.#unread.shift();
    if (chunk) {
      this.#took(chunk.length);
      return Promise.resolve(chunk);
    }
    if (this.#fault) return Promise.reject(this.#fault);
    if (this.#ended || this.#closed) return Promise.resolve(undefined);
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.life?.call('write to the net');
    if (this.life?.dead) return never;
    if (this.#closed || this.#said || this.#fault) throw this.#fault ?? new Fault('EPIPE', 'the connection is closed');
    const { random } = this.#net;
    const copy = Uint8Array.from(bytes);
    for (let at = 0; at < copy.length; ) {
      const size = random.float() < 0.15 ? 1 + Math.floor(random.float() * 600) : copy.length;
      this.#send(copy.subarray(at, at + size));
      at += size;
    }
    this.life?.call('written to the net');
    if (this.life?.dead) return never;
    const peer = this.#peer;
    while (peer && peer.#held > windowOctets && !this.isOver) {
      await new Promise<void>((resolve) => peer.#blocked.push(resolve));
      if (this.life?.dead) return never;
    }
    if (this.isOver) throw this.#fault ?? new Fault('EPIPE', 'the connection is closed');
  }

  #send(packet: Packet): void {
    const peer = this.#peer;
    const line = this.#line;
    if (!peer || line.isSilent || this.#hasGap) {
      this.#timeOutLater();
      return;
    }
    const size = packet instanceof Uint8Array ? packet.length : 0;
    line.octets += size;
    const { fate } = line;
    if (fate.kind !== 'none' && line.octets >= fate.afterOctets) {
      line.fate = { kind: 'none' };
      line.wasTroubled = true;
      const kept =
        packet instanceof Uint8Array
          ? packet.subarray(0, Math.max(0, size - (line.octets - fate.afterOctets)))
          : undefined;
      if (kept && kept.length > 0) this.#deliver(kept);
      this.#hasGap = true;
      this.#net.trace.say(this.#net.nameOf(this.local.address), `connection ${this.number} ${fate.kind}s`);
      if (fate.kind === 'stall') {
        line.isSilent = true;
        this.#timeOutLater();
        return;
      }
      this.#net.schedule.after(this.#net.latencyMs(), () => this.#broken('ECONNRESET'));
      this.#net.schedule.after(this.#net.latencyMs(), () => peer.#broken('ECONNRESET'));
      return;
    }
    this.#deliver(packet);
  }

  /** The kernel sends again and again, and gives up in the end. */
  #timeOutLater(): void {
    this.#line.wasTroubled = true;
    this.#net.schedule.after(retransmissionMs, () => this.#broken('ETIMEDOUT'));
  }

  #deliver(packet: Packet): void {
    const peer = this.#peer;
    if (!peer) return;
    const { schedule } = this.#net;
    if (packet instanceof Uint8Array) peer.#held += packet.length;
    const openMs = this.#net.wayOpenMs(this.local.address, this.remote.address);
    if (openMs > schedule.nowMs) this.#line.wasTroubled = true;
    if (openMs - schedule.nowMs > retransmissionMs) {
      this.#hasGap = true;
      this.#timeOutLater();
      return;
    }
    const arrivalMs = Math.max(openMs + this.#net.latencyMs() * this.#line.slowness, peer.#lastArrivalMs);
    peer.#lastArrivalMs = arrivalMs;
    schedule.after(arrivalMs - schedule.nowMs, () => this.#arrive(peer, packet));
  }

  #arrive(peer: SimConnection, packet: Packet): void {
    if (this.#line.isSilent || peer.#fault) return;
    if (!this.#net.isUp(peer.local.address)) {
      this.#timeOutLater();
      return;
    }
    if (peer.life?.dead || peer.#closed) {
      // Nobody has this connection any more: the kernel says so.
      if (packet !== 'end') this.#net.schedule.after(this.#net.latencyMs(), () => this.#broken('ECONNRESET'));
      return;
    }
    if (packet === 'end') {
      peer.#stop(undefined);
      return;
    }
    if (packet === 'hello') {
      peer.#heardHello();
      return;
    }
    if (peer.#onHello) {
      peer.#onHello(new Fault('ERR_SSL_WRONG_VERSION_NUMBER', 'no handshake'));
      return;
    }
    const waiting = peer.#waiting;
    if (!waiting) {
      peer.#unread.push(packet);
      return;
    }
    peer.#waiting = undefined;
    peer.#took(packet.length);
    waiting.resolve(packet);
  }

  #heardHello(): void {
    if (this.#onHello) {
      this.#onHello('hello');
      return;
    }
    this.#hellos++;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting) waiting.resolve(helloOctets);
    else this.#unread.push(helloOctets);
  }

  #took(octets: number): void {
    this.#held -= octets;
    const blocked = this.#blocked;
    this.#blocked = [];
    for (const resume of blocked) resume();
  }

  #broken(code: string): void {
    if (this.#closed || this.#fault || this.life?.dead) return;
    this.#line.wasTroubled = true;
    this.#stop(new Fault(code, 'the connection was lost'));
    this.#over();
  }

  #stop(fault: Fault | undefined): void {
    if (fault && !this.#fault) this.#fault = fault;
    this.#ended = true;
    this.#onHello?.(this.#fault ?? new Fault('ECONNRESET', 'the peer left during the TLS handshake'));
    this.#took(0);
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting && this.#fault) waiting.reject(this.#fault);
    else waiting?.resolve(undefined);
    if (this.#said) this.#over();
  }

  /** Both directions have ended, or it broke. */
  #over(): void {
    this.#net.forget(this);
    for (const done of this.#whenClosed.splice(0)) done();
    if (this.#peer) for (const resume of this.#peer.#blocked.splice(0)) resume();
  }

  async startTlsAsServer(_identity: unknown, signal?: AbortSignal): Promise<TlsFacts> {
    if (this.life?.dead) return never;
    await this.#awaitHello(signal);
    if (this.life?.dead) return never;
    this.#send('hello');
    this.tls = facts;
    return facts;
  }

  async startTlsAsClient(options: { readonly serverName: string; readonly signal?: AbortSignal }): Promise<TlsFacts> {
    if (this.life?.dead) return never;
    this.#send('hello');
    await this.#awaitHello(options.signal);
    if (this.life?.dead) return never;
    this.tls = { ...facts, serverName: options.serverName };
    return this.tls;
  }

  #awaitHello(signal: AbortSignal | undefined): Promise<void> {
    this.#unread = [];
    if (this.#fault || this.#closed) return Promise.reject(this.#fault ?? new Fault('ECONNRESET', 'closed'));
    if (this.#hellos > 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const onAbort = () => this.#onHello?.(new Fault('ECANCELED', 'the TLS handshake was cancelled'));
      this.#onHello = (heard) => {
        this.#onHello = undefined;
        signal?.removeEventListener('abort', onAbort);
        if (heard === 'hello') return resolve();
        this.#fault ??= heard;
        this.destroy();
        reject(heard);
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      if (signal?.aborted) onAbort();
    });
  }

  async end(): Promise<void> {
    this.life?.call('close a connection');
    if (this.life?.dead) return never;
    if (this.#closed || this.#fault) return;
    if (!this.#said) this.#send('end');
    this.#said = true;
    this.#unread = [];
    if (this.#ended) return this.destroy();
    await new Promise<void>((resolve) => {
      this.#whenClosed.push(resolve);
      this.#net.schedule.after(lingerMs, () => this.destroy());
    });
    if (this.life?.dead) return never;
    this.destroy();
  }

  destroy(): void {
    if (this.#closed || this.life?.dead) return;
    this.#closed = true;
    if (!this.#said && !this.#fault) {
      if (this.#unread.length > 0) this.#resetPeer();
      else this.#send('end');
    }
    this.#said = true;
    this.#stop(undefined);
    this.#over();
  }

  #resetPeer(): void {
    const peer = this.#peer;
    if (peer) this.#net.schedule.after(this.#net.latencyMs(), () => peer.#broken('ECONNRESET'));
  }

  /** Its process is gone: the kernel says so to the other side, where there is still a kernel. */
  lose(isUp: boolean): void {
    this.#net.forget(this);
    if (isUp) this.#resetPeer();
  }
}
