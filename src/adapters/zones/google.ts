/**
 * Google Cloud DNS, version 1, as a service account. A change is a list of sets that go and of sets that come, made whole; what goes has
 * to be exactly what is held, so it compares by itself.
 */
import { createPrivateKey, type KeyObject, sign } from 'node:crypto';
import { accept, type Outcome, refuse } from '../../base/outcome.ts';
import type { DomainName } from '../../format/domain-name.ts';
import type { ApplyResult, EditorOptions, ZoneEditor } from '../../services/setup/zone-editor.ts';
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
  createHostEditor,
  type ForeignSet,
  type HostChange,
  type HostListing,
  type HostZone,
  type ListedSet,
} from './host-editor.ts';
import { isSetupType, textForHost, valueFromHost } from './host-values.ts';
import { everyOf, fieldOf, jsonOf, listOf, numberOf, textOf, textsOf } from './json-values.ts';

export type GoogleCredentials = {
  readonly project: string;
  readonly email: string;
  readonly keyId: string;
  readonly key: KeyObject;
};

type Zone = HostZone & { readonly path: string };
type Listed = { readonly held: ListedSet<string> } | { readonly foreign: ForeignSet } | 'other';

const host = 'Google Cloud DNS';
const audience = 'https://oauth2.googleapis.com/token';
const permission = 'https://www.googleapis.com/auth/ndev.clouddns.readwrite';
const grant = 'urn:ietf:params:oauth:grant-type:jwt-bearer'; // RFC 7523 §2.1
const tokenSeconds = 3600;
const pageSets = 1_000;
const pagesMax = 100;

/** A service account's key file, as Google hands it out. */
export function googleCredentials(keyFile: string): Outcome<GoogleCredentials, 'bad-credentials'> {
  const file = jsonOf(keyFile);
  const [project, email] = [textOf(file, 'project_id'), textOf(file, 'client_email')];
  const [pem, keyId] = [textOf(file, 'private_key'), textOf(file, 'private_key_id')];
  if (project === undefined || email === undefined || pem === undefined || keyId === undefined)
    return refuse(
      'bad-credentials',
      'that is no key file of a Google service account (JSON with project_id, client_email, private_key)',
    );
  try {
    return accept({ project, email, keyId, key: createPrivateKey(pem) });
  } catch {
    return refuse('bad-credentials', 'the private_key of that Google service account cannot be read');
  }
}

export function createGoogleEditor(world: HostWorld, credentials: GoogleCredentials): ZoneEditor {
  const call = createHostCaller(world, {
    host,
    base: 'https://dns.googleapis.com',
    secrets: [],
    authorize: bearerAuthorization(world.timers, (options) => fetchToken(world, credentials, options)),
    complaint,
  });
  const project = `/dns/v1/projects/${encodeURIComponent(credentials.project)}`;
  return createHostEditor<Zone, string>({
    kind: 'google',
    host,
    ability: { atomic: true, compares: true },
    cannotHold: () => undefined,
    findZone: (name, options) => findZone(call, project, name, options),
    list: (zone, options) => list(call, zone, options),
    write: (zone, changes, options) => write(call, zone, changes, options),
  });
}

/** RFC 7523 §2.1: a statement of our own, signed, for a token. */
async function fetchToken(
  world: HostWorld,
  { email, keyId, key }: GoogleCredentials,
  options: EditorOptions,
): Promise<HostResult<BearerToken>> {
  const nowSeconds = Math.floor(world.timers.nowMs() / 1000);
  const claims = { iss: email, scope: permission, aud: audience, iat: nowSeconds, exp: nowSeconds + tokenSeconds };
  const signed = [{ alg: 'RS256', typ: 'JWT', kid: keyId }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  const signature = sign('sha256', Buffer.from(signed), key).toString('base64url');
  const call = createHostCaller(world, {
    host: 'Google',
    base: 'https://oauth2.googleapis.com',
    secrets: [signature],
    authorize: () => accept({}),
    complaint: ({ status, text }) => {
      const body = jsonOf(text);
      const say = [textOf(body, 'error'), textOf(body, 'error_description')].filter(Boolean).join(': ');
      return { say, code: status === 400 ? 'bad-credentials' : undefined };
    },
  });
  const body = new URLSearchParams({ grant_type: grant, assertion: `${signed}.${signature}` }).toString();
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const answer = await call({ method: 'POST', path: '/token', headers, body }, options);
  return answered('Google', answer, (json) => {
    const [token, expiresInSeconds] = [textOf(json, 'access_token'), numberOf(json, 'expires_in')];
    return token === undefined || expiresInSeconds === undefined ? undefined : { token, expiresInSeconds };
  });
}

async function findZone(
  call: HostCall,
  project: string,
  name: DomainName,
  options: EditorOptions,
): Promise<HostResult<Zone>> {
  const answer = await call({ method: 'GET', path: `${project}/managedZones?dnsName=${name}.` }, options);
  const zones = answered(host, answer, (body) =>
    everyOf(listOf(body, 'managedZones') ?? [], (item) => {
      const [id, servers] = [textOf(item, 'name'), textsOf(item, 'nameServers')];
      if (id === undefined || servers === undefined) return undefined;
      const nameServers = servers.map((server) => server.replace(/\.$/, '').toLowerCase());
      const path = `${project}/managedZones/${encodeURIComponent(id)}`;
      return {
        name,
        nameServers,
        path,
        ttl: { least: 0, most: 0x7fff_ffff },
        isPublic: textOf(item, 'visibility') !== 'private',
      };
    }),
  );
  if (!zones.ok) return zones;
  const [zone, ...others] = zones.value.filter(({ isPublic }) => isPublic);
  if (zone === undefined) return refuse('no-such-zone', `${host} has no public zone ${name} in this project`);
  if (others.length > 0)
    return refuse(
      'refused',
      `${host} has several public zones ${name} in this project: delete those that are not used`,
    );
  return accept(zone);
}

async function list(call: HostCall, zone: Zone, options: EditorOptions): Promise<HostResult<HostListing<string>>> {
  const sets: ListedSet<string>[] = [];
  const foreign: ForeignSet[] = [];
  let from = '';
  for (let page = 1; page <= pagesMax; page++) {
    const answer = await call({ method: 'GET', path: `${zone.path}/rrsets?maxResults=${pageSets}${from}` }, options);
    const read = answered(host, answer, (body) => {
      const items = everyOf(listOf(body, 'rrsets') ?? [], setOf);
      return items && { items, next: textOf(body, 'nextPageToken') };
    });
    if (!read.ok) return read;
    for (const item of read.value.items) {
      if (item === 'other') continue;
      if ('held' in item) sets.push(item.held);
      else foreign.push(item.foreign);
    }
    if (read.value.next === undefined) return accept({ sets, foreign });
    from = `&pageToken=${encodeURIComponent(read.value.next)}`;
  }
  return refuse('refused', `${zone.name} has more than ${pagesMax * pageSets} record sets at ${host}`);
}

function setOf(item: unknown): Listed | undefined {
  const [owner, type, ttl] = [textOf(item, 'name'), textOf(item, 'type'), numberOf(item, 'ttl')];
  if (owner === undefined || type === undefined) return undefined;
  if (!isSetupType(type)) return 'other';
  const name = owner.replace(/\.$/, '').toLowerCase();
  if (fieldOf(item, 'routingPolicy') !== undefined) return { foreign: { name, type, what: 'under a routing policy' } };
  const tags = textsOf(item, 'rrdatas');
  if (ttl === undefined || tags === undefined) return undefined;
  return { held: { name, type, ttl, values: tags.map((text) => valueFromHost(type, text)), tags } };
}

async function write(
  call: HostCall,
  zone: Zone,
  changes: readonly HostChange<string>[],
  options: EditorOptions,
): Promise<ApplyResult> {
  if (changes.length === 0) return { ok: true, done: 0 };
  const set = (name: string, type: string, ttl: number, rrdatas: readonly string[]) => ({
    name: `${name}.`,
    type,
    ttl,
    rrdatas,
  });
  const body = {
    additions: changes.flatMap(({ name, type, after }) =>
      after
        ? [
            set(
              name,
              type,
              after.ttl,
              after.values.map((value) => textForHost(type, value)),
            ),
          ]
        : [],
    ),
    deletions: changes.flatMap(({ name, type, held }) => (held ? [set(name, type, held.ttl, held.tags)] : [])),
  };
  const answer = await call(jsonRequest('POST', `${zone.path}/changes`, body), options);
  return answer.ok ? { ok: true, done: changes.length } : { ok: false, code: answer.code, say: answer.say, done: 0 };
}

const throttles = ['rateLimitExceeded', 'userRateLimitExceeded', 'quotaExceeded'];

function complaint({ status, text }: HostAnswer): HostComplaint {
  const error = fieldOf(jsonOf(text), 'error');
  const say = textOf(error, 'message');
  const reason = textOf(listOf(error, 'errors')?.[0], 'reason') ?? '';
  if (throttles.includes(reason)) return { say, code: 'rate-limited' };
  if (status === 404 && say?.includes('entity.change')) return { say, code: 'changed-meanwhile' };
  return { say };
}
