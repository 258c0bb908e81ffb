/** DigitalOcean's API v2 as it is documented: records by id, texts as they are, names answered without their final dot and `@` for the domain. */
import type { RecordSet } from '../../../src/services/setup/types.ts';
import { contractNameServers, contractZone } from '../../contracts/zone-editor.ts';
import { jsonBody, type Replay, type ReplayAnswer, type ReplayRequest, replayOf, wrongFields } from './replay.ts';

export const digitalOceanToken = 'dop_v1_0123456789abcdef0123456789';
const pageMax = 100;

type Stored = Readonly<Record<'type' | 'name' | 'data', string>> &
  Readonly<Record<'id' | 'ttl', number>> &
  Readonly<Record<string, unknown>>;

const fail = (status: number, id: string, message: string, headers: Record<string, string> = {}): ReplayAnswer => ({
  status,
  headers,
  body: { id, message },
});

export function digitalOceanReplay(sets: readonly RecordSet[]): Replay {
  const held = new Map<number, Stored>();
  let last = 3_352_891;
  const add = (record: object): Stored => {
    const stored = {
      priority: null,
      port: null,
      weight: null,
      flags: null,
      tag: null,
      ...record,
      id: ++last,
    } as unknown as Stored;
    held.set(stored.id, stored);
    return stored;
  };
  const put = (set: RecordSet) => {
    const name = set.name === contractZone ? '@' : set.name.slice(0, -contractZone.length - 1);
    for (const { id, type, name: owner } of [...held.values()])
      if (type === set.type && owner === name) held.delete(id);
    for (const value of set.values) {
      const words = value.split(' ');
      const record = { type: set.type, name, ttl: set.ttl };
      add(set.type === 'MX' ? { ...record, priority: Number(words[0]), data: words[1] } : { ...record, data: value });
    }
  };
  add({ type: 'SOA', name: '@', data: '1800', ttl: 1800 });
  put({ name: contractZone, type: 'NS', ttl: 1800, values: contractNameServers });
  for (const set of sets) put(set);
  return replayOf({
    put,
    foreign: () => [...held.values()].filter(({ type }) => type === 'SOA'),
    complaints: {
      denied: fail(401, 'unauthorized', `Unable to authenticate you with ${digitalOceanToken}.`),
      limited: fail(429, 'too_many_requests', 'API Rate limit exceeded.', { 'retry-after': '1415' }),
      broken: fail(500, 'server_error', 'Unexpected server-side error'),
    },
    handle: (request) => handle(request, held, add),
  });
}

function handle(request: ReplayRequest, held: Map<number, Stored>, add: (record: object) => Stored): ReplayAnswer {
  const { method, url, headers, body } = request;
  if (headers.authorization !== `Bearer ${digitalOceanToken}`)
    return fail(401, 'unauthorized', 'Unable to authenticate you');
  const [, domain, records, id] = /^\/v2\/domains\/([^/]+)(\/records)?(?:\/(\d+))?$/.exec(url.pathname) ?? [];
  if (domain !== contractZone) return fail(404, 'not_found', 'The resource you were accessing could not be found.');
  if (records === undefined) return { status: 200, body: { domain: { name: domain, ttl: 1800, zone_file: '' } } };
  if (id === undefined) {
    if (method === 'GET') return page(url, [...held.values()]);
    const problem =
      method === 'POST' ? objection(jsonBody(body), [...held.values()]) : fail(405, 'method_not_allowed', method);
    return problem ?? { status: 201, body: { domain_record: add(kept(jsonBody(body) as Stored)) } };
  }
  const old = held.get(Number(id));
  if (old === undefined) return fail(404, 'not_found', 'The resource you were accessing could not be found.');
  held.delete(old.id);
  if (method === 'DELETE') return { status: 204 };
  const problem = objection(jsonBody(body), [...held.values()]);
  held.set(old.id, problem ? old : { ...old, ...kept(jsonBody(body) as Stored) });
  return problem ?? { status: 200, body: { domain_record: held.get(old.id) } };
}

/** Final dots are wanted and not kept. */
function kept(record: Stored): Stored {
  if (record.type === 'TXT') return record;
  const data = record.data.replace(/(?<=.)\.$/, '');
  return { ...record, data: data === contractZone ? '@' : data };
}

function page(url: URL, records: readonly Stored[]): ReplayAnswer {
  const number = Number(url.searchParams.get('page') ?? 1);
  const most = Math.min(Number(url.searchParams.get('per_page') ?? 20), pageMax);
  const isLast = number * most >= records.length;
  const pages = isLast ? {} : { pages: { next: `https://api.digitalocean.com${url.pathname}?page=${number + 1}` } };
  return {
    status: 200,
    body: {
      domain_records: records.slice((number - 1) * most, number * most),
      links: pages,
      meta: { total: records.length },
    },
  };
}

const parts: Readonly<Record<string, readonly string[]>> = {
  MX: ['priority'],
  SRV: ['priority', 'weight', 'port'],
  CAA: ['flags', 'tag'],
};

function objection(body: unknown, others: readonly Stored[]): ReplayAnswer | undefined {
  const { type, name, data, ttl } = body as Stored;
  const refused = (why: string) => fail(422, 'unprocessable_entity', why);
  const wrong = wrongFields(body, ['type', 'name', 'data', 'ttl', ...(parts[type] ?? [])]);
  if (wrong.length > 0) return refused(`Fields are missing or not known: ${wrong.join()}`);
  if (!['A', 'AAAA', 'CAA', 'CNAME', 'MX', 'NS', 'SRV', 'TXT'].includes(type))
    return refused('Record type is not valid.');
  if (name.endsWith(contractZone)) return refused('Name is relative to the domain.');
  if (['CNAME', 'MX', 'NS', 'SRV', 'CAA'].includes(type) && !data.endsWith('.'))
    return refused('Data needs to end with a dot (.)');
  if (ttl < 30) return refused('Ttl must be greater than or equal to 30');
  if (type === 'TXT' && (data.includes('\\') || data === '' || /[^ -~]/.test(data) || data.length > 500))
    return refused('Data is invalid.');
  const beside = others.filter((other) => other.name === name);
  if (beside.some((other) => (other.type === 'CNAME') !== (type === 'CNAME')))
    return refused('CNAME records cannot share a name with other records');
  return undefined;
}
