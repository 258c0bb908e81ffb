/**
 * The one way in which this office fetches what others name (policies of other domains): HTTPS with a valid certificate, to
 * public addresses only, the very address that was checked is dialled, no redirects, bounded in size and time. Whoever names a
 * URL must not be able to make us look around in our own network. Never throws for what the other side does.
 */
import { X509Certificate } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { getCACertificates } from 'node:tls';
import type { Timers } from '../../base/clock.ts';
import { accept, type Outcome, refuse } from '../../base/outcome.ts';
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

type HttpRefusal =
  | 'url'
  | 'dns'
  | 'address'
  | 'connection'
  | 'certificate'
  | 'status'
  | 'media-type'
  | 'too-long'
  | 'too-slow';
type FileResult = Outcome<FetchedFile, HttpRefusal>;
export type GuardedHttp = {
  readonly get: (url: string, wish: HttpWish) => Promise<Outcome<Uint8Array, HttpRefusal>>;
  readonly getFile: (url: string, wish: FileWish) => Promise<FileResult>;
};

export type GuardedHttpOptions = {
  readonly resolver: Resolver;
  readonly timers: Timers;
  /** PEM of certificate authorities besides the system's. */
  readonly trust?: readonly string[];
  /** Where nobody answers, so that nobody waits for it. */
  readonly isInVain?: (ip: IpAddress) => boolean;
  /** Loopback and private addresses too, and this port; all hosts at one address, where one is given. For tests and the sandbox. */
  readonly test?: { readonly port: number; readonly address?: string };
};

const httpsPort = 443;
/** Addresses of a host that are tried. */
const addressesMax = 4;
const headerOctetsMax = 16_384;

export function createGuardedHttp(options: GuardedHttpOptions): GuardedHttp {
  const getFile = async (url: string, wish: AnyWish): Promise<FileResult> => {
    const host = hostOf(url);
    if (host === undefined) return refuse('url', `${printable(url, 100)} is no https: URL of a public host`);
    const abort = new AbortController();
    const cancel = options.timers.after(wish.timeMs, () => abort.abort());
    try {
      return await getFrom(options, { url: new URL(url), host, wish, signal: abort.signal });
    } finally {
      cancel();
    }
  };
  return {
    get: async (url, wish) => {
      const file = await getFile(url, wish);
      return file.ok ? accept(file.value.octets) : file;
    },
    getFile,
  };
}

/** A name, not an address however it is spelled; no user, no other port. */
function hostOf(text: string): DomainName | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'https:' || url.port !== '' || url.username !== '' || url.password !== '') return undefined;
  return parseDomainName(url.hostname);
}

type Fetching = { readonly url: URL; readonly host: DomainName; readonly wish: AnyWish; readonly signal: AbortSignal };

async function getFrom(options: GuardedHttpOptions, fetching: Fetching): Promise<FileResult> {
  const addresses = await addressesOf(options, fetching);
  if (!addresses.ok) return addresses;
  let last: FileResult = refuse('dns', `${fetching.host} has no address`);
  for (const address of addresses.value.slice(0, addressesMax)) {
    last = await getFromAddress(options, fetching, address);
    if (last.ok || last.code !== 'connection' || fetching.signal.aborted) return last;
  }
  return last;
}

async function addressesOf(
  { resolver, test, isInVain = () => false }: GuardedHttpOptions,
  { host, wish, signal }: Fetching,
): Promise<Outcome<readonly IpAddress[], HttpRefusal>> {
  const answers = await Promise.all([
    resolver.lookup(host, 'A', { signal }),
    resolver.lookup(host, 'AAAA', { signal }),
  ]);
  if (signal.aborted) return tooSlow(wish);
  const found = answers.flatMap((answer) => (answer.kind === 'found' ? answer.records : []));
  const failed = answers.find((answer) => answer.kind === 'failed');
  if (found.length === 0)
    return refuse(
      'dns',
      failed ? `the address of ${host} could not be looked up (${failed.why})` : `${host} has no address`,
    );
  const addresses = found.flatMap((text) => parseIpAddress(text) ?? []);
  const allowed = test ? addresses : addresses.filter((ip) => isPublicAddress(ip) && !isInVain(ip));
  return allowed.length > 0 ? accept(allowed) : refuse('address', `${host} leads to no public address`);
}

function tooSlow(wish: AnyWish) {
  return refuse('too-slow', `no whole answer within ${Math.round(wish.timeMs / 1000)} s`);
}

function getFromAddress(
  options: GuardedHttpOptions,
  { url, host, wish, signal }: Fetching,
  address: IpAddress,
): Promise<FileResult> {
  return new Promise((resolve) => {
    const sent = request({
      host: options.test?.address ?? address.text,
      port: options.test?.port ?? httpsPort,
      path: `${url.pathname}${url.search}`,
      headers: { host, accept: wish.mediaType ?? '*/*', 'accept-encoding': 'identity', 'user-agent': 'Posthorn' },
      agent: false,
      servername: host,
      minVersion: 'TLSv1.2',
      maxHeaderSize: headerOctetsMax,
      signal,
      ...(options.trust?.length ? { ca: [...getCACertificates('default'), ...options.trust] } : {}),
      checkServerIdentity: (_name, { raw }) =>
        isForHost(new X509Certificate(raw), host) ? undefined : new NameMismatch(`the certificate is not for ${host}`),
    });
    // Not once: an error that nobody hears would end the process, and the other side decides how many there are.
    sent.on('error', (error: NodeJS.ErrnoException) => resolve(signal.aborted ? tooSlow(wish) : refusalOf(error)));
    sent.once('response', (response) => {
      void readAnswer(response, wish, signal).then((answer) => {
        resolve(answer);
        sent.destroy();
      });
    });
    sent.end();
  });
}

class NameMismatch extends Error {}

const certificateErrors =
  /^(CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_|INVALID_CA|PATH_LENGTH|INVALID_PURPOSE)/;

function refusalOf(error: NodeJS.ErrnoException): FileResult {
  if (error instanceof NameMismatch) return refuse('certificate', error.message);
  const code = error.code ?? '';
  if (certificateErrors.test(code)) return refuse('certificate', `the certificate is not valid (${code})`);
  return refuse('connection', `no connection (${code || printable(error.message, 100)})`);
}

async function readAnswer(response: IncomingMessage, wish: AnyWish, signal: AbortSignal): Promise<FileResult> {
  const { statusCode = 0, headers } = response;
  if (statusCode >= 300 && statusCode < 400)
    return refuse('status', `a redirect (${statusCode}), which is not followed`);
  if (statusCode !== 200) return refuse('status', `status ${statusCode}`);
  const mediaType = (headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (wish.mediaType !== undefined && mediaType !== wish.mediaType)
    return refuse('media-type', `media type ${printable(mediaType || 'none', 60)} instead of ${wish.mediaType}`);
  const encoding = headers['content-encoding'] ?? 'identity';
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
  return accept({ octets: Buffer.concat(parts), mediaType });
}
