/**
 * One TCP connection of `node:net` behind the `Connection` port: pulled reads, awaited writes, TLS in either role on the way.
 *
 * plain -startTls-> handshake -done-> encrypted          any -peer's FIN-> half closed (we may still answer)
 *                      \-failed-> destroyed               any -error, destroy-> closed
 */
import { X509Certificate } from 'node:crypto';
import { isIP, type Socket } from 'node:net';
import { checkServerIdentity, connect, type PeerCertificate, TLSSocket } from 'node:tls';
import type { Timers } from '../../base/clock.ts';
import { Fault, invariant } from '../../base/outcome.ts';
import type { Connection, Endpoint, TlsClientOptions, TlsFacts, TlsIdentity } from '../../base/port/net.ts';
import { isForHost } from '../../format/certificate-names.ts';
import type { TlsContexts } from './tls-contexts.ts';

/** What may lie unread before the peer is made to wait. */
const unreadMaxBytes = 65_536;
/** What each piece takes besides: who sends octet by octet (in records of TLS, two thousand of them in one read) is made to wait sooner. */
const pieceBytes = 512;
/** What a stream of Node's takes in by itself once it is made to wait, piece by piece too. */
export const pausedMaxBytes = 4_096;
/** How long the peer may take to read our last words and close its side. */
const lingerMs = 2_000;
/** And how much it may go on sending meanwhile; more is answered with a reset. */
const lingerMaxBytes = 1_048_576;

/** Certificates of a peer that are passed on. OpenSSL's own limit is about as much. */
const chainMax = 100;

const nothing = new Uint8Array(0);
const written = Promise.resolve();

export type ConnectionDeps = { readonly timers: Timers; readonly contexts: TlsContexts };

type Waiting = { readonly resolve: (chunk: Uint8Array | undefined) => void; readonly reject: (fault: Fault) => void };

/** The system's own word for what went wrong, as a `Fault`. */
export function faultOf(error: unknown, otherwise: string): Fault {
  if (error instanceof Fault) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : otherwise;
  return new Fault(code, error instanceof Error ? error.message : String(error), { cause: error });
}

/** A time-out is `ETIMEDOUT`, any other abort `ECANCELED`. */
export function faultOfAbort(signal: AbortSignal, doing: string): Fault {
  const timedOut = signal.reason instanceof Error && signal.reason.name === 'TimeoutError';
  return new Fault(timedOut ? 'ETIMEDOUT' : 'ECANCELED', `${doing} ${timedOut ? 'took too long' : 'was cancelled'}`);
}

/** An IPv4 peer of a dual-stack listener shows as `::ffff:192.0.2.1`; it is that IPv4 peer. */
export function endpointOf(address: string | undefined, port: number | undefined): Endpoint {
  const text = address ?? '';
  const mapped = text.toLowerCase().startsWith('::ffff:') && isIP(text.slice(7)) === 4;
  return { address: mapped ? text.slice(7) : text, port: port ?? 0 };
}

export class NodeConnection implements Connection {
  readonly remote: Endpoint;
  #local: Endpoint | undefined;
  #tls: TlsFacts | undefined;
  #socket: Socket;
  #unread: Uint8Array[] = [];
  #unreadBytes = 0;
  #waiting: Waiting | undefined;
  #ended = false;
  #fault: Fault | undefined;
  readonly #deps: ConnectionDeps;
  readonly #onData = (chunk: Uint8Array) => this.#arrived(chunk);
  readonly #onEnd = () => this.#stop(undefined);
  readonly #onError = (error: Error) => this.#stop(faultOf(error, 'ECONNRESET'));

  constructor(socket: Socket, deps: ConnectionDeps) {
    this.#socket = socket;
    this.#deps = deps;
    this.remote = endpointOf(socket.remoteAddress, socket.remotePort);
    this.#attach(socket);
  }

  get tls(): TlsFacts | undefined {
    return this.#tls;
  }

  /** Looked up when somebody wants to know: of a thousand that were accepted nobody does, and the system keeps it meanwhile. */
  get local(): Endpoint {
    return this.learnLocal();
  }

  /** While the connection is there. */
  learnLocal(): Endpoint {
    this.#local ??= endpointOf(this.#socket.localAddress, this.#socket.localPort);
    return this.#local;
  }

  #attach(socket: Socket): void {
    socket.on('data', this.#onData);
    socket.on('end', this.#onEnd);
    socket.on('error', this.#onError);
    socket.on('close', this.#onEnd);
  }

  #arrived(chunk: Uint8Array): void {
    const waiting = this.#waiting;
    if (waiting) {
      this.#waiting = undefined;
      waiting.resolve(chunk);
      return;
    }
    this.#unread.push(chunk);
    this.#unreadBytes += chunk.length + pieceBytes;
    if (this.#unreadBytes >= unreadMaxBytes) this.#socket.pause();
  }

  #stop(fault: Fault | undefined): void {
    if (fault && !this.#ended) this.#fault ??= fault;
    this.#ended = true;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (!waiting) return;
    if (this.#fault) waiting.reject(this.#fault);
    else waiting.resolve(undefined);
  }

  read(): Promise<Uint8Array | undefined> {
    invariant(!this.#waiting, 'one read at a time');
    const chunk = this.#unread.shift();
    if (chunk) {
      this.#unreadBytes -= chunk.length + pieceBytes;
      if (this.#unread.length === 0 && this.#socket.isPaused()) this.#socket.resume();
      return Promise.resolve(chunk);
    }
    if (this.#fault) return Promise.reject(this.#fault);
    if (this.#ended) return Promise.resolve(undefined);
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  write(bytes: Uint8Array): Promise<void> {
    const socket = this.#socket;
    if (!socket.writable) return Promise.reject(this.#fault ?? new Fault('EPIPE', 'the connection is closed'));
    socket.write(bytes);
    if (socket.writableLength === 0 && socket.errored === null) return written; // the system took all of it at once, as nearly always
    return new Promise((resolve, reject) => {
      socket.write(nothing, (error) => (error ? reject(this.#fault ?? faultOf(error, 'EPIPE')) : resolve()));
    });
  }

  async startTlsAsServer(identity: TlsIdentity, signal?: AbortSignal, handshakeSoFar?: Uint8Array): Promise<TlsFacts> {
    const secureContext = this.#deps.contexts.ofServer(identity);
    const plain = await this.#release(handshakeSoFar);
    const options = { isServer: true, secureContext, requestCert: false, highWaterMark: pausedMaxBytes };
    const socket = new TLSSocket(plain, options);
    return this.#shakeHands(socket, { done: 'secure', signal });
  }

  async startTlsAsClient(options: TlsClientOptions): Promise<TlsFacts> {
    const secureContext = this.#deps.contexts.ofClient(options.trust);
    const plain = await this.#release(undefined);
    const socket = connect({
      socket: plain,
      secureContext,
      host: options.serverName,
      servername: isIP(options.serverName) === 0 ? options.serverName : '', // RFC 6066 §3: no literal addresses
      rejectUnauthorized: options.requireValid,
      ...(options.requireValid ? { checkServerIdentity: checkDnsNames } : {}),
    });
    const facts = await this.#shakeHands(socket, { done: 'secureConnect', signal: options.signal });
    return options.wantChain ? { ...facts, chain: chainOf(socket) } : facts;
  }

  /**
   * Takes our hands off the plain socket, at once: what is unread goes, what arrives from here on belongs to the handshake.
   * So a caller may write "220 go ahead" and call without awaiting the write between: no octet can fall into a gap.
   */
  async #release(handshakeSoFar: Uint8Array | undefined): Promise<Socket> {
    const socket = this.#socket;
    invariant(!this.#waiting && !this.#tls, 'TLS starts once, between two reads');
    if (this.#ended) throw this.#fault ?? new Fault('ECONNRESET', 'the connection is closed');
    socket.off('data', this.#onData);
    socket.pause();
    const buffered = socket.readableLength > 0 ? [socket.read() as Uint8Array] : [];
    const early = handshakeSoFar ? [handshakeSoFar, ...this.#unread, ...buffered] : [];
    this.#unread = [];
    this.#unreadBytes = 0;
    if (socket.writableLength > 0) await new Promise<void>((resolve) => socket.write('', () => resolve()));
    if (this.#ended || socket.destroyed) throw this.#fault ?? new Fault('ECONNRESET', 'the connection is closed');
    const start = Buffer.concat(early);
    if (start.length > 0) socket.unshift(start); // the TLS layer reads what lies here first
    socket.off('end', this.#onEnd);
    socket.off('close', this.#onEnd);
    return socket;
  }

  #shakeHands(
    socket: TLSSocket,
    step: { readonly done: 'secure' | 'secureConnect'; readonly signal: AbortSignal | undefined },
  ): Promise<TlsFacts> {
    this.#socket = socket;
    const { signal } = step;
    return new Promise((resolve, reject) => {
      const settle = () => {
        signal?.removeEventListener('abort', onAbort);
        socket.off('end', onClose);
        socket.off('close', onClose);
        socket.off('_tlsError', onFailure);
        socket.off('error', onFailure);
      };
      const onFailure = (error: unknown) => {
        settle();
        const fault = faultOf(error, 'ERR_TLS_HANDSHAKE');
        socket.on('error', () => {}); // the same failure may be told twice
        this.#stop(fault);
        this.destroy();
        this.#unread = []; // whatever it was, it came from somebody unproven
        reject(fault);
      };
      const onClose = () => onFailure(this.#fault ?? new Fault('ECONNRESET', 'the peer left during the TLS handshake'));
      const onAbort = () => onFailure(faultOfAbort(signal as AbortSignal, 'the TLS handshake'));
      socket.once(step.done, () => {
        settle();
        this.#tls = factsOf(socket);
        socket.on('end', this.#onEnd);
        socket.on('error', this.#onError);
        socket.on('close', this.#onEnd);
        resolve(this.#tls);
      });
      socket.on('_tlsError', onFailure);
      socket.on('error', onFailure);
      socket.on('end', onClose);
      socket.on('close', onClose);
      socket.on('data', this.#onData); // flowing from the start, or the peer's leaving would go unseen
      signal?.addEventListener('abort', onAbort, { once: true });
      if (signal?.aborted) onAbort();
    });
  }

  /**
   * Says goodbye politely: closing a socket with unread input sends a reset, which can overtake and destroy our last reply
   * (RFC 9293 §3.10.4, RFC 1122 §4.2.2.13). So: our side closes, input is read and dropped for a bounded while.
   */
  async end(): Promise<void> {
    const socket = this.#socket;
    if (socket.closed) return;
    let dropped = 0;
    socket.off('data', this.#onData);
    socket.on('data', (chunk: Uint8Array) => {
      dropped += chunk.length;
      if (dropped > lingerMaxBytes) socket.destroy();
    });
    this.#unread = [];
    this.#unreadBytes = 0;
    const cancel = this.#deps.timers.after(lingerMs, () => socket.destroy());
    await new Promise<void>((resolve) => {
      socket.once('close', () => resolve());
      socket.end();
      socket.resume();
    });
    cancel();
  }

  destroy(): void {
    this.#socket.destroy();
    this.#stop(undefined);
  }
}

/** RFC 8461 §4.2, RFC 6125: a name has to stand among the certificate's DNS names; the subject's common name is none. */
function checkDnsNames(host: string, certificate: PeerCertificate): Error | undefined {
  if (isIP(host) !== 0) return checkServerIdentity(host, certificate);
  if (isForHost(new X509Certificate(certificate.raw), host)) return undefined;
  const names = certificate.subjectaltname ?? 'no name';
  return Object.assign(new Error(`the certificate is not for ${host} but for ${names.slice(0, 200)}`), {
    code: 'ERR_TLS_CERT_ALTNAME_INVALID',
  });
}

/** As the peer sent them, whether they belong together or not. */
function chainOf(socket: TLSSocket): readonly Uint8Array[] {
  const chain: Uint8Array[] = [];
  for (
    let one = socket.getPeerX509Certificate();
    one !== undefined && chain.length < chainMax;
    one = one.issuerCertificate
  )
    chain.push(one.raw);
  return chain;
}

function factsOf(socket: TLSSocket): TlsFacts {
  const { servername } = socket as { servername?: string | false };
  const error = socket.authorizationError as Error | string | undefined | null;
  return {
    protocol: socket.getProtocol() ?? 'unknown',
    cipher: socket.getCipher().standardName,
    authorized: socket.authorized,
    ...(error ? { authorizationError: wordOf(error) } : {}),
    ...(servername ? { serverName: servername } : {}),
  };
}

function wordOf(error: Error | string): string {
  if (typeof error === 'string') return error;
  return 'code' in error ? String(error.code) : error.message;
}
