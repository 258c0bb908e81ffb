/** OVHcloud's API v1 as it is documented: signed requests against its own clock, records by id, changes that are public after a refresh. */
import { createHash } from 'node:crypto';
import type { OvhCredentials } from '../../../src/adapters/zones/ovh.ts';
import type { RecordSet } from '../../../src/services/setup/types.ts';
import { contractNameServers, contractZone } from '../../contracts/zone-editor.ts';
import {
  isZoneText,
  jsonBody,
  noTime,
  quotedText,
  type Replay,
  type ReplayAnswer,
  type ReplayRequest,
  replayOf,
  withDot,
  wrongFields,
} from './replay.ts';

export const ovhCredentials: OvhCredentials = {
  endpoint: 'ovh-eu',
  applicationKey: '7kbG7Bk7S9Nt7ZSV',
  applicationSecret: 'EXEgWIz07P0HYwtQDs7cNIqCiQaWSuHF',
  consumerKey: 'MtSwSrPpNjqfVSmJhLbPyr2i45lSwPU1',
};
/** Its clock runs ahead of ours. */
const ovhAheadSeconds = 47;

type Stored = {
  readonly id: number;
  readonly fieldType: string;
  readonly subDomain: string;
  readonly target: string;
  readonly ttl: number;
};
type Zone = { readonly held: Map<number, Stored>; last: number; published: string };

const fail = (status: number, kind: string, message: string): ReplayAnswer => ({
  status,
  body: { class: kind, message },
});
const shown = ({ held }: Zone) => JSON.stringify([...held.values()]);

export function ovhReplay(
  sets: readonly RecordSet[],
  nowSeconds = () => Math.floor(noTime.nowMs() / 1000),
): Replay & { readonly isPublished: () => boolean } {
  const zone: Zone = { held: new Map(), last: 5_000_000_000, published: '' };
  const add = (record: Omit<Stored, 'id'>): Stored => {
    const stored = { ...record, id: ++zone.last };
    zone.held.set(stored.id, stored);
    return stored;
  };
  const put = (set: RecordSet) => {
    const subDomain = set.name === contractZone ? '' : set.name.slice(0, -contractZone.length - 1);
    const isText = set.type === 'TXT';
    for (const { id, fieldType, subDomain: sub } of [...zone.held.values()])
      if (sub === subDomain && (fieldType === set.type || (isText && fieldType === 'SPF'))) zone.held.delete(id);
    for (const value of set.values) {
      const isSpf = isText && value.startsWith('v=spf1');
      const target = isText ? quotedText(value) : withDot(set.type, value).replace(`.${contractZone}.`, '');
      add({
        fieldType: isSpf ? 'SPF' : set.type,
        subDomain,
        target: /^"[a-z]+"$/.test(target) ? target.slice(1, -1) : target,
        ttl: set.ttl === 3600 ? 0 : set.ttl,
      });
    }
  };
  put({ name: contractZone, type: 'NS', ttl: 3600, values: contractNameServers });
  add({ fieldType: 'SSHFP', subDomain: 'ssh', target: `4 2 ${'ab'.repeat(32)}`, ttl: 0 });
  for (const set of sets) put(set);
  zone.published = shown(zone);
  const replay = replayOf({
    put,
    foreign: () => [...zone.held.values()].filter(({ fieldType }) => fieldType === 'SSHFP'),
    isElsewhere: (path) => path === '/1.0/auth/time',
    complaints: {
      denied: fail(403, 'Client::Forbidden', 'This credential is not valid'),
      limited: fail(429, 'Client::TooManyRequests', 'Too many requests'),
      broken: fail(500, 'Server::InternalServerError', 'Internal server error'),
    },
    handle: (request) => {
      const nowOfHost = nowSeconds() + ovhAheadSeconds;
      if (request.url.pathname === '/1.0/auth/time') return { status: 200, body: nowOfHost };
      return signatureProblem(request, nowOfHost) ?? handle(request, zone, add);
    },
  });
  return { ...replay, isPublished: () => zone.published === shown(zone) };
}

function signatureProblem({ method, url, headers, body }: ReplayRequest, nowOfHost: number): ReplayAnswer | undefined {
  const { applicationKey, applicationSecret, consumerKey } = ovhCredentials;
  if (headers['x-ovh-application'] !== applicationKey) return fail(403, 'Client::Forbidden', 'Invalid application key');
  if (headers['x-ovh-consumer'] !== consumerKey)
    return fail(403, 'Client::Forbidden', 'This credential does not exist');
  const timestamp = headers['x-ovh-timestamp'] ?? '';
  if (Math.abs(Number(timestamp) - nowOfHost) > 30)
    return fail(400, 'Client::BadRequest::QueryTimeOut', 'Query out of time');
  const text = [applicationSecret, consumerKey, method, url.href, body, timestamp].join('+');
  const expected = `$1$${createHash('sha1').update(text).digest('hex')}`;
  return headers['x-ovh-signature'] === expected ? undefined : fail(400, 'Client::BadRequest', 'Invalid signature');
}

function handle(
  { method, url, body }: ReplayRequest,
  zone: Zone,
  add: (record: Omit<Stored, 'id'>) => Stored,
): ReplayAnswer {
  const [, name, rest, id] =
    /^\/1\.0\/domain\/zone\/([^/]+)(?:\/(record|refresh))?(?:\/(\d+))?$/.exec(url.pathname) ?? [];
  if (name !== contractZone) return fail(404, 'Client::NotFound', 'This service does not exist');
  if (rest === undefined)
    return {
      status: 200,
      body: {
        name,
        nameServers: contractNameServers,
        dnssecSupported: true,
        hasDnsAnycast: false,
        lastUpdate: '2026-11-22T16:30:00+01:00',
      },
    };
  if (rest === 'refresh' && method === 'POST') {
    zone.published = shown(zone);
    return { status: 200, body: 'null' };
  }
  if (id === undefined) {
    if (method === 'GET') return { status: 200, body: [...zone.held.keys()] };
    const problem = objection(jsonBody(body), ['fieldType', 'target'], [...zone.held.values()]);
    return problem ?? { status: 200, body: { zone: name, ...add(jsonBody(body) as Stored) } };
  }
  const old = zone.held.get(Number(id));
  if (old === undefined) return fail(404, 'Client::NotFound', `The requested object (id = ${id}) does not exist`);
  if (method === 'GET') return { status: 200, body: { zone: name, ...old } };
  zone.held.delete(old.id);
  if (method === 'DELETE') return { status: 200, body: 'null' };
  const problem = objection(
    { ...(jsonBody(body) as object), fieldType: old.fieldType },
    ['fieldType', 'target'],
    [...zone.held.values()],
  );
  zone.held.set(old.id, problem ? old : { ...old, ...(jsonBody(body) as object) });
  return problem ?? { status: 200, body: 'null' };
}

function objection(body: unknown, required: readonly string[], others: readonly Stored[]): ReplayAnswer | undefined {
  const wrong = wrongFields(body, required, ['subDomain', 'ttl']);
  if (wrong.length > 0) return fail(400, 'Client::BadRequest', `[${wrong[0]}] Given data is not valid`);
  const { fieldType, subDomain = '', target, ttl } = body as Stored;
  const type = fieldType === 'SPF' ? 'TXT' : fieldType;
  if (ttl !== 0 && ttl < 60) return fail(400, 'Client::BadRequest', '[ttl] Given TTL is too low');
  if (!isZoneText(type, target))
    return fail(400, 'Client::BadRequest', `Invalid target ${target} for a record of type ${fieldType}`);
  const beside = others.filter((other) => other.subDomain === subDomain);
  if (beside.some((other) => (other.fieldType === 'CNAME') !== (type === 'CNAME')))
    return fail(400, 'Client::BadRequest', 'This name already has a record that conflicts with a CNAME');
  return undefined;
}
