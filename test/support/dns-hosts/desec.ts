/** deSEC's API v1 as it is documented: record sets, bulk changes whole or not at all, pages by a cursor in `Link`. */
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
  unquotedText,
  withDot,
  wrongFields,
} from './replay.ts';

export const desecToken = 'desec-token-0123456789abcdef';
const pageMax = 100;

type Stored = {
  readonly subname: string;
  readonly type: string;
  readonly ttl: number;
  readonly records: readonly string[];
};

const detail = (status: number, text: string, headers: Record<string, string> = {}): ReplayAnswer => ({
  status,
  headers,
  body: { detail: text },
});

export function desecReplay(sets: readonly RecordSet[], minimumTtl = 60): Replay {
  let held: readonly Stored[] = [];
  const subname = (name: string) => (name === contractZone ? '' : name.slice(0, -contractZone.length - 1));
  const put = ({ name, type, ttl, values }: RecordSet) => {
    const records = values.map((value) => (type === 'TXT' ? quotedText(value, 255) : withDot(type, value)));
    held = held.filter((set) => set.subname !== subname(name) || set.type !== type);
    if (records.length > 0) held = [...held, { subname: subname(name), type, ttl, records }];
  };
  put({ name: contractZone, type: 'NS', ttl: 3600, values: contractNameServers });
  held = [...held, { subname: 'ssh', type: 'SSHFP', ttl: 3600, records: [`4 2 ${'ab'.repeat(32)}`] }];
  for (const set of sets) put(set);
  return replayOf({
    put,
    foreign: () => held.filter(({ type }) => type === 'SSHFP'),
    complaints: {
      denied: detail(401, 'Invalid token.'),
      limited: detail(429, 'Request was throttled. Expected available in 58 seconds.', { 'retry-after': '58' }),
      broken: { status: 502, body: '<html>Bad Gateway</html>' },
    },
    handle: (request) => {
      const { method, url, headers } = request;
      if (headers.authorization !== `Token ${desecToken}`) return detail(401, 'Invalid token.');
      const domain = /^\/api\/v1\/domains\/([^/]+)\/(rrsets\/)?$/.exec(url.pathname);
      if (domain?.[1] !== contractZone) return detail(404, 'Not found.');
      if (domain[2] === undefined)
        return { status: 200, body: { name: contractZone, minimum_ttl: minimumTtl, keys: [] } };
      if (method === 'GET') return page(url, held);
      if (method !== 'PATCH') return detail(405, `Method "${method}" not allowed.`);
      const changed = patch(request, held, minimumTtl);
      if ('status' in changed) return changed;
      held = changed.sets;
      return { status: 200, body: [] };
    },
  });
}

function page(url: URL, held: readonly Stored[]): ReplayAnswer {
  const cursor = url.searchParams.get('cursor');
  if (cursor === null && held.length > pageMax)
    return detail(400, 'Pagination required. You can query up to 500 items at a time');
  const from = cursor ? Number(cursor.slice(1)) : 0;
  const here = `https://desec.io/api/v1/domains/${contractZone}/rrsets/`;
  const links = [`<${here}?cursor=>; rel="first"`];
  if (from > 0) links.push(`<${here}?cursor=:${from - pageMax}>; rel="prev"`);
  if (from + pageMax < held.length) links.push(`<${here}?cursor=:${from + pageMax}>; rel="next"`);
  const items = held.slice(from, from + pageMax).map((set) => ({
    created: '2026-11-01T00:00:00Z',
    domain: contractZone,
    name: `${set.subname}${set.subname ? '.' : ''}${contractZone}.`,
    ...set,
    touched: '2026-11-01T00:00:00Z',
  }));
  return { status: 200, headers: { link: links.join(', ') }, body: items };
}

function patch(
  { body }: ReplayRequest,
  held: readonly Stored[],
  minimumTtl: number,
): { sets: readonly Stored[] } | ReplayAnswer {
  const items = jsonBody(body);
  if (!Array.isArray(items)) return detail(400, 'Expected a list of items.');
  const problems = (items as readonly Record<string, unknown>[]).map((item) => problemsOf(item, held, minimumTtl));
  if (problems.some((problem) => Object.keys(problem).length > 0)) return { status: 400, body: problems };
  let sets = held;
  for (const item of items as readonly Stored[]) {
    sets = sets.filter((set) => set.subname !== item.subname || set.type !== item.type);
    if (item.records.length === 0) continue;
    const records = item.records.map((text) =>
      item.type === 'TXT' ? quotedText(unquotedText(text) ?? '', 255) : text.toLowerCase(),
    );
    sets = [...sets, { subname: item.subname, type: item.type, ttl: item.ttl, records }];
  }
  const alone = sets.filter(({ type }) => type === 'CNAME');
  const crowded = alone.some((one) => sets.some((set) => set !== one && set.subname === one.subname));
  return crowded
    ? { status: 400, body: { non_field_errors: ['RRset with conflicting type present: CNAME and others.'] } }
    : { sets };
}

function problemsOf(
  item: Readonly<Record<string, unknown>>,
  held: readonly Stored[],
  minimumTtl: number,
): Record<string, string[]> {
  const { subname, type, ttl, records } = item as unknown as Stored;
  const wrong = wrongFields(item, ['type', 'records'], ['subname', 'ttl']);
  if (wrong.length > 0) return { [wrong[0] as string]: ['This field is required or not known.'] };
  if (subname === '@') return { subname: ['Subname can only use (lowercase) a-z, 0-9, ., -, and _.'] };
  const isNew = !held.some((set) => set.subname === subname && set.type === type);
  if (records.length > 0 && isNew && ttl === undefined) return { ttl: ['This field is required.'] };
  if (ttl !== undefined && ttl < minimumTtl)
    return { ttl: [`Ensure this value is greater than or equal to ${minimumTtl}.`] };
  const bad = records.find((text) => !isZoneText(type, text));
  return bad === undefined ? {} : { records: [`Record content of type ${type} malformed: ${bad}`] };
}
