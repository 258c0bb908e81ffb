/** Cloudflare's API v4 as it is documented: records by id, batches as one transaction, `success` and `errors` around everything. */
import type { RecordSet, SetupType } from '../../../src/services/setup/types.ts';
import { contractNameServers, contractZone } from '../../contracts/zone-editor.ts';
import {
  jsonBody,
  quotedText,
  type Replay,
  type ReplayAnswer,
  type ReplayRequest,
  replayOf,
  wrongFields,
} from './replay.ts';

export const cloudflareToken = 'cf-token-0123456789abcdefABCDEF';
const zoneId = '023e105f4ecef8ad9ca31a8372d0c353';
/** It gives fewer than it is asked for. */
const pageMax = 100;

type Stored = { readonly id: string; readonly name: string; readonly type: string; readonly ttl: number } & Record<
  string,
  unknown
>;

const fail = (status: number, code: number, message: string): ReplayAnswer => ({
  status,
  body: { success: false, errors: [{ code, message }], messages: [], result: null },
});
const fine = (result: unknown, more: object = {}): ReplayAnswer => ({
  status: 200,
  body: { success: true, errors: [], messages: [], result, ...more },
});

export function cloudflareReplay(sets: readonly RecordSet[]): Replay {
  const held = new Map<string, Stored>();
  let last = 0;
  const add = (record: object) => {
    const id = String(++last).padStart(32, '0');
    held.set(id, { comment: null, tags: [], proxied: false, settings: {}, ...record, id } as unknown as Stored);
  };
  add({
    name: contractZone,
    type: 'HTTPS',
    ttl: 1,
    content: '1 . alpn="h3"',
    data: { priority: 1, target: '.', value: 'alpn="h3"' },
  });
  const put = (set: RecordSet) => {
    for (const { id, name, type } of [...held.values()]) if (name === set.name && type === set.type) held.delete(id);
    for (const value of set.values) add(storedOf(set.name, set.type, set.ttl, value));
  };
  for (const set of sets) put(set);
  return replayOf({
    put,
    foreign: () => [...held.values()].filter(({ type }) => type === 'HTTPS'),
    complaints: {
      denied: fail(403, 9109, `Invalid access token ${cloudflareToken}`),
      limited: {
        ...fail(429, 971, 'Please wait and consider throttling your request speed'),
        headers: { 'retry-after': '1' },
      },
      broken: fail(500, 10_000, 'internal error'),
    },
    handle: (request) => handle(request, held, add),
  });
}

function storedOf(name: string, type: SetupType, ttl: number, value: string): object {
  const record = { name, type, ttl };
  const words = value.split(' ');
  if (type === 'MX') return { ...record, priority: Number(words[0]), content: words[1] };
  if (type === 'TXT')
    return {
      ...record,
      content: /["\\]|[^ -~]/.test(value) ? quotedText(value) : value.length > 255 ? quotedText(value) : value,
    };
  return { ...record, content: value };
}

function handle(request: ReplayRequest, held: Map<string, Stored>, add: (record: object) => void): ReplayAnswer {
  const { method, url, headers } = request;
  if (headers.authorization === undefined) return fail(400, 6003, 'Invalid request headers');
  if (headers.authorization !== `Bearer ${cloudflareToken}`) return fail(401, 1000, 'Invalid API Token');
  const path = url.pathname.replace('/client/v4', '');
  if (method === 'GET' && path === '/zones') {
    const zone = { id: zoneId, name: contractZone, status: 'active', name_servers: [...contractNameServers] };
    const isFirst = Number(url.searchParams.get('page') ?? 1) === 1;
    const found = isFirst && url.searchParams.get('name') === contractZone ? [zone] : [];
    return fine(found, {
      result_info: { page: 1, per_page: 20, count: found.length, total_count: found.length, total_pages: 1 },
    });
  }
  if (!path.startsWith(`/zones/${zoneId}/dns_records`))
    return fail(404, 7003, 'Could not route to that path, perhaps your object identifier is invalid?');
  if (method === 'GET') return page(url, [...held.values()]);
  if (method !== 'POST' || !path.endsWith('/batch')) return fail(405, 10_405, 'Method not allowed');
  return batch(jsonBody(request.body), held, add);
}

function page({ searchParams }: URL, records: readonly Stored[]): ReplayAnswer {
  const number = Number(searchParams.get('page') ?? 1);
  const perPage = Math.min(Number(searchParams.get('per_page') ?? 100), pageMax);
  const result = records.slice((number - 1) * perPage, number * perPage).map(shown);
  const total_pages = Math.ceil(records.length / perPage);
  return fine(result, {
    result_info: { page: number, per_page: perPage, count: result.length, total_count: records.length, total_pages },
  });
}

/** Types in parts are shown as text, too. */
function shown(record: Stored): object {
  const data = record.data as Record<string, unknown> | undefined;
  if (data === undefined) return record;
  return { ...record, content: Object.values(data).join('\t') };
}

type Batch = Readonly<Record<'deletes' | 'patches' | 'posts', readonly Record<string, unknown>[] | undefined>>;

/** Deletes, patches, posts: in this order, and all or nothing. */
function batch(body: unknown, held: Map<string, Stored>, add: (record: object) => void): ReplayAnswer {
  const wrong = wrongFields(body, [], ['deletes', 'patches', 'puts', 'posts']);
  if (wrong.length > 0) return fail(400, 9207, `Request body is invalid: ${wrong.join()}`);
  const { deletes = [], patches = [], posts = [] } = body as Batch;
  const kept = new Map(held);
  const undo = (answer: ReplayAnswer) => {
    held.clear();
    for (const [id, record] of kept) held.set(id, record);
    return answer;
  };
  if (deletes.length + patches.length + posts.length > 200) return fail(400, 81_200, 'Too many operations');
  for (const { id } of [...deletes, ...patches])
    if (!held.has(String(id))) return undo(fail(404, 81_044, 'Record does not exist.'));
  for (const { id } of deletes) held.delete(String(id));
  for (const { id, ...fields } of patches) {
    const old = held.get(String(id)) as Stored;
    held.delete(String(id));
    const problem = objection(fields, [...held.values()]);
    if (problem) return undo(problem);
    held.set(old.id, { ...old, ...fields });
  }
  for (const fields of posts) {
    const problem = objection(fields, [...held.values()]);
    if (problem) return undo(problem);
    add(fields);
  }
  return fine({ deletes, patches, posts });
}

const dataFields: Readonly<Record<string, readonly string[]>> = {
  SRV: ['priority', 'weight', 'port', 'target'],
  CAA: ['flags', 'tag', 'value'],
  TLSA: ['usage', 'selector', 'matching_type', 'certificate'],
};

function objection(fields: Readonly<Record<string, unknown>>, others: readonly Stored[]): ReplayAnswer | undefined {
  const { name, type, ttl, content } = fields as unknown as Stored & { content: string };
  const inParts = dataFields[type];
  const required = ['name', 'type', 'ttl', inParts ? 'data' : 'content', ...(type === 'MX' ? ['priority'] : [])];
  const wrong = wrongFields(fields, required, ['proxied', 'comment', 'tags']);
  const wrongParts = inParts ? wrongFields(fields.data, inParts) : [];
  if (wrong.length + wrongParts.length > 0)
    return fail(400, 1004, `DNS Validation Error: ${[...wrong, ...wrongParts].join()}`);
  if (!Number.isInteger(ttl) || (ttl !== 1 && (ttl < 60 || ttl > 86_400)))
    return fail(400, 9021, 'Invalid TTL. Must be between 60 and 86,400 seconds, or 1 for Automatic.');
  if (!name.endsWith(contractZone)) return fail(400, 9000, 'DNS name is invalid.');
  if (type === 'TXT' && !/^"/.test(content))
    return fail(400, 9207, 'The content must consist of quoted "character strings".');
  if (type === 'CNAME' && fields.proxied !== false) return fail(400, 9003, 'a proxied alias hides what it stands for');
  const beside = others.filter((other) => other.name === name);
  if (
    beside.some((other) => (type === 'CNAME') !== (other.type === 'CNAME')) &&
    [type, ...beside.map((other) => other.type)].includes('CNAME')
  )
    return fail(400, 81_053, 'An A, AAAA, or CNAME record with that host already exists.');
  if (
    beside.some(
      (other) =>
        other.type === type && other.content === content && content !== undefined && other.priority === fields.priority,
    )
  )
    return fail(400, 81_058, 'An identical record already exists.');
  return undefined;
}
