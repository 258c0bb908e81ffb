/** Hetzner's Cloud API v1 as it is documented: record sets, changed by actions that take their time. */
import type { RecordSet } from '../../../src/services/setup/types.ts';
import { contractNameServers, contractZone } from '../../contracts/zone-editor.ts';
import {
  isZoneText,
  jsonBody,
  quotedText,
  type Replay,
  type ReplayAnswer,
  type ReplayRequest,
  replayOf,
  withDot,
  wrongFields,
} from './replay.ts';

export const hetznerToken = 'hcloud-0123456789abcdefABCDEF0123456789';
const pageMax = 50;
const usualTtl = 3600;

type Entry = { readonly value: string; readonly comment?: string };
type Stored = {
  readonly name: string;
  readonly type: string;
  readonly ttl: number | null;
  readonly records: readonly Entry[];
};
type Zone = { sets: readonly Stored[]; actions: number; readonly running: Map<number, number> };

const fail = (status: number, code: string, message: string): ReplayAnswer => ({
  status,
  body: { error: { code, message, details: null } },
});

export function hetznerReplay(sets: readonly RecordSet[]): Replay {
  const zone: Zone = { sets: [], actions: 700, running: new Map() };
  const put = (set: RecordSet) => {
    const name = set.name === contractZone ? '@' : set.name.slice(0, -contractZone.length - 1);
    zone.sets = zone.sets.filter((one) => one.name !== name || one.type !== set.type);
    const records = set.values.map((value, at) => ({
      value:
        set.type === 'TXT'
          ? quotedText(value)
          : at === 0
            ? belowZone(withDot(set.type, value))
            : withDot(set.type, value),
      comment: `by hand ${at}`,
    }));
    if (records.length > 0)
      zone.sets = [...zone.sets, { name, type: set.type, ttl: set.ttl === usualTtl ? null : set.ttl, records }];
  };
  put({ name: contractZone, type: 'NS', ttl: usualTtl, values: contractNameServers });
  zone.sets = [
    ...zone.sets,
    {
      name: '@',
      type: 'SOA',
      ttl: null,
      records: [{ value: 'ns1.host.example. dns.host.example. 1 86400 10800 3600000 3600' }],
    },
  ];
  for (const set of sets) put(set);
  return replayOf({
    put,
    foreign: () => zone.sets.filter(({ type }) => type === 'SOA'),
    complaints: {
      denied: fail(401, 'unauthorized', 'unable to authenticate'),
      limited: fail(429, 'rate_limit_exceeded', 'limit of 3600 requests per hour reached'),
      broken: fail(504, 'timeout', 'The request could not be answered in time'),
    },
    handle: (request) => handle(request, zone),
  });
}

/** It may be written below the zone as well: `10 mx1` is `10 mx1.posthorn.example.` */
function belowZone(text: string): string {
  return text.replace(`.${contractZone}.`, '');
}

function handle(request: ReplayRequest, zone: Zone): ReplayAnswer {
  const { method, url, headers, body } = request;
  if (headers.authorization !== `Bearer ${hetznerToken}`) return fail(401, 'unauthorized', 'unable to authenticate');
  const action = /^\/v1\/actions\/(\d+)$/.exec(url.pathname)?.[1];
  if (action !== undefined) return actionOf(zone, Number(action));
  const [, name, rest = ''] = /^\/v1\/zones\/([^/]+)(\/rrsets.*)?$/.exec(url.pathname) ?? [];
  if (name !== contractZone) return fail(404, 'not_found', 'zone not found');
  if (rest === '') {
    const assigned = contractNameServers.map((server) => `${server}.`);
    return {
      status: 200,
      body: {
        zone: {
          id: 42,
          name,
          mode: 'primary',
          ttl: usualTtl,
          authoritative_nameservers: { assigned, delegated: assigned, delegation_status: 'valid' },
          status: 'ok',
          record_count: zone.sets.length,
        },
      },
    };
  }
  if (rest === '/rrsets' && method === 'GET') return page(url, zone.sets);
  return change(method, decodeURIComponent(rest), jsonBody(body), zone);
}

/** The first look finds it running still. */
function actionOf(zone: Zone, id: number): ReplayAnswer {
  const looks = zone.running.get(id);
  if (looks === undefined) return fail(404, 'not_found', 'action not found');
  zone.running.set(id, looks - 1);
  return {
    status: 200,
    body: {
      action: {
        id,
        command: 'x',
        status: looks > 0 ? 'running' : 'success',
        progress: 100,
        error: null,
        resources: [],
      },
    },
  };
}

function begin(zone: Zone, status: number): ReplayAnswer {
  const id = ++zone.actions;
  zone.running.set(id, 1);
  return { status, body: { action: { id, command: 'x', status: 'running', progress: 0, error: null, resources: [] } } };
}

function page({ searchParams }: URL, sets: readonly Stored[]): ReplayAnswer {
  const number = Number(searchParams.get('page') ?? 1);
  const per_page = Number(searchParams.get('per_page') ?? 25);
  if (per_page > pageMax) return fail(400, 'invalid_input', "invalid input in field 'per_page'");
  const last_page = Math.ceil(sets.length / per_page);
  const pagination = {
    page: number,
    per_page,
    previous_page: null,
    next_page: number < last_page ? number + 1 : null,
    last_page,
    total_entries: sets.length,
  };
  const rrsets = sets
    .slice((number - 1) * per_page, number * per_page)
    .map((set) => ({ id: `${set.name}/${set.type}`, zone: 42, labels: {}, protection: { change: false }, ...set }));
  return { status: 200, body: { rrsets, meta: { pagination } } };
}

function change(method: string, path: string, body: unknown, zone: Zone): ReplayAnswer {
  const invalid = (what: string) => fail(422, 'invalid_input', `invalid input in fields '${what}'`);
  if (path === '/rrsets') {
    const set = body as Stored;
    const wrong = wrongFields(body, ['name', 'type', 'records'], ['ttl', 'labels']);
    if (method !== 'POST' || wrong.length > 0) return invalid(wrong.join());
    if (zone.sets.some(({ name, type }) => name === set.name && type === set.type))
      return fail(409, 'uniqueness_error', 'RRSet already exists');
    const beside = zone.sets.filter(({ name }) => name === set.name);
    if (beside.some(({ type }) => (type === 'CNAME') !== (set.type === 'CNAME')))
      return fail(422, 'invalid_input', 'CNAME cannot be used together with other records');
    const problem = recordProblem(set);
    if (problem !== undefined) return invalid(problem);
    zone.sets = [...zone.sets, set];
    return begin(zone, 201);
  }
  const [, name, type, action] = /^\/rrsets\/(.+)\/([A-Z]+)(?:\/actions\/([a-z_]+))?$/.exec(path) ?? [];
  const old = zone.sets.find((set) => set.name === name && set.type === type);
  if (old === undefined) return fail(404, 'not_found', 'rrset not found');
  const others = zone.sets.filter((set) => set !== old);
  if (method === 'DELETE' && action === undefined) zone.sets = others;
  else if (method === 'POST' && action === 'change_ttl') {
    const { ttl } = body as Stored;
    if (wrongFields(body, ['ttl']).length > 0 || (ttl !== null && ttl < 60)) return invalid('ttl');
    zone.sets = [...others, { ...old, ttl }];
  } else if (method === 'POST' && action === 'set_records') {
    const set = { ...old, ...(body as Stored) };
    const problem = wrongFields(body, ['records'])[0] ?? recordProblem(set);
    if (problem !== undefined) return invalid(problem);
    zone.sets = [...others, set];
  } else return fail(405, 'method_not_allowed', method);
  return begin(zone, 201);
}

function recordProblem({ type, records }: Stored): string | undefined {
  const wrong = records.flatMap((record) => wrongFields(record, ['value'], ['comment']));
  if (wrong.length > 0 || records.length === 0) return 'records';
  return records.find(({ value }) => !isZoneText(type, value) && !/^\d* ?[a-z0-9]+$/.test(value))?.value;
}
