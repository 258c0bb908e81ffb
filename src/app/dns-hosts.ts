/**
 * Where zones are kept: which kind of host, what it has to be told, and its editor. Credentials come from the environment, or from a
 * file that `NAME_FILE` names (so that no process listing and no shell history holds them); nothing else is looked at, and what was
 * read is in no sentence.
 */
import { readFile } from 'node:fs/promises';
import { createNodeNet } from '../adapters/net/node-net.ts';
import { hostedEditor } from '../adapters/zones/hosted.ts';
import { type HostSetting, httpHosts } from '../adapters/zones/http-hosts.ts';
import { createHttpsExchange } from '../adapters/zones/https-exchange.ts';
import { rfc2136Editor } from '../adapters/zones/rfc2136.ts';
import { zoneFileEditor } from '../adapters/zones/zone-file.ts';
import type { Timers } from '../base/clock.ts';
import { accept, type Outcome, refuse } from '../base/outcome.ts';
import type { Db } from '../base/port/db.ts';
import type { Endpoint } from '../base/port/net.ts';
import type { Random } from '../base/random.ts';
import { parseDnsName } from '../format/dns-name.ts';
import { type DomainName, isEqualOrBelow, parentOf, parseDomainName, parseQueryName } from '../format/domain-name.ts';
import { parseIpAddress } from '../format/ip-address.ts';
import { tsigAlgorithms } from '../protocol/dns/tsig.ts';
import type { Resolver } from '../protocol/dns/types.ts';
import { HostedZoneStore } from '../services/setup/hosted/hosted-zones.ts';
import type { KeptCredentials } from '../services/setup/publish/kept-credentials.ts';
import type { ZoneEditorRefusal } from '../services/setup/types.ts';
import type { ZoneEditor } from '../services/setup/zone-editor.ts';
import type { OpenZoneEditor } from './setup-desk.ts';

export type DnsHostPorts = {
  readonly resolver: Resolver;
  readonly timers: Timers;
  readonly random: Random;
  /** Of the office, for zones of its own; absent where there is none. */
  readonly db?: Db;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** What the office keeps, sealed: used where the environment says nothing. */
  readonly kept?: Pick<KeptCredentials, 'get'>;
};

/** Domain, `*.domain` (all below it) or `*` -> kind of host; the first that fits counts. */
export type DnsHostRules = Readonly<Record<string, string>>;

type Result<T> = Outcome<T, ZoneEditorRefusal>;
type Get = (name: string) => string;

type DnsHost = {
  readonly kind: string;
  readonly name: string;
  readonly nameServers: readonly string[];
  readonly settings: readonly HostSetting[];
  readonly open: (ports: DnsHostPorts, get: Get) => Promise<Result<ZoneEditor>>;
};

const ownHosts: readonly DnsHost[] = [
  {
    kind: 'rfc2136',
    name: 'a name server that takes signed updates (BIND, Knot ...)',
    nameServers: [],
    settings: [
      {
        name: 'RFC2136_NAMESERVER',
        what: 'the primary server of the zone: 192.0.2.53, ns1.example.com or either with :port',
      },
      { name: 'RFC2136_TSIG_KEY', what: 'the name of the key' },
      {
        name: 'RFC2136_TSIG_SECRET',
        what: 'its secret in base64, as `tsig-keygen` and `keymgr -t` print it',
        hasLines: true,
      },
      { name: 'RFC2136_TSIG_ALGORITHM', what: tsigAlgorithms.join(', '), fallback: 'hmac-sha256' },
    ],
    open: openRfc2136,
  },
  {
    kind: 'zone-file',
    name: 'a zone file on this machine',
    nameServers: [],
    settings: [{ name: 'ZONE_FILE', what: 'the master file that the server reads; reload it after a change' }],
    open: async (_, get) => accept(zoneFileEditor({ path: get('ZONE_FILE') })),
  },
  {
    kind: 'hosted',
    name: 'this office itself',
    nameServers: [],
    settings: [],
    open: async ({ db }) =>
      db === undefined
        ? refuse('no-credentials', 'There is no office here that could hold a zone of its own.')
        : accept(hostedEditor(new HostedZoneStore(db))),
  },
];

export const dnsHosts: readonly DnsHost[] = [
  ...httpHosts.map((host): DnsHost => {
    return { ...host, open: async ({ timers }, get) => host.open({ exchange: createHttpsExchange(), timers }, get) };
  }),
  ...ownHosts,
];

/** The editor of the host that the rules name for a domain, else of the one that its name servers belong to. */
export function zoneEditorByRules(ports: DnsHostPorts, rules: DnsHostRules): OpenZoneEditor {
  return async (domain, vault) => {
    const rule = Object.entries(rules).find(([pattern]) => fits(pattern, domain));
    const kind = rule?.[1] ?? (await recognise(ports.resolver, domain));
    if (kind !== undefined) return openDnsHost({ ...ports, ...vault }, kind);
    return refuse(
      'no-credentials',
      `Which DNS host keeps the zone of ${domain} was not said, and its name servers do not tell.`,
    );
  };
}

function fits(pattern: string, domain: DomainName): boolean {
  if (pattern === '*') return true;
  const name = parseDomainName(pattern.replace(/^\*\./, ''));
  if (name === undefined) return false;
  return pattern.startsWith('*.') ? domain !== name && isEqualOrBelow(domain, name) : domain === name;
}

/** By where the name servers of the domain, or of the nearest name above it that has any, stand. */
async function recognise(resolver: Resolver, domain: DomainName): Promise<string | undefined> {
  for (let name: DomainName | undefined = domain; name?.includes('.'); name = parentOf(name)) {
    const found = await resolver.lookup(name, 'NS');
    if (found.kind !== 'found') continue;
    return httpHosts.find((host) =>
      found.records.every((server) => host.nameServers.some((tail) => endsIn(server, tail))),
    )?.kind;
  }
  return undefined;
}

/** On label boundaries; `*` stands for a part of a label. */
function endsIn(server: string, tail: string): boolean {
  const wanted = tail.split('.');
  const labels = server.toLowerCase().split('.').slice(-wanted.length);
  return wanted.every((label, at) => {
    const [head = '', rest] = label.split('*');
    const found = labels[at] ?? '';
    return rest === undefined ? found === label : found.startsWith(head) && found.endsWith(rest);
  });
}

export async function openDnsHost(ports: DnsHostPorts, kind: string): Promise<Result<ZoneEditor>> {
  const read = await readSettings(ports, kind);
  return read.ok ? read.value.host.open(ports, (name) => read.value.values.get(name) ?? '') : read;
}

type ReadSettings = { readonly host: DnsHost; readonly values: ReadonlyMap<string, string> };

/** All that a host has to be told, or what is lacking. */
export async function readSettings(ports: DnsHostPorts, kind: string): Promise<Result<ReadSettings>> {
  const host = dnsHosts.find((one) => one.kind === kind);
  if (host === undefined) {
    const kinds = dnsHosts.map((one) => one.kind).join(', ');
    return refuse('no-credentials', `There is no kind of DNS host called ${kind}. Known here: ${kinds}.`);
  }
  const values = new Map<string, string>();
  for (const setting of host.settings) {
    const value = await readSetting(ports, kind, setting);
    if (!value.ok) return value;
    if (value.value === undefined)
      return refuse(
        'no-credentials',
        `${setting.name} is not set: ${setting.what}. A file may hold it as well: ${setting.name}_FILE.`,
      );
    values.set(setting.name, value.value);
  }
  return accept({ host, values });
}

async function readSetting(
  { environment, kept }: DnsHostPorts,
  kind: string,
  setting: HostSetting,
): Promise<Result<string | undefined>> {
  const { name, fallback, isFile } = setting;
  const given = environment[name]?.trim() || undefined;
  const path = environment[`${name}_FILE`] || (isFile ? given : undefined);
  if (path === undefined) return oneLine(given ?? (await kept?.get(kind, name)) ?? fallback, name, setting);
  try {
    const where = isFile ? path : `the file of ${name}, ${path},`;
    return oneLine((await readFile(path, 'utf8')).trim(), where, setting);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'EIO';
    return refuse('no-credentials', `The file of ${name}, ${path}, cannot be read (${code}).`);
  }
}

/** Two lines copied as one, or a key with its name before it, end as a header that cannot be sent: better said before. */
function oneLine(
  value: string | undefined,
  where: string,
  { isFile, hasLines }: HostSetting,
): Result<string | undefined> {
  const at = isFile || hasLines ? undefined : /[^\x20-\x7e]/.exec(value ?? '')?.index;
  if (value === undefined || at === undefined) return accept(value);
  const what = /[\r\n]/.test(value.charAt(at)) ? 'a line break' : 'a character that no credential has';
  return refuse('no-credentials', `${capital(where)} has ${what} inside, after ${at} characters: copy it as one line.`);
}

function capital(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}

// ---- signed updates

async function openRfc2136({ resolver, timers, random }: DnsHostPorts, get: Get): Promise<Result<ZoneEditor>> {
  const algorithm = tsigAlgorithms.find(
    (one) => one === get('RFC2136_TSIG_ALGORITHM').toLowerCase().replace(/\.$/, ''),
  );
  const name = parseDnsName(get('RFC2136_TSIG_KEY'));
  const secret = secretIn(get('RFC2136_TSIG_SECRET'));
  if (algorithm === undefined)
    return refuse('no-credentials', `RFC2136_TSIG_ALGORITHM is one of ${tsigAlgorithms.join(', ')}.`);
  if (name === undefined || name.length === 0) return refuse('no-credentials', 'RFC2136_TSIG_KEY is no name of a key.');
  if (secret === undefined || secret.length < secretOctetsMin)
    return refuse('no-credentials', 'RFC2136_TSIG_SECRET is no secret in base64, or a very short one.');
  const server = await endpointOf(resolver, get('RFC2136_NAMESERVER'));
  if (!server.ok) return server;
  const key = { name, algorithm, secret };
  return accept(rfc2136Editor({ net: createNodeNet(), timers, random, server: server.value, key }));
}

/** Anything shorter is a slip; RFC 8945 §8 asks for as many octets as the digest has. */
const secretOctetsMin = 16;

/** Base64 alone, or the statement around it as `tsig-keygen` and `keymgr -t` write it. */
function secretIn(text: string): Uint8Array | undefined {
  const base64 = /\bsecret:?[ \t]+"?([A-Za-z0-9+/]+={0,2})"?/.exec(text)?.[1] ?? text.trim();
  return /^[A-Za-z0-9+/]+={0,2}$/.test(base64) ? Buffer.from(base64, 'base64') : undefined;
}

/** `192.0.2.53`, `[2001:db8::53]:5353`, `ns1.example.com` */
async function endpointOf(resolver: Resolver, text: string): Promise<Result<Endpoint>> {
  const [, bracketed, host = '', digits] =
    /^(?:\[([^\]]+)\]|([^:]+|[0-9a-f:]+:[0-9a-f:]+))(?::([0-9]{1,5}))?$/i.exec(text) ?? [];
  const port = digits === undefined ? 53 : Number(digits);
  const literal = parseIpAddress(bracketed ?? host);
  if (port < 1 || port > 65_535) return refuse('no-credentials', `RFC2136_NAMESERVER is no server: ${text}.`);
  if (literal) return accept({ address: literal.text, port });
  const name = parseQueryName(host);
  if (name === undefined) return refuse('no-credentials', `RFC2136_NAMESERVER is no server: ${text}.`);
  for (const type of ['A', 'AAAA'] as const) {
    const found = await resolver.lookup(name, type);
    if (found.kind === 'found' && found.records[0] !== undefined) return accept({ address: found.records[0], port });
  }
  return refuse('unavailable', `RFC2136_NAMESERVER: no address of ${host} was found.`);
}
