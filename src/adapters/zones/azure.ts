/**
 * Azure DNS, API of 2018-05-01, as a registered application. Sets are changed one by one, each only while its etag is the one that was
 * read: it compares, and does not make all or nothing.
 */
import { accept, refuse } from '../../base/outcome.ts';
import type { DomainName } from '../../format/domain-name.ts';
import type { SetupType } from '../../services/setup/types.ts';
import type { EditorOptions, ZoneEditor } from '../../services/setup/zone-editor.ts';
import { type BearerToken, bearerAuthorization } from './bearer-token.ts';
import {
  answered,
  createHostCaller,
  type HostAnswer,
  type HostCall,
  type HostComplaint,
  type HostResult,
  type HostWorld,
  jsonRequest,
} from './call-host.ts';
import {
  absoluteName,
  createHostEditor,
  type ForeignSet,
  type HostChange,
  type HostListing,
  type HostZone,
  type ListedSet,
  relativeName,
} from './host-editor.ts';
import { makeEach } from './host-steps.ts';
import { isSetupType, octetsOf, textForHost, valueFromHost } from './host-values.ts';
import { everyOf, fieldOf, jsonOf, listOf, numberOf, textOf, textsOf } from './json-values.ts';

export type AzureCredentials = {
  readonly tenant: string;
  readonly client: string;
  readonly secret: string;
  readonly subscription: string;
  readonly resourceGroup: string;
};

type Zone = HostZone & { readonly path: string };
type Tag = { readonly etag: string; readonly metadata: unknown };
type Listed = { readonly held: ListedSet<Tag> } | { readonly foreign: ForeignSet } | 'other';

const host = 'Azure DNS';
const version = 'api-version=2018-05-01';
const pageSets = 100;
const pagesMax = 1_000;
const stringOctets = 255; // RFC 1035 §3.3.14

export function createAzureEditor(world: HostWorld, credentials: AzureCredentials): ZoneEditor {
  const call = createHostCaller(world, {
    host,
    base: 'https://management.azure.com',
    secrets: [credentials.secret],
    authorize: bearerAuthorization(world.timers, (options) => fetchToken(world, credentials, options)),
    complaint,
  });
  const group = `/subscriptions/${encodeURIComponent(credentials.subscription)}/resourceGroups/${encodeURIComponent(credentials.resourceGroup)}/providers/Microsoft.Network/dnsZones`;
  return createHostEditor<Zone, Tag>({
    kind: 'azure',
    host,
    ability: { atomic: false, compares: true },
    cannotHold,
    findZone: (name, options) => findZone(call, group, name, options),
    list: (zone, options) => list(call, zone, options),
    write: (zone, changes, options) => makeEach(changes, (change) => call(requestOf(zone, change), options)),
  });
}

function cannotHold(type: SetupType, value: string): string | undefined {
  if (type === 'TLSA') return 'its API of 2018-05-01 has no such type';
  return type === 'TXT' && !/^[\x20-\x7e]*$/.test(value) ? 'its texts are plain ASCII' : undefined;
}

/** RFC 6749 §4.4 */
async function fetchToken(
  world: HostWorld,
  { tenant, client, secret }: AzureCredentials,
  options: EditorOptions,
): Promise<HostResult<BearerToken>> {
  const call = createHostCaller(world, {
    host: 'Microsoft',
    base: 'https://login.microsoftonline.com',
    secrets: [secret],
    authorize: () => accept({}),
    complaint: ({ status, text }) => {
      const say = textOf(jsonOf(text), 'error_description') ?? textOf(jsonOf(text), 'error');
      return { say, code: status === 400 ? 'bad-credentials' : undefined };
    },
  });
  const body = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: client,
    client_secret: secret,
    scope: 'https://management.azure.com/.default',
  }).toString();
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const path = `/${encodeURIComponent(tenant)}/oauth2/v2.0/token`;
  return answered('Microsoft', await call({ method: 'POST', path, headers, body }, options), (json) => {
    const [token, expiresInSeconds] = [textOf(json, 'access_token'), numberOf(json, 'expires_in')];
    return token === undefined || expiresInSeconds === undefined ? undefined : { token, expiresInSeconds };
  });
}

async function findZone(
  call: HostCall,
  group: string,
  name: DomainName,
  options: EditorOptions,
): Promise<HostResult<Zone>> {
  const path = `${group}/${name}`;
  return answered(host, await call({ method: 'GET', path: `${path}?${version}` }, options), (body) => {
    const servers = textsOf(fieldOf(body, 'properties'), 'nameServers');
    const nameServers = servers?.map((server) => server.replace(/\.$/, '').toLowerCase());
    return nameServers && { name, nameServers, path, ttl: { least: 1, most: 0x7fff_ffff } };
  });
}

async function list(call: HostCall, zone: Zone, options: EditorOptions): Promise<HostResult<HostListing<Tag>>> {
  const sets: ListedSet<Tag>[] = [];
  const foreign: ForeignSet[] = [];
  let path = `${zone.path}/recordsets?${version}&$top=${pageSets}`;
  for (let page = 1; page <= pagesMax; page++) {
    const read = answered(host, await call({ method: 'GET', path }, options), (body) => {
      const items = everyOf(listOf(body, 'value'), (item) => setOf(item, zone.name));
      return items && { items, next: textOf(body, 'nextLink') };
    });
    if (!read.ok) return read;
    for (const item of read.value.items) {
      if (item === 'other') continue;
      if ('held' in item) sets.push(item.held);
      else foreign.push(item.foreign);
    }
    if (read.value.next === undefined) return accept({ sets, foreign });
    const next = URL.canParse(read.value.next) ? new URL(read.value.next) : undefined;
    if (next?.pathname.toLowerCase() !== `${zone.path}/recordsets`.toLowerCase())
      return refuse('unavailable', `${host} continues its list somewhere else`);
    path = `${zone.path}/recordsets${next.search}`; // its host is not taken over: the token goes to one place only
  }
  return refuse('refused', `${zone.name} has more than ${pagesMax * pageSets} record sets at ${host}`);
}

/** How the records of a type are called, and their fields in the order of zone text. */
const shapes: { readonly [T in SetupType]?: { readonly list: string; readonly fields: readonly string[] } } = {
  A: { list: 'ARecords', fields: ['ipv4Address'] },
  AAAA: { list: 'AAAARecords', fields: ['ipv6Address'] },
  CNAME: { list: 'CNAMERecord', fields: ['cname'] },
  MX: { list: 'MXRecords', fields: ['preference', 'exchange'] },
  NS: { list: 'NSRecords', fields: ['nsdname'] },
  PTR: { list: 'PTRRecords', fields: ['ptrdname'] },
  SRV: { list: 'SRVRecords', fields: ['priority', 'weight', 'port', 'target'] },
  CAA: { list: 'caaRecords', fields: ['flags', 'tag', 'value'] },
  TXT: { list: 'TXTRecords', fields: ['value'] },
};

function setOf(item: unknown, zone: string): Listed | undefined {
  const [relative, etag, resource] = [textOf(item, 'name'), textOf(item, 'etag'), textOf(item, 'type')];
  const properties = fieldOf(item, 'properties');
  const ttl = numberOf(properties, 'TTL');
  if (relative === undefined || etag === undefined || resource === undefined) return undefined;
  const type = resource.slice(resource.lastIndexOf('/') + 1).toUpperCase();
  const shape = isSetupType(type) ? shapes[type] : undefined;
  if (!isSetupType(type) || shape === undefined) return 'other';
  const name = absoluteName(relative, zone);
  if (textOf(fieldOf(properties, 'targetResource'), 'id') !== undefined)
    return { foreign: { name, type, what: 'an alias' } };
  const held = fieldOf(properties, shape.list);
  const records = Array.isArray(held) ? held : held === undefined ? [] : [held];
  const values = records.map((record) => valueIn(type, shape.fields, record));
  if (values.length === 0) return { foreign: { name, type, what: 'an empty set' } };
  if (ttl === undefined) return undefined;
  return { held: { name, type, ttl, values, tags: [{ etag, metadata: fieldOf(properties, 'metadata') }] } };
}

function valueIn(type: SetupType, fields: readonly string[], record: unknown): string | undefined {
  if (type === 'TXT') return textsOf(record, 'value')?.map(octetsOf).join('');
  const words = fields.map((field) => String(fieldOf(record, field)));
  return valueFromHost(type, type === 'CAA' ? `${words[0]} ${words[1]} "${words[2]}"` : words.join(' '));
}

function recordOf(type: SetupType, fields: readonly string[], value: string): Readonly<Record<string, unknown>> {
  if (type === 'TXT') return { value: value.match(new RegExp(`[^]{1,${stringOctets}}`, 'g')) ?? [''] };
  const words = textForHost(type, value).split(' ');
  if (type === 'CAA') words.splice(2, words.length, words.slice(2).join(' ').slice(1, -1));
  return Object.fromEntries(
    fields.map((field, at) => {
      const word = words[at] ?? '';
      return [field, /^[0-9]+$/.test(word) ? Number(word) : word.replace(/(?<=.)\.$/, '')];
    }),
  );
}

function requestOf(zone: Zone, { name, type, held, after }: HostChange<Tag>) {
  const path = `${zone.path}/${type}/${encodeURIComponent(relativeName(name, zone.name))}?${version}`;
  const [tag] = held?.tags ?? [];
  const condition: Readonly<Record<string, string>> = tag ? { 'if-match': tag.etag } : { 'if-none-match': '*' };
  const shape = shapes[type];
  if (after === undefined || shape === undefined) return { method: 'DELETE' as const, path, headers: condition };
  const records = after.values.map((value) => recordOf(type, shape.fields, value));
  const properties = {
    ...(tag?.metadata === undefined ? {} : { metadata: tag.metadata }),
    TTL: after.ttl,
    [shape.list]: type === 'CNAME' ? records[0] : records,
  };
  const request = jsonRequest('PUT', path, { properties });
  return { ...request, headers: { ...request.headers, ...condition } };
}

function complaint({ text }: HostAnswer): HostComplaint {
  const body = jsonOf(text);
  const error = fieldOf(body, 'error') ?? body;
  const [code, message] = [textOf(error, 'code'), textOf(error, 'message')];
  return { say: message === undefined ? code : `${message} (${code})` };
}
