/**
 * Listens for HTTP with node:http and hands each request, as a web `Request`, to a fetch function. What comes in broken ends at
 * its own connection; slow clients end at a time limit; closing lets answers under way end first.
 */
import { createServer, type IncomingMessage, type Server, type ServerOptions, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, isIPv6, type Socket } from 'node:net';
import { createSecureContext, type SecureContext } from 'node:tls';
import { getRequestListener } from '@hono/node-server';
import type { Timers } from '../../base/clock.ts';
import { Fault } from '../../base/outcome.ts';
import type { Endpoint, Listening, TlsIdentity } from '../../base/port/net.ts';
import type { Signals } from '../../base/port/signals.ts';
import { parseIpAddress } from '../../format/ip-address.ts';

export type ServeHttpOptions = {
  readonly at: Endpoint;
  readonly timers: Timers;
  readonly signals: Signals;
  readonly limits?: Partial<ServerLimits>;
  /** HTTPS: the certificate for the name that a client asks for; '' where it names none. Asked anew for each connection. */
  readonly identityOf?: (name: string) => TlsIdentity;
};

export type ServerLimits = {
  /** Request line and header fields together: Node answers 431. */
  readonly headerBytes: number;
  /** From the first octet of a request to the end of its header: a client that drips it holds a connection no longer. */
  readonly headerMs: number;
  /** To the end of its body: 30 MB at 100 KB/s. */
  readonly requestMs: number;
  /** Silence on a connection, in either direction; event streams say something every 15 seconds. */
  readonly silenceMs: number;
  /** An idle connection is kept for the next request; longer than most proxies keep theirs. */
  readonly keepAliveMs: number;
  readonly connections: number;
  /** Answers under way get this long when the server closes. */
  readonly closeMs: number;
};

/** Idle browsers and programs that keep their connection; SMTP has its own. */
export const httpConnectionsMax = 5_000;

const defaults: ServerLimits = {
  headerBytes: 16_384,
  headerMs: 20_000,
  requestMs: 300_000,
  silenceMs: 120_000,
  keepAliveMs: 65_000,
  connections: httpConnectionsMax,
  closeMs: 10_000,
};

/** Never rejects, and its bodies never fail: a stream that cannot go on just ends. */
type Fetch = (request: Request, info: { readonly clientAddress: string }) => Promise<Response>;

/** Throws a `Fault` (`EADDRINUSE`, `EACCES`) when the address cannot be had. `close` stops accepting and waits for open answers. */
export async function serveHttp(fetch: Fetch, options: ServeHttpOptions): Promise<Listening> {
  const limits = { ...defaults, ...options.limits };
  const { signals } = options;
  const answer = getRequestListener(
    (request, { incoming }) => fetch(request, { clientAddress: addressOf(incoming.socket as Socket) }),
    {
      overrideGlobalObjects: false, // the process is not ours alone
      errorHandler: (error) => {
        signals.emit('warn', 'http.request_unreadable', { error: String(error) });
        return new Response(null, { status: 400 });
      },
    },
  );
  const settings: ServerOptions = {
    maxHeaderSize: limits.headerBytes,
    headersTimeout: limits.headerMs,
    requestTimeout: limits.requestMs,
    keepAliveTimeout: limits.keepAliveMs,
    connectionsCheckingInterval: Math.max(100, Math.min(limits.headerMs / 4, 5_000)),
  };
  const server = options.identityOf ? tlsServer(settings, options.identityOf, signals) : createServer(settings);
  server.maxConnections = limits.connections;
  server.setTimeout(limits.silenceMs);
  server.on('request', (incoming: IncomingMessage, outgoing: ServerResponse) => {
    // After `close` a connection that becomes idle has no further use.
    outgoing.on('close', () => {
      if (!server.listening) server.closeIdleConnections();
    });
    answer(incoming, outgoing).catch((error: unknown) => {
      signals.emit('error', 'http.connection_failed', { error: String(error) });
      outgoing.destroy();
    });
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => refuseBroken(error, socket as Socket, signals));
  await listen(server, options.at, signals);
  const { address, port } = server.address() as AddressInfo;
  return { endpoint: { address, port }, close: () => close(server, options.timers, limits.closeMs) };
}

/** RFC 8461 §3.3 asks policy hosts for TLS 1.2 at least. */
const minVersion = 'TLSv1.2';
const alpn = ['http/1.1'];

function tlsServer(
  settings: ServerOptions,
  identityOf: NonNullable<ServeHttpOptions['identityOf']>,
  signals: Signals,
): Server {
  const contexts = new WeakMap<TlsIdentity, SecureContext>();
  const contextOf = (name: string): SecureContext => {
    const identity = identityOf(name);
    const made = contexts.get(identity) ?? createSecureContext({ ...pemOf(identity), minVersion });
    contexts.set(identity, made);
    return made;
  };
  let shown = identityOf('');
  const server = createTlsServer({
    ...settings,
    ...pemOf(shown),
    minVersion,
    ALPNProtocols: alpn,
    SNICallback: (name, answer) => {
      try {
        answer(null, contextOf(name));
      } catch (error) {
        signals.emit('error', 'http.certificate_unusable', { name, error: String(error) });
        answer(error instanceof Error ? error : new Error(String(error)));
      }
    },
  });
  // Who names nobody gets the server's own; it may have been renewed since.
  server.prependListener('connection', () => {
    const now = identityOf('');
    if (now !== shown) server.setSecureContext({ ...pemOf(now), minVersion });
    shown = now;
  });
  server.on('tlsClientError', (error: NodeJS.ErrnoException) =>
    signals.emit('debug', 'http.tls_failed', { code: error.code }),
  );
  return server;
}

function pemOf({ certificatePem, privateKeyPem }: TlsIdentity): { readonly cert: string; readonly key: string } {
  return { cert: certificatePem, key: privateKeyPem };
}

function listen(server: Server, at: Endpoint, signals: Signals): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException) => reject(cannotHave(at, error));
    server.once('error', fail);
    server.listen({ host: at.address, port: at.port, backlog: 1_024 }, () => {
      server.off('error', fail);
      // Out of descriptors: the system's trouble of a moment, the listener goes on.
      server.on('error', (error: NodeJS.ErrnoException) =>
        signals.emit('warn', 'http.accept_failed', { code: error.code }),
      );
      resolve();
    });
  });
}

function cannotHave(at: Endpoint, error: NodeJS.ErrnoException): Fault {
  const where = `${isIPv6(at.address) ? `[${at.address}]` : at.address}:${at.port}`;
  const why: Readonly<Record<string, string>> = {
    EADDRINUSE: 'another program listens there already',
    EACCES: 'this user may not open that port',
    EADDRNOTAVAIL: 'this machine does not have that address',
  };
  const code = error.code ?? 'EINVAL';
  return new Fault(code, `cannot listen on ${where}: ${why[code] ?? error.message}`, { cause: error });
}

/** What is no HTTP gets one short answer, in case somebody reads it. */
function refuseBroken(error: NodeJS.ErrnoException, socket: Socket, signals: Signals): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const status = statusOf(error.code);
  signals.emit('debug', 'http.client_error', { code: error.code, status });
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  socket.destroySoon();
}

function statusOf(code: string | undefined): string {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return '431 Request Header Fields Too Large';
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return '413 Content Too Large';
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return '408 Request Timeout';
    default:
      return '400 Bad Request';
  }
}

/** `::ffff:192.0.2.1` is 192.0.2.1. */
function addressOf(socket: Socket): string {
  const address = socket.remoteAddress ?? '';
  return parseIpAddress(address)?.text ?? address;
}

async function close(server: Server, timers: Timers, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const cut = timers.after(graceMs, () => server.closeAllConnections());
  await closed;
  cut();
}
