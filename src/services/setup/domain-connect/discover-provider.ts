/**
 * Domain Connect, discovery: whether the DNS host of a domain applies templates, and where. A TXT record at the zone's apex names the
 * host's API, which tells the rest. Both are the words of others: nothing but https: URLs of public names comes out.
 */
import { fromUtf8 } from '../../../base/bytes.ts';
import { accept, type Outcome, refuse } from '../../../base/outcome.ts';
import { printable } from '../../../base/printable.ts';
import { type DomainName, parentOf, parseDomainName, parseQueryName } from '../../../format/domain-name.ts';
import type { Resolver } from '../../../protocol/dns/types.ts';

export type ConnectProvider = {
  readonly zone: DomainName;
  /** What the domain is below the zone; empty for the zone itself. */
  readonly host: string;
  readonly providerName: string;
  /** Where people go. */
  readonly urlSyncUX: string;
  readonly urlAPI: string;
};

/** none: it does not take part. unavailable: nobody knows at the moment. */
export type ConnectRefusal = 'none' | 'unavailable';

export type ConnectPorts = {
  readonly resolver: Resolver;
  /** Of public hosts only; `status` when there is an answer that is no 200. */
  readonly fetchNamed: (
    url: string,
    wish: { readonly octetsMax: number; readonly mediaType: string },
  ) => Promise<Outcome<Uint8Array, string>>;
};

const wish = { octetsMax: 65_536, mediaType: 'application/json' };

export async function discoverProvider(
  ports: ConnectPorts,
  domain: DomainName,
): Promise<Outcome<ConnectProvider, ConnectRefusal>> {
  for (let zone: DomainName | undefined = domain; zone?.includes('.'); zone = parentOf(zone)) {
    const name = parseQueryName(`_domainconnect.${zone}`);
    const found = name ? await ports.resolver.lookup(name, 'TXT') : undefined;
    if (found?.kind === 'failed')
      return refuse('unavailable', `DNS did not say whether ${zone} has _domainconnect (${found.why})`);
    if (found?.kind !== 'found') continue;
    const api = found.records.map(apiOf).find((url) => url !== undefined);
    if (api !== undefined) return readSettings(ports, { domain, zone, api });
  }
  return refuse(
    'none',
    `the DNS host of ${domain} does not take part in Domain Connect (there is no _domainconnect record)`,
  );
}

/** `domainconnect.host.example/client`: a name, perhaps with a path. */
function apiOf(text: string): string | undefined {
  const [, host = '', path = ''] = /^([A-Za-z0-9.-]{1,253})((?:\/[A-Za-z0-9._~-]+)*)\/?$/.exec(text.trim()) ?? [];
  return parseDomainName(host)?.includes('.') ? `https://${host.toLowerCase()}${path}` : undefined;
}

type Place = { readonly domain: DomainName; readonly zone: DomainName; readonly api: string };

async function readSettings(
  { fetchNamed }: ConnectPorts,
  { domain, zone, api }: Place,
): Promise<Outcome<ConnectProvider, ConnectRefusal>> {
  const file = await fetchNamed(`${api}/v2/${zone}/settings`, wish);
  if (!file.ok && file.code === 'status') return refuse('none', `${api} does not know the zone ${zone}`);
  if (!file.ok) return refuse('unavailable', `${api} could not be asked about ${zone}: ${file.say}`);
  const settings = jsonObject(fromUtf8(file.value));
  const text = (name: string) => (typeof settings?.[name] === 'string' ? (settings[name] as string) : undefined);
  const [urlSyncUX, urlAPI] = [httpsUrl(text('urlSyncUX')), httpsUrl(text('urlAPI'))];
  const providerName = printable(text('providerDisplayName') ?? text('providerName') ?? text('providerId') ?? api, 60);
  if (urlSyncUX === undefined) return refuse('none', `${providerName} has no page on which a person could agree`);
  if (urlAPI === undefined) return refuse('unavailable', `${providerName} does not say where its API is`);
  const host = domain === zone ? '' : domain.slice(0, -zone.length - 1);
  return accept({ zone, host, providerName, urlSyncUX, urlAPI });
}

function httpsUrl(text: string | undefined): string | undefined {
  if (text === undefined || !URL.canParse(text)) return undefined;
  const { protocol, hostname, username, search, hash, href } = new URL(text);
  const isPlain = protocol === 'https:' && username === '' && search === '' && hash === '';
  return isPlain && parseDomainName(hostname) !== undefined ? href.replace(/\/$/, '') : undefined;
}

/** Whether the host applies this template; `unavailable` when it does not say. */
export async function knowsTemplate(
  { fetchNamed }: ConnectPorts,
  { urlAPI, providerName }: ConnectProvider,
  { providerId, serviceId }: { readonly providerId: string; readonly serviceId: string },
): Promise<Outcome<boolean, ConnectRefusal>> {
  const path = `/v2/domainTemplates/providers/${encodeURIComponent(providerId)}/services/${encodeURIComponent(serviceId)}`;
  const answer = await fetchNamed(`${urlAPI}${path}`, wish);
  if (answer.ok || answer.code === 'media-type') return accept(true); // what it answers with is not said
  if (answer.code === 'status') return accept(false);
  return refuse('unavailable', `${providerName} could not be asked for the template: ${answer.say}`);
}

function jsonObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
