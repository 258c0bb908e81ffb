/** Azure DNS of 2018-05-01 as it is documented: record sets with etags, changed one by one under a condition; tokens for a client's secret. */
import type { AzureCredentials } from '../../../src/adapters/zones/azure.ts';
import type { RecordSet } from '../../../src/services/setup/types.ts';
import { contractNameServers, contractZone } from '../../contracts/zone-editor.ts';
import { jsonBody, type Replay, type ReplayAnswer, type ReplayRequest, replayOf, wrongFields } from './replay.ts';

export const azureToken = 'eyJ0eXAi.access-token-0123456789';
export const azureCredentials: AzureCredentials = {
  tenant: '11111111-2222-3333-4444-555555555555',
  client: '66666666-7777-8888-9999-000000000000',
  secret: 'client-secret-0123456789~',
  subscription: 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee',
  resourceGroup: 'mail group',
};
const group = `/subscriptions/${azureCredentials.subscription}/resourceGroups/mail%20group/providers/Microsoft.Network/dnsZones`;
const pageMax = 100;

type Stored = {
  readonly name: string;
  readonly type: string;
  readonly etag: string;
  readonly properties: Readonly<Record<string, unknown>>;
};

const fail = (status: number, code: string, message: string): ReplayAnswer => ({
  status,
  body: { error: { code, message } },
});

const shapes: Readonly<Record<string, readonly [list: string, ...fields: string[]]>> = {
  A: ['ARecords', 'ipv4Address'],
  AAAA: ['AAAARecords', 'ipv6Address'],
  CNAME: ['CNAMERecord', 'cname'],
  MX: ['MXRecords', 'preference', 'exchange'],
  NS: ['NSRecords', 'nsdname'],
  PTR: ['PTRRecords', 'ptrdname'],
  SRV: ['SRVRecords', 'priority', 'weight', 'port', 'target'],
  CAA: ['caaRecords', 'flags', 'tag', 'value'],
  TXT: ['TXTRecords', 'value'],
};

export function azureReplay(sets: readonly RecordSet[]): Replay {
  let etags = 0;
  const held = new Map<string, Stored>();
  const keep = (name: string, type: string, properties: Stored['properties']) => {
    const stored = { name, type, etag: `0000000${++etags}-0000-0000-8a8a-d5a2f5e6d501`, properties };
    held.set(`${type}/${name}`, stored);
    return stored;
  };
  const put = (set: RecordSet) => {
    const name = set.name === contractZone ? '@' : set.name.slice(0, -contractZone.length - 1);
    held.delete(`${set.type}/${name}`);
    if (set.values.length > 0) keep(name, set.type, propertiesOf(set));
  };
  keep('@', 'SOA', { TTL: 3600, SOARecord: { host: 'ns1.host.example.', email: 'hostmaster.host.example' } });
  keep('old', 'A', { TTL: 60, targetResource: { id: '/subscriptions/x/publicIPAddresses/y' } });
  put({ name: contractZone, type: 'NS', ttl: 172_800, values: contractNameServers.map((name) => `${name}.`) });
  for (const set of sets) put(set);
  return replayOf({
    put,
    foreign: () =>
      [...held.values()].filter(({ type, properties }) => type === 'SOA' || properties.targetResource !== undefined),
    isElsewhere: (path) => path.endsWith('/oauth2/v2.0/token'),
    complaints: {
      denied: fail(403, 'AuthorizationFailed', 'The client does not have authorization to perform that action.'),
      limited: { ...fail(429, 'TooManyRequests', 'The request is being throttled.'), headers: { 'retry-after': '11' } },
      broken: fail(500, 'InternalServerError', 'The server encountered an error.'),
    },
    handle: (request) => handle(request, held, keep),
  });
}

function propertiesOf({ type, ttl, values }: RecordSet): Stored['properties'] {
  const [list, ...fields] = shapes[type] ?? ['?'];
  const records = values.map((value) => {
    if (type === 'TXT') return { value: value.match(/.{1,100}/gs) ?? [''] };
    const words = value.split(' ');
    return Object.fromEntries(
      fields.map((field, at) => [field, /^\d+$/.test(words[at] ?? '') ? Number(words[at]) : words[at]]),
    );
  });
  return {
    TTL: ttl,
    fqdn: 'x',
    provisioningState: 'Succeeded',
    metadata: { team: 'mail' },
    [list]: type === 'CNAME' ? records[0] : records,
  };
}

function shown({ name, type, etag, properties }: Stored): object {
  return {
    id: `${decodeURIComponent(group)}/${contractZone}/${type}/${name}`,
    name,
    type: `Microsoft.Network/dnszones/${type}`,
    etag,
    properties,
  };
}

type Keep = (name: string, type: string, properties: Stored['properties']) => Stored;

function handle(request: ReplayRequest, held: Map<string, Stored>, keep: Keep): ReplayAnswer {
  const { method, url, headers } = request;
  if (url.pathname.endsWith('/oauth2/v2.0/token')) return tokenFor(request);
  if (headers.authorization !== `Bearer ${azureToken}`)
    return fail(401, 'InvalidAuthenticationToken', 'The access token is invalid.');
  if (url.searchParams.get('api-version') !== '2018-05-01')
    return fail(400, 'MissingApiVersionParameter', 'The api-version query parameter is required.');
  const path = url.pathname.startsWith(`${group}/`)
    ? url.pathname
        .slice(group.length + 1)
        .split('/')
        .map(decodeURIComponent)
    : [];
  if (path[0] !== contractZone)
    return fail(
      404,
      'ResourceNotFound',
      `The Resource 'Microsoft.Network/dnszones/${path[0]}' under resource group 'mail group' was not found.`,
    );
  if (path.length === 1) {
    const nameServers = contractNameServers.map((server) => `${server}.`);
    return {
      status: 200,
      body: {
        id: url.pathname,
        name: contractZone,
        type: 'Microsoft.Network/dnszones',
        etag: 'x',
        location: 'global',
        properties: { nameServers, zoneType: 'Public' },
      },
    };
  }
  if (method === 'GET' && path[1] === 'recordsets') return page(url, [...held.values()]);
  const one = `${path[1]}/${path[2]}`;
  const old = held.get(one);
  if (method === 'GET')
    return old ? { status: 200, body: shown(old) } : fail(404, 'NotFound', `${one} does not exist.`);
  return change(request, one, held, keep);
}

/** RFC 6749 §4.4 */
function tokenFor({ method, url, body }: ReplayRequest): ReplayAnswer {
  const { grant_type, client_id, client_secret, scope } = Object.fromEntries(new URLSearchParams(body));
  const isRight =
    method === 'POST' &&
    url.pathname.startsWith(`/${azureCredentials.tenant}/`) &&
    grant_type === 'client_credentials' &&
    client_id === azureCredentials.client &&
    client_secret === azureCredentials.secret &&
    scope === 'https://management.azure.com/.default';
  if (!isRight)
    return {
      status: 401,
      body: { error: 'invalid_client', error_description: 'AADSTS7000215: Invalid client secret provided.' },
    };
  return { status: 200, body: { token_type: 'Bearer', expires_in: 3599, access_token: azureToken } };
}

function page(url: URL, sets: readonly Stored[]): ReplayAnswer {
  const from = Number(url.searchParams.get('$skiptoken') ?? 0);
  const most = Math.min(Number(url.searchParams.get('$top') ?? pageMax), pageMax);
  const next = new URL(url);
  next.searchParams.set('$skiptoken', String(from + most));
  const nextLink = from + most < sets.length ? { nextLink: next.href.replace(/\/recordsets/, '/recordsets') } : {};
  return { status: 200, body: { value: sets.slice(from, from + most).map(shown), ...nextLink } };
}

function change(
  { method, headers, body }: ReplayRequest,
  key: string,
  held: Map<string, Stored>,
  keep: Keep,
): ReplayAnswer {
  const old = held.get(key);
  const [type = '', name = ''] = key.split('/');
  const wanted = headers['if-match'];
  if ((wanted !== undefined && wanted !== old?.etag) || (headers['if-none-match'] === '*' && old !== undefined))
    return fail(
      412,
      'PreconditionFailed',
      `The condition '${wanted ?? '*'}' in the If-Match header was not satisfied. The current was '${old?.etag}'.`,
    );
  if (method === 'DELETE') {
    held.delete(key);
    return { status: old ? 200 : 204 };
  }
  const shape = shapes[type];
  if (method !== 'PUT' || shape === undefined)
    return fail(400, 'BadRequest', `The resource record type '${type}' is not supported.`);
  const problem = problemIn(jsonBody(body), shape);
  if (problem !== undefined) return fail(400, 'BadRequest', problem);
  const beside = [...held.values()].filter((set) => set !== old && set.name === name);
  if (beside.some((set) => (set.type === 'CNAME') !== (type === 'CNAME')))
    return fail(
      409,
      'Conflict',
      `The record could not be created because a CNAME record or another with the name '${name}' already exists in this zone.`,
    );
  const { properties } = jsonBody(body) as Stored;
  return { status: old ? 200 : 201, body: shown(keep(name, type, properties)) };
}

function problemIn(body: unknown, [list, ...fields]: readonly [string, ...string[]]): string | undefined {
  const { properties } = (body ?? {}) as { properties?: Record<string, unknown> };
  const wrong = [
    ...wrongFields(body, ['properties'], ['etag']),
    ...wrongFields(properties, ['TTL', list], ['metadata']),
  ];
  const records = [properties?.[list]].flat();
  for (const record of records) wrong.push(...wrongFields(record, fields));
  const texts = list === 'TXTRecords' ? (records as { value: string[] }[]).flatMap(({ value }) => value) : [];
  if (wrong.length === 0 && texts.some((text) => text.length > 255)) wrong.push('a string of more than 255 characters');
  return wrong.length > 0 ? `The request is not valid: ${wrong.join()}` : undefined;
}
