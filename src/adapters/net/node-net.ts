/** The `Net` port on node:net, node:tls and node:dgram. Names are never resolved here: addresses only, the `Resolver` port does names. */
import { createSocket, type SocketOptions, type Socket as UdpSocket } from 'node:dgram';
import { createServer, isIP, isIPv6, connect as netConnect, type Server, type Socket } from 'node:net';
import { systemClock, type Timers } from '../../base/clock.ts';
import { Fault } from '../../base/outcome.ts';
import type { Connection, Datagrams, DialOptions, Endpoint, Listening, Net } from '../../base/port/net.ts';
import { type Signals, silentSignals } from '../../base/port/signals.ts';
import {
  type ConnectionDeps,
  endpointOf,
  faultOf,
  faultOfAbort,
  NodeConnection,
  pausedMaxBytes,
} from './node-connection.ts';
import { createTlsContexts } from './tls-contexts.ts';

/** Connections the kernel holds for us before we accept them; Linux caps it at net.core.somaxconn. */
const backlog = 1_024;

export type NodeNetOptions = {
  readonly timers?: Timers;
  readonly signals?: Signals;
  /**
   * Sockets that accept at one listener's address, where the system can share one among several (SO_REUSEPORT). libuv accepts one
   * connection per socket and turn of its loop: in a flood of 1,000 connections a second a single socket's backlog ran over, and
   * good clients waited seconds for the kernel to try again.
   */
  readonly acceptors?: number;
};

export function createNodeNet(options: NodeNetOptions = {}): Net {
  const signals = options.signals ?? silentSignals;
  const deps: ConnectionDeps = { timers: options.timers ?? systemClock, contexts: createTlsContexts() };
  const acceptors = canSharePorts ? (options.acceptors ?? 1) : 1;
  return {
    listen: (at, onConnection) =>
      listen(at, (socket) => onConnection(new NodeConnection(socket, deps)), { signals, acceptors }),
    dial: (to, dialOptions) => dial(to, dialOptions ?? {}, deps),
    openDatagrams: (at, onDatagram, { peer } = {}) => openDatagrams(at, onDatagram, { peer, signals }),
  };
}

const canSharePorts = process.platform === 'linux';

type ListenWish = { readonly signals: Signals; readonly acceptors: number };

async function listen(at: Endpoint, onSocket: (socket: Socket) => void, wish: ListenWish): Promise<Listening> {
  requireAddress(at);
  const shared = wish.acceptors > 1;
  // Who shares a port shares it with every process of this user: that nobody has it is found out by wanting it alone.
  if (shared && at.port !== 0) await closeServer(await bind(at, () => {}, { ...wish, shared: false }));
  const first = await bind(at, onSocket, { ...wish, shared });
  const endpoint = endpointOfServer(first);
  const all = [first];
  try {
    while (all.length < wish.acceptors) all.push(await bind(endpoint, onSocket, { ...wish, shared }));
  } catch (error) {
    await Promise.all(all.map(closeServer));
    throw error;
  }
  return { endpoint, close: async () => void (await Promise.all(all.map(closeServer))) };
}

async function bind(
  at: Endpoint,
  onSocket: (socket: Socket) => void,
  { shared, signals }: { readonly shared: boolean; readonly signals: Signals },
): Promise<Server> {
  const server = createServer({
    allowHalfOpen: true,
    noDelay: true,
    keepAlive: true,
    highWaterMark: pausedMaxBytes,
  });
  server.on('connection', (socket) => {
    if (socket.remoteAddress !== undefined) return onSocket(socket);
    socket.on('error', () => {}); // a peer that reset while it waited in the backlog
    socket.destroy();
  });
  await new Promise<void>((resolve, reject) => {
    const failed = (error: Error) => reject(cannotHave(at, error));
    server.once('error', failed);
    server.listen({ host: at.address, port: at.port, backlog, reusePort: shared }, () => {
      server.off('error', failed);
      resolve();
    });
  });
  // Out of descriptors (EMFILE): the system's trouble of a moment, the listener goes on.
  server.on('error', (error) => signals.emit('warn', 'net.accept_failed', { code: faultOf(error, 'EIO').code }));
  return server;
}

function endpointOfServer(server: Server): Endpoint {
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Fault('EINVAL', 'not a TCP listener');
  return { address: bound.address, port: bound.port };
}

/** The listening descriptor is gone when `close` returns; its callback waits for the connections, which are not ours to wait for. */
async function closeServer(server: Server): Promise<void> {
  if (server.listening) server.close();
}

function cannotHave(at: Endpoint, error: unknown): Fault {
  const fault = faultOf(error, 'EINVAL');
  const where = `${isIPv6(at.address) ? `[${at.address}]` : at.address}:${at.port}`;
  const why: Record<string, string> = {
    EADDRINUSE: 'another program listens there already',
    EACCES: 'this user may not open that port',
    EADDRNOTAVAIL: 'this machine does not have that address',
  };
  return new Fault(fault.code, `cannot listen on ${where}: ${why[fault.code] ?? fault.message}`, { cause: error });
}

function requireAddress(at: Endpoint): void {
  if (isIP(at.address) === 0) throw new Fault('EINVAL', `not an IP address: ${JSON.stringify(at.address)}`);
}

async function dial(to: Endpoint, options: DialOptions, deps: ConnectionDeps): Promise<Connection> {
  requireAddress(to);
  const { signal, localAddress } = options;
  if (signal?.aborted) throw faultOfAbort(signal, 'the connection');
  const socket = netConnect({
    host: to.address,
    port: to.port,
    ...(localAddress === undefined ? {} : { localAddress }),
    allowHalfOpen: true,
    noDelay: true,
    keepAlive: true,
  });
  await connected(socket, signal);
  const connection = new NodeConnection(socket, deps);
  connection.learnLocal(); // it is told of deliveries, also when the connection is gone
  return connection;
}

function connected(socket: Socket, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = () => {
      signal?.removeEventListener('abort', onAbort);
      socket.off('error', onFailure);
    };
    const onFailure = (error: unknown) => {
      settle();
      socket.on('error', () => {});
      socket.destroy();
      reject(faultOf(error, 'ECONNREFUSED'));
    };
    const onAbort = () => onFailure(faultOfAbort(signal as AbortSignal, 'the connection'));
    socket.once('connect', () => {
      settle();
      resolve();
    });
    socket.on('error', onFailure);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

async function openDatagrams(
  at: Endpoint,
  onDatagram: (bytes: Uint8Array, from: Endpoint) => void,
  { peer, signals }: { readonly peer: Endpoint | undefined; readonly signals: Signals },
): Promise<Datagrams> {
  requireAddress(at);
  if (peer !== undefined) requireAddress(peer);
  const socket = createSocket({ type: isIPv6(at.address) ? 'udp6' : 'udp4', lookup: asItIs });
  socket.on('message', (bytes, from) => onDatagram(bytes, endpointOf(from.address, from.port)));
  await new Promise<void>((resolve, reject) => {
    const failed = (error: Error) => {
      socket.close();
      reject(cannotHave(at, error));
    };
    socket.once('error', failed);
    const ready = () => {
      socket.off('error', failed);
      resolve();
    };
    socket.bind({ address: at.address, port: at.port }, () => {
      if (peer === undefined) ready();
      else socket.connect(peer.port, peer.address, (error?: Error) => (error ? failed(error) : ready()));
    });
  });
  // ICMP refusals and full buffers: a datagram may be lost anyway, whoever waits for an answer has a time-out.
  const lost = (error: Error) => signals.emit('debug', 'net.datagram_failed', { code: faultOf(error, 'EIO').code });
  socket.on('error', lost);
  const bound = socket.address();
  return {
    endpoint: { address: bound.address, port: bound.port },
    send: (bytes, to) => sendDatagram(socket, { bytes, to: peer === undefined ? to : undefined }, lost),
    close: () => closeDatagrams(socket),
  };
}

/** Only addresses come here (`requireAddress`); Node's own look-up would take two turns for each of them. */
const asItIs: NonNullable<SocketOptions['lookup']> = (address, _options, found) =>
  found(null, address, isIPv6(address) ? 6 : 4);

/** @param datagram without `to` it goes to the peer */
function sendDatagram(
  socket: UdpSocket,
  { bytes, to }: { readonly bytes: Uint8Array; readonly to: Endpoint | undefined },
  lost: (error: Error) => void,
): void {
  const sent = (error: Error | null) => {
    if (error) lost(error);
  };
  if (to !== undefined) requireAddress(to); // a name would be looked up
  try {
    if (to === undefined) socket.send(bytes, sent);
    else socket.send(bytes, to.port, to.address, sent);
  } catch (error) {
    lost(error instanceof Error ? error : new Error(String(error))); // closed meanwhile, port 0
  }
}

function closeDatagrams(socket: UdpSocket): Promise<void> {
  return new Promise((resolve) => {
    try {
      socket.close(() => resolve());
    } catch {
      resolve(); // closed before
    }
  });
}
