/**
 * The one way in which this office asks what others name (policies of other domains, links in a message): HTTPS with a valid
 * certificate, to public addresses only, the very address that was checked is dialled, no redirects, no cookies, bounded in size and
 * time. Whoever names a URL must not be able to make us look around in our own network. Never throws for what the other side does.
 */
import { X509Certificate } from 'node:crypto';
import { type IncomingMessage, request as requestPlainly } from 'node:http';
import { type RequestOptions, request } from 'node:https';
import { getCACertificates } from 'node:tls';
import type { Timers } from '../../base/clock.ts';
import { accept, type Outcome, refuse } from '../../base/outcome.ts';
import type { WebHead, WebRefusal, WebWish } from '../../base/port/web.ts';
import { printable } from '../../base/printable.ts';
import { isForHost } from '../../format/certificate-names.ts';
import { type DomainName, parseDomainName } from '../../format/domain-name.ts';
import { type IpAddress, isPublicAddress, parseIpAddress } from '../../format/ip-address.ts';
import type { Resolver } from '../../protocol/dns/types.ts';

export type HttpWish = {
  readonly octetsMax: number;
  /** For everything: names, connection, answer. */
  readonly timeMs: number;
  /** `text/plain`: another media type is refused. */
  readonly mediaType: string;
};

/** A file of any media type. */
type FileWish = Omit<HttpWish, 'mediaType'>;
type FetchedFile = { readonly octets: Uint8Array; readonly mediaType: string };
type AnyWish = FileWish & Partial<HttpWish>;

export type HttpAnswer = WebHead & { readonly octets: Uint8Array };

type FileResult = Outcome<FetchedFile, WebRefusal>;
export type GuardedHttp = {
  readonly get: (url: string, wish: HttpWish) => Promise<Outcome<Uint8Array, WebRefusal>>;
  readonly getFile: (url: string, wish: FileWish) => Promise<FileResult>;
  readonly ask: (url: string, wish: WebWish) => Promise<Outcome<HttpAnswer, WebRefusal>>;
};

export type GuardedHttpOptions = {
  readonly resolver: Resolver;
  readonly timers: Timers;
  /** PEM of certificate authorities besides the system's. */
  readonly trust?: readonly string[];
  /** Where nobody answers, so that nobody waits for it. */
  readonly isInVain?: (ip: IpAddress) => boolean;
  /** Loopback and private addresses too, and this port; all hosts at one address, where one is given. For tests and the sandbox. */
  readonly test?: { readonly port: number; readonly plainPort?: number; readonly address?: string };
};

const httpsPort = 443;
const httpPort = 80;
/** Addresses of a host that are tried. */
const addressesMax = 4;
const headerOctetsMax = 16_384;
/** RFC 9110 §15.2: any number may come before the answer; each costs as much as one, and real servers send one or two. (Our choice.) */
const interimAnswersMax = 20;

export function createGuardedHttp(options: GuardedHttpOptions): GuardedHttp {
  const getFile = (url: string, wish: AnyWish) =>
    exchange(options, url, {
      method: 'GET',
      headers: { accept: wish.mediaType ?? '*/*' },
      timeMs: wish.timeMs,
      read: (response, signal) => readFile(response, wish, signal),
    });
  return {
    get: async (url, wish) => {
      const file = await getFile(url, wish);
      return file.ok ? accept(file.value.octets) : file;
    },
    getFile,
    ask: (url, wish) =>
      exchange(options, url, { ...wish, read: (response, signal) => readAsItIs(response, wish, signal) }),
  };
}

/** What is wanted of a URL, and what is made of the answer's head and body. */
type Task<T> = Omit<WebWish, 'octetsMax'> & {
  readonly read: (response: IncomingMessage, signal: AbortSignal) => Promise<Outcome<T, WebRefusal>>;
};

async function exchange<T>(options: GuardedHttpOptions, text: string, task: Task<T>): Promise<Outcome<T, WebRefusal>> {
  const url = allowedUrl(text, task);
  const host = url && parseDomainName(url.hostname);
  if (url === undefined || host === undefined)
    return refuse('url', `${printable(text, 100)} is no ${task.plain ? 'web' : 'https:'} URL of a public host`);
  const abort = new AbortController();
  const cancel = options.timers.after(task.timeMs, () => abort.abort());
  const signal = task.signal === undefined ? abort.signal : AbortSignal.any([abort.signal, task.signal]);
  try {
    return await exchangeWith(options, { ...task, url, host, signal });
  } finally {
    cancel();
  }
}

/** A name, not an address however it is spelled; no user, no other port. */
function allowedUrl(text: string, { plain = false }: Pick<WebWish, 'plain'>): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.port !== '' || url.username !== '' || url.password !== '') return undefined;
  return url.protocol === 'https:' || (plain && url.protocol === 'http:') ? url : undefined;
}

type Exchange<T> = Task<T> & { readonly url: URL; readonly host: DomainName; readonly signal: AbortSignal };

async function exchangeWith<T>(options: GuardedHttpOptions, wanted: Exchange<T>): Promise<Outcome<T, WebRefusal>> {
  const addresses = await addressesOf(options, wanted);
  if (!addresses.ok) return addresses;
  let failed: Outcome<T, WebRefusal> | undefined;
  for (const address of addresses.value.slice(0, addressesMax)) {
    const came = await exchangeAt(options, wanted, address);
    if (came.ok || (came.code !== 'connection' && came.code !== 'refused') || wanted.signal.aborted) return came;
    if (failed === undefined || came.code === 'connection') failed = came; // one that cannot be reached from here may be there
  }
  return failed ?? refuse('no-address', `${wanted.host} has no address`);
}

async function addressesOf(
  { resolver, test, isInVain = () => false }: GuardedHttpOptions,
  { host, timeMs, signal }: Exchange<unknown>,
): Promise<Outcome<readonly IpAddress[], WebRefusal>> {
  const answers = await Promise.all([
    resolver.lookup(host, 'A', { signal }),
    resolver.lookup(host, 'AAAA', { signal }),
  ]);
  if (signal.aborted) return tooSlow({ timeMs });
  const found = answers.flatMap((answer) => (answer.kind === 'found' ? answer.records : []));
  const failed = answers.find((answer) => answer.kind === 'failed');
  if (found.length === 0)
    return failed
      ? refuse('dns', `the address of ${host} could not be looked up (${failed.why})`)
      : refuse('no-address', `${host} has no address`);
  const addresses = found.flatMap((text) => parseIpAddress(text) ?? []);
  const allowed = test ? addresses : addresses.filter((ip) => isPublicAddress(ip) && !isInVain(ip));
  return allowed.length > 0 ? accept(allowed) : refuse('address', `${host} leads to no public address`);
}

function tooSlow({ timeMs }: { readonly timeMs: number }) {
  return refuse('too-slow', `no whole answer within ${Math.round(timeMs / 1000)} s`);
}

function exchangeAt<T>(
  options: GuardedHttpOptions,
  wanted: Exchange<T>,
  address: IpAddress,
): Promise<Outcome<T, WebRefusal>> {
  const { url, signal, body, read } = wanted;
  return new Promise((resolve) => {
    const isPlain = url.protocol === 'http:';
    const common = commonOptions(options, wanted, address);
    const sent = isPlain ? requestPlainly(common) : request({ ...common, ...tlsOptions(options, wanted) });
    // Not once: an error that nobody hears would end the process, and the other side decides how many there are.
    sent.on('error', (error: NodeJS.ErrnoException) => resolve(signal.aborted ? tooSlow(wanted) : refusalOf(error)));
    // Neither answer nor error: `101 Switching Protocols`, after which Node only closes.
    const ended = () => resolve(refuse('connection', 'the connection ended without an answer'));
    sent.once('close', ended);
    let interimAnswers = 0;
    sent.on('information', () => {
      if (++interimAnswers <= interimAnswersMax) return;
      resolve(refuse('too-long', `more than ${interimAnswersMax} interim answers`));
      sent.destroy();
    });
    sent.once('response', (response) => {
      sent.off('close', ended);
      void read(response, signal).then((answer) => {
        resolve(answer);
        sent.destroy();
      });
    });
    sent.end(body);
  });
}

function commonOptions(
  { test }: GuardedHttpOptions,
  { url, host, method, headers, body, signal }: Exchange<unknown>,
  address: IpAddress,
): RequestOptions {
  const isPlain = url.protocol === 'http:';
  return {
    host: test?.address ?? address.text,
    port: isPlain ? (test?.plainPort ?? httpPort) : (test?.port ?? httpsPort),
    method,
    path: `${url.pathname}${url.search}`,
    headers: {
      host,
      accept: '*/*',
      'accept-encoding': 'identity',
      'user-agent': 'Posthorn',
      ...headers,
      ...(body && { 'content-length': body.length }),
    },
    agent: false,
    maxHeaderSize: headerOctetsMax,
    signal,
  };
}

function tlsOptions({ trust }: GuardedHttpOptions, { host }: Exchange<unknown>): RequestOptions {
  return {
    servername: host,
    minVersion: 'TLSv1.2',
    ...(trust?.length ? { ca: [...getCACertificates('default'), ...trust] } : {}),
    checkServerIdentity: (_name, { raw }) =>
      isForHost(new X509Certificate(raw), host) ? undefined : new NameMismatch(`the certificate is not for ${host}`),
  };
}

class NameMismatch extends Error {}

const certificateErrors =
  /^(CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_|INVALID_CA|PATH_LENGTH|INVALID_PURPOSE)/;

function refusalOf(error: NodeJS.ErrnoException): Outcome<never, WebRefusal> {
  if (error instanceof NameMismatch) return refuse('certificate', error.message);
  const code = error.code ?? '';
  if (certificateErrors.test(code)) return refuse('certificate', `the certificate is not valid (${code})`);
  return refuse(
    code === 'ECONNREFUSED' ? 'refused' : 'connection',
    `no connection (${code || printable(error.message, 100)})`,
  );
}

async function readFile(response: IncomingMessage, wish: AnyWish, signal: AbortSignal): Promise<FileResult> {
  const { statusCode = 0, headers } = response;
  if (statusCode >= 300 && statusCode < 400)
    return refuse('status', `a redirect (${statusCode}), which is not followed`);
  if (statusCode !== 200) return refuse('status', `status ${statusCode}`);
  const mediaType = (headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (wish.mediaType !== undefined && mediaType !== wish.mediaType)
    return refuse('media-type', `media type ${printable(mediaType || 'none', 60)} instead of ${wish.mediaType}`);
  const octets = await readBody(response, wish, signal);
  return octets.ok ? accept({ octets: octets.value, mediaType }) : octets;
}

async function readAsItIs(
  response: IncomingMessage,
  wish: WebWish,
  signal: AbortSignal,
): Promise<Outcome<HttpAnswer, WebRefusal>> {
  const { statusCode: status = 0, headers } = response;
  const head = { status, ...(headers.location !== undefined && { location: headers.location }) };
  if (wish.octetsMax === 0 || wish.method === 'HEAD') {
    response.on('error', () => {}); // the rest is not waited for
    return accept({ ...head, octets: new Uint8Array() });
  }
  const octets = await readBody(response, wish, signal);
  return octets.ok ? accept({ ...head, octets: octets.value }) : octets;
}

async function readBody(
  response: IncomingMessage,
  wish: { readonly octetsMax: number; readonly timeMs: number },
  signal: AbortSignal,
): Promise<Outcome<Uint8Array, WebRefusal>> {
  const encoding = response.headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') return refuse('media-type', `encoded as ${printable(encoding, 60)}`);
  const parts: Buffer[] = [];
  let octets = 0;
  try {
    for await (const part of response as AsyncIterable<Buffer>) {
      octets += part.length;
      if (octets > wish.octetsMax) return refuse('too-long', `longer than ${wish.octetsMax} octets`);
      parts.push(part);
    }
  } catch (error) {
    return signal.aborted ? tooSlow(wish) : refusalOf(error as NodeJS.ErrnoException);
  }
  return accept(Buffer.concat(parts));
}
