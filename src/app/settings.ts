/**
 * The one table of static settings: name, how its text becomes a value, default, and its documentation.
 * `config.ts` reads values against it; `posthorn config explain` and docs/CONFIG.md print it.
 */
import type { Endpoint } from '../base/port/net.ts';
import { httpLimits } from '../entrances/http/limits.ts';
import { type DomainName, parseDomainName } from '../format/domain-name.ts';
import { type Network, parseIpAddress, parseNetwork } from '../format/ip-address.ts';
import { smtpLimits } from '../protocol/smtp/limits.ts';

/** Answers the value, or a sentence that says what is allowed. */
type Read<T> = (value: unknown) => { readonly value: T } | { readonly allowed: string };

export type Setting<T = unknown> = {
  readonly read: Read<T>;
  /** As it would stand in posthorn.toml; undefined = not set. */
  readonly fallback: unknown;
  readonly doc: string;
};

export type Listener = {
  readonly at: Endpoint;
  /** Networks that must speak PROXY protocol v2 first; all others are refused it. Empty = off. */
  readonly proxyFrom: readonly Network[];
};

export type Route = {
  /** `example.org`, or `*.example.org` for everything below it, or `*` */
  readonly pattern: string;
  readonly host: string;
  readonly port: number;
};

const text: Read<string> = (value) => (typeof value === 'string' && value !== '' ? { value } : { allowed: 'a text' });
const flag: Read<boolean> = (value) => {
  if (value === true || value === 'true') return { value: true };
  if (value === false || value === 'false') return { value: false };
  return { allowed: 'true or false' };
};

function count(least: number, most: number): Read<number> {
  return (value) => {
    const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
    if (typeof number === 'number' && Number.isInteger(number) && number >= least && number <= most)
      return { value: number };
    return { allowed: `a whole number from ${least} to ${most}` };
  };
}

const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
/** Longer ones are slips of the finger. */
const durationMaxMs = 366 * 86_400_000;
/** `90s`, `5m`, `4h`, `5d` -> milliseconds. */
export function parseDurationMs(value: string): number | undefined {
  const match = /^(\d{1,9})(ms|s|m|h|d)$/.exec(value);
  const unit = units[match?.[2] ?? ''];
  return match && unit ? Number(match[1]) * unit : undefined;
}
const duration: Read<number> = (value) => {
  const ms = typeof value === 'string' ? parseDurationMs(value) : undefined;
  if (ms === undefined || ms > durationMaxMs)
    return { allowed: 'a duration like "90s", "5m", "4h" or "5d", a year at most' };
  return { value: ms };
};

function parseEndpoint(value: string): Endpoint | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([0-9.]+)):(\d{1,5})$/.exec(value);
  const address = match && parseIpAddress(match[1] ?? match[2] ?? '');
  const port = Number(match?.[3]);
  return address && port <= 65_535 ? { address: address.text, port } : undefined;
}
const endpointAllowed = 'an address and port like "127.0.0.1:8025" or "[::1]:8025"';
const endpoint: Read<Endpoint> = (value) => {
  const found = typeof value === 'string' ? parseEndpoint(value) : undefined;
  return found ? { value: found } : { allowed: endpointAllowed };
};

/** Somebody else's endpoint: port 0 is nobody's. */
const remoteEndpoint: Read<Endpoint> = (value) => {
  const found = endpoint(value);
  return 'value' in found && found.value.port === 0 ? { allowed: endpointAllowed } : found;
};

const acmeDirectories: Readonly<Record<string, string>> = {
  letsencrypt: 'https://acme-v02.api.letsencrypt.org/directory',
  'letsencrypt-staging': 'https://acme-staging-v02.api.letsencrypt.org/directory',
};
const acmeDirectory: Read<string> = (value) => {
  const url = typeof value === 'string' ? (acmeDirectories[value] ?? value) : '';
  return /^https:\/\/./.test(url) && URL.canParse(url)
    ? { value: url }
    : { allowed: `one of ${Object.keys(acmeDirectories).join(', ')}, or an https: address` };
};

function listOf<T>(one: Read<T>): Read<readonly T[]> {
  return (value) => {
    const items =
      typeof value === 'string'
        ? value
            .split(',')
            .map((item) => item.trim())
            .filter((item) => item !== '')
        : value;
    if (!Array.isArray(items)) return { allowed: 'a list in [ ]' };
    const out: T[] = [];
    for (const item of items) {
      const read = one(item);
      if (!('value' in read)) return { allowed: `a list, each item ${read.allowed}` };
      out.push(read.value);
    }
    return { value: out };
  };
}

const network: Read<Network> = (value) => {
  const found = typeof value === 'string' ? parseNetwork(value) : undefined;
  return found ? { value: found } : { allowed: 'a network like "10.0.0.0/8" or "2001:db8::/32"' };
};

/** Wider than the largest private networks (10.0.0.0/8, fc00::/7) is the internet: who relays for it is an open relay. */
const widestPrefix = { 4: 8, 6: 7 } as const;
const ownNetwork: Read<Network> = (value) => {
  const found = network(value);
  if ('value' in found && found.value.prefix < widestPrefix[found.value.family])
    return { allowed: 'a network of your own like "10.0.0.0/8", not wider: this would be an open relay' };
  return found;
};

const listenerAllowed = `${endpointAllowed}, or { at = "127.0.0.1:1025", proxy_protocol_from = ["10.0.0.5/32"] }, or a list of these`;
const oneListener: Read<Listener> = (value) => {
  if (typeof value !== 'object' || value === null) {
    const plain = endpoint(value);
    return 'value' in plain ? { value: { at: plain.value, proxyFrom: [] } } : plain;
  }
  const entries = new Map(Object.entries(value));
  const at = endpoint(entries.get('at'));
  const proxyFrom = listOf(network)(entries.get('proxy_protocol_from') ?? entries.get('proxy_from') ?? []);
  const unknown = [...entries.keys()].filter((key) => !['at', 'proxy_protocol_from', 'proxy_from'].includes(key));
  if (!('value' in at) || !('value' in proxyFrom) || unknown.length > 0) return { allowed: listenerAllowed };
  return { value: { at: at.value, proxyFrom: proxyFrom.value } };
};
const listeners: Read<readonly Listener[]> = (value) => {
  const read = listOf(oneListener)(Array.isArray(value) ? value : [value]);
  return 'value' in read ? read : { allowed: listenerAllowed };
};

const webAddress: Read<string> = (value) => {
  const url = typeof value === 'string' ? URL.parse(value) : null;
  const isPlain =
    url && /^https?:$/.test(url.protocol) && url.pathname === '/' && url.search === '' && url.username === '';
  return isPlain ? { value: url.origin } : { allowed: 'an address like "https://mail.example.com"' };
};

const domain: Read<DomainName> = (value) => {
  const found = typeof value === 'string' ? parseDomainName(value) : undefined;
  return found ? { value: found } : { allowed: 'a domain name like "mx.example.com"' };
};

const routes: Read<readonly Route[]> = (value) => {
  const allowed = 'a table of domain, *.domain or * with a host and port each: "*.example.org" = "127.0.0.1:2599"';
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { allowed };
  const out: Route[] = [];
  for (const [pattern, to] of Object.entries(value)) {
    const route = typeof to === 'string' ? parseRoute(pattern, to) : undefined;
    if (!route) return { allowed };
    out.push(route);
  }
  return { value: out };
};

function parseRoute(pattern: string, to: string): Route | undefined {
  const below = pattern.startsWith('*.');
  const name = parseDomainName(below ? pattern.slice(2) : pattern);
  if (pattern !== '*' && !name) return undefined;
  const [, literal, host, digits] = /^(?:\[([0-9a-fA-F:.]+)\]|([^:\s]+)):(\d{1,5})$/.exec(to) ?? [];
  const target =
    parseIpAddress(literal ?? host ?? '')?.text ?? (host === undefined ? undefined : parseDomainName(host));
  const port = Number(digits);
  if (target === undefined || port === 0 || port > 65_535) return undefined;
  return { pattern: pattern === '*' ? '*' : `${below ? '*.' : ''}${name}`, host: target, port };
}

const dnsHosts: Read<Readonly<Record<string, string>>> = (value) => {
  const allowed = 'a table of domain, *.domain or * with a kind of DNS host each: "example.com" = "cloudflare"';
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { allowed };
  const entries = Object.entries(value);
  const isPattern = (text: string) => text === '*' || parseDomainName(text.replace(/^\*\./, '')) !== undefined;
  const isRight = entries.every(([pattern, kind]) => isPattern(pattern) && typeof kind === 'string' && kind !== '');
  return isRight ? { value: Object.fromEntries(entries) as Record<string, string> } : { allowed };
};

function oneOf<const T extends string>(...words: readonly T[]): Read<T> {
  return (value) => {
    const found = words.find((word) => word === value);
    return found === undefined ? { allowed: words.map((word) => `"${word}"`).join(' or ') } : { value: found };
  };
}

function setting<T>(read: Read<T>, fallback: unknown, doc: string): Setting<T> {
  return { read, fallback, doc };
}

type Limit = { readonly value: number; readonly doc: string; readonly why: string };

/** `limits.<prefix><name>` for every entry of a table of limits. */
function limitSettings<Prefix extends string, Name extends string>(
  prefix: Prefix,
  limits: Readonly<Record<Name, Limit>>,
) {
  return Object.fromEntries(
    Object.entries<Limit>(limits).map(([name, { value, doc, why }]) => [
      `limits.${prefix}${name}`,
      setting(count(1, Number.MAX_SAFE_INTEGER), value, `${doc} (${why})`),
    ]),
  ) as Record<`limits.${Prefix}${Name}`, Setting<number>>;
}

/** Order here is the order of docs/CONFIG.md. */
export const settings = {
  data: setting(text, './data', 'Folder of everything that must survive: database, spool, keys.'),
  hostname: setting(
    domain,
    undefined,
    "This server's public name: in the banner, EHLO, Received and certificates. Default: the machine's own name.",
  ),
  'listen.http': setting(endpoint, '127.0.0.1:8025', 'HTTP API.'),
  public_url: setting(
    webAddress,
    undefined,
    'Where people and programs reach the HTTP API from outside, for links in its answers: `https://mail.example.com`.',
  ),
  'tests.public': setting(
    flag,
    false,
    'Whether anybody who reaches the pages of the office may get a test address at `/test`, without a key.',
  ),
  'tests.follow_links': setting(
    flag,
    false,
    'Whether the links of a message to a test address are followed, to see whether they lead to pages. Those that act for their reader are left.',
  ),
  'tests.try_unsubscribe': setting(
    flag,
    false,
    'Whether a test address is taken off the list of a message to it by its one-click unsubscribe, to see whether that works.',
  ),
  'listen.mx': setting(listeners, '127.0.0.1:1025', 'Mail from other servers (port 25 in production). No login here.'),
  'listen.submission': setting(
    listeners,
    '127.0.0.1:1587',
    'Mail from your programs: STARTTLS, then a login (port 587).',
  ),
  'listen.submissions': setting(
    listeners,
    '127.0.0.1:1465',
    'The same with TLS from the first byte (port 465, RFC 8314).',
  ),
  'listen.https': setting(
    endpoint,
    undefined,
    'The HTTP API over TLS, and what others fetch of your domains: MTA-STS policies, policy documents (port 443 in production); off when not set.',
  ),
  'listen.dns': setting(
    endpoint,
    undefined,
    'Authoritative DNS for the zones of `dns.zones` and of delegated domains; off when not set.',
  ),
  'listen.acme': setting(
    endpoint,
    undefined,
    'HTTP for the authority of `tls.acme`, which comes to port 80 of every name; all else is sent on to https. Off when not set.',
  ),
  'tls.certificate': setting(
    text,
    undefined,
    'PEM file with the certificate chain. Default: a self-signed one is made and kept in the data folder.',
  ),
  'tls.key': setting(text, undefined, 'PEM file with the private key of `tls.certificate`.'),
  'tls.acme': setting(
    acmeDirectory,
    undefined,
    'Get the certificate from an authority that speaks ACME: `letsencrypt`, `letsencrypt-staging`, or the URL of a directory. Needs `listen.acme`, or a DNS host for the names.',
  ),
  'tls.acme_terms_agreed': setting(flag, false, 'You agree to the terms of the authority of `tls.acme`.'),
  'tls.acme_contact': setting(text, undefined, 'Address at which the authority of `tls.acme` may reach you.'),
  'tls.acme_names': setting(listOf(domain), [], 'Names in the certificate of `tls.acme`; `hostname` when empty.'),
  'tls.trust': setting(listOf(text), [], 'PEM files with further certificate authorities to trust when sending.'),
  routes: setting(
    routes,
    {},
    'Recipient domains (`*.` = everything below) that go to a fixed host and port instead of their MX.',
  ),
  'retry.delays': setting(
    listOf(duration),
    ['1m', '5m', '15m', '30m', '1h', '2h', '4h', '6h'],
    'Gaps between tries of a deferred delivery; the last one repeats. Under 60 s needs `retry.test`.',
  ),
  'retry.give_up_after': setting(
    duration,
    '5d',
    'A delivery that is still deferred after this ends as failed (RFC 5321 §4.5.4.1).',
  ),
  'retry.test': setting(flag, false, 'Allows retry delays under 60 s. Never set it on the public internet.'),
  'delivery.port': setting(count(1, 65_535), 25, "Port of other servers' MX hosts."),
  'delivery.allow_loopback_mx': setting(
    flag,
    false,
    'Deliver to MX hosts on loopback or private addresses. For tests.',
  ),
  'delivery.concurrency': setting(count(1, 1000), 50, 'Deliveries in progress at the same time.'),
  'delivery.per_site': setting(
    count(1, 1000),
    20, // as Postfix (default_destination_concurrency_limit); with 10 the queue grew while 700 a second came in
    'Of these, to one destination: the domains that share their mail hosts.',
  ),
  'inbound.on_dmarc_reject': setting(
    oneOf('reject', 'junk'),
    'reject',
    'Mail that fails DMARC under p=reject with nothing that speaks for an indirect path: refuse it, or put it into Junk.',
  ),
  'filters.rspamd': setting(
    webAddress,
    undefined,
    'An rspamd that is asked for its opinion of outgoing mail where it is scored (`http://127.0.0.1:11333`).',
  ),
  'filters.spamd': setting(
    remoteEndpoint,
    undefined,
    'A SpamAssassin daemon that is asked in the same way (`127.0.0.1:783`).',
  ),
  'relay.allow': setting(
    listOf(ownNetwork),
    [],
    'Networks that may send through the MX port without a login. Loopback is not special.',
  ),
  'dns.resolvers': setting(listOf(remoteEndpoint), [], "Name servers to ask. Default: the system's."),
  'dns.trust_ad': setting(
    flag,
    false,
    'The resolvers above validate DNSSEC and the way to them is safe: believe their AD bit. Without it there is no DANE.',
  ),
  'dns.zones': setting(listOf(text), [], 'Master files that `listen.dns` answers from.'),
  'dns.hosted_zone': setting(
    domain,
    undefined,
    'A zone of yours that leads to this office by its NS records: records of delegated domains stand below it (`domains delegate`).',
  ),
  'dns.name_servers': setting(
    listOf(domain),
    [],
    'Names under which `listen.dns` is reached from outside, for the NS records of hosted zones.',
  ),
  dns_hosts: setting(
    dnsHosts,
    {},
    'Which DNS host keeps the zone of a domain (`publish --help` names the kinds). Default: the one its name servers belong to. Credentials come from the environment.',
  ),
  'log.level': setting(oneOf('debug', 'info', 'warn', 'error'), 'info', 'Lines below this level are not logged.'),
  ...limitSettings('', smtpLimits),
  ...limitSettings('http_', httpLimits),
} as const;

export type SettingName = keyof typeof settings;
type ValueOf<S> = S extends Setting<infer T> ? T : never;
/** Settings without a fallback may be undefined. */
type Unset =
  | 'hostname'
  | 'public_url'
  | 'listen.https'
  | 'listen.dns'
  | 'listen.acme'
  | 'dns.hosted_zone'
  | 'filters.rspamd'
  | 'filters.spamd'
  | 'tls.certificate'
  | 'tls.key'
  | 'tls.acme'
  | 'tls.acme_contact';
export type Config = {
  readonly [Name in SettingName]: Name extends Unset
    ? ValueOf<(typeof settings)[Name]> | undefined
    : ValueOf<(typeof settings)[Name]>;
};
