/** Google Cloud DNS v1 as it is documented: additions and deletions in one change, deletions exactly as held; tokens for signed statements. */
import { createPrivateKey, createPublicKey, verify } from 'node:crypto';
import type { GoogleCredentials } from '../../../src/adapters/zones/google.ts';
import type { RecordSet } from '../../../src/services/setup/types.ts';
import { contractNameServers, contractZone } from '../../contracts/zone-editor.ts';
import { rsaTestKeyPem } from '../dkim-test-keys.ts';
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

const pageMax = 100;
const project = 'mail-project';
const zone = 'posthorn-zone';
const email = 'dns@mail-project.iam.gserviceaccount.com';
const key = createPrivateKey(rsaTestKeyPem);
export const googleToken = 'ya29.access-token-0123456789';
export const googleAccount: GoogleCredentials = { project, email, keyId: 'key-1', key };
export const googleKeyFile = JSON.stringify({
  type: 'service_account',
  project_id: project,
  private_key_id: 'key-1',
  private_key: rsaTestKeyPem,
  client_email: email,
  token_uri: 'https://oauth2.googleapis.com/token',
});

type Stored = {
  readonly name: string;
  readonly type: string;
  readonly ttl: number;
  readonly rrdatas: readonly string[];
  readonly routingPolicy?: object;
};

const fail = (status: number, reason: string, message: string): ReplayAnswer => ({
  status,
  body: { error: { code: status, message, errors: [{ message, domain: 'global', reason }] } },
});

export function googleReplay(sets: readonly RecordSet[]): Replay {
  let held: readonly Stored[] = [
    {
      name: `${contractZone}.`,
      type: 'SOA',
      ttl: 21_600,
      rrdatas: ['ns1.host.example. hostmaster.host.example. 1 21600 3600 259200 300'],
    },
    { name: `geo.${contractZone}.`, type: 'A', ttl: 300, rrdatas: [], routingPolicy: { geo: { items: [] } } },
  ];
  const put = ({ name, type, ttl, values }: RecordSet) => {
    held = held.filter((set) => set.name !== `${name}.` || set.type !== type);
    const rrdatas = values.map((value) => (type === 'TXT' ? quotedText(value) : withDot(type, value)));
    if (rrdatas.length > 0) held = [...held, { name: `${name}.`, type, ttl, rrdatas }];
  };
  put({ name: contractZone, type: 'NS', ttl: 21_600, values: contractNameServers });
  for (const set of sets) put(set);
  return replayOf({
    put,
    foreign: () => held.filter(({ type, routingPolicy }) => type === 'SOA' || routingPolicy !== undefined),
    isElsewhere: (path) => path === '/token',
    complaints: {
      denied: fail(403, 'forbidden', 'Forbidden'),
      limited: fail(403, 'rateLimitExceeded', 'Rate Limit Exceeded'),
      broken: fail(503, 'backendError', 'Backend Error'),
    },
    handle: (request) => {
      const { method, url, headers, body } = request;
      if (url.pathname === '/token') return tokenFor(request);
      if (headers.authorization !== `Bearer ${googleToken}`) return fail(401, 'authError', 'Invalid Credentials');
      const zones = `/dns/v1/projects/${project}/managedZones`;
      if (method === 'GET' && url.pathname === zones) return zonesFor(url);
      if (!url.pathname.startsWith(`${zones}/${zone}/`))
        return fail(404, 'notFound', "The 'parameters.managedZone' resource does not exist.");
      if (method === 'GET' && url.pathname.endsWith('/rrsets')) return page(url, held);
      if (method !== 'POST' || !url.pathname.endsWith('/changes')) return fail(404, 'notFound', 'Not Found');
      const changed = change(jsonBody(body), held);
      if ('status' in changed) return changed;
      held = changed.sets;
      return {
        status: 200,
        body: {
          kind: 'dns#change',
          id: '7',
          startTime: '2026-11-22T16:30:00Z',
          status: 'pending',
          ...(jsonBody(body) as object),
        },
      };
    },
  });
}

/** RFC 7523 §3 */
function tokenFor({ method, headers, body }: ReplayRequest): ReplayAnswer {
  const form = new URLSearchParams(body);
  const [header = '', claims = '', signature = ''] = (form.get('assertion') ?? '').split('.');
  const bad = (why: string): ReplayAnswer => ({
    status: 400,
    body: { error: 'invalid_grant', error_description: why },
  });
  if (method !== 'POST' || !headers['content-type']?.startsWith('application/x-www-form-urlencoded'))
    return bad('Bad Request');
  if (form.get('grant_type') !== 'urn:ietf:params:oauth:grant-type:jwt-bearer') return bad('Bad Request');
  const isValid = verify(
    'sha256',
    Buffer.from(`${header}.${claims}`),
    createPublicKey(key),
    Buffer.from(signature, 'base64url'),
  );
  if (!isValid) return bad('Invalid JWT Signature.');
  const said = jsonBody(Buffer.from(claims, 'base64url').toString()) as Record<string, unknown>;
  const wrong = wrongFields(said, ['iss', 'scope', 'aud', 'exp', 'iat']);
  if (wrong.length > 0 || said.aud !== 'https://oauth2.googleapis.com/token' || said.iss !== email)
    return bad(`Invalid JWT: ${wrong.join()}`);
  return { status: 200, body: { access_token: googleToken, expires_in: 3599, token_type: 'Bearer' } };
}

function zonesFor(url: URL): ReplayAnswer {
  const named = url.searchParams.get('dnsName');
  const shown = (name: string, visibility: string) => ({
    kind: 'dns#managedZone',
    name,
    dnsName: `${contractZone}.`,
    nameServers: contractNameServers.map((server) => `${server}.`),
    visibility,
  });
  const isHere = named === `${contractZone}.` || named === null;
  return {
    status: 200,
    body: {
      kind: 'dns#managedZonesListResponse',
      managedZones: isHere ? [shown('inside', 'private'), shown(zone, 'public')] : [],
    },
  };
}

function page({ searchParams }: URL, held: readonly Stored[]): ReplayAnswer {
  const from = Number(searchParams.get('pageToken') ?? 0);
  const most = Math.min(Number(searchParams.get('maxResults') ?? pageMax), pageMax);
  const next = from + most < held.length ? { nextPageToken: String(from + most) } : {};
  const rrsets = held
    .slice(from, from + most)
    .map((set) => ({ kind: 'dns#resourceRecordSet', signatureRrdatas: [], ...set }));
  return { status: 200, body: { kind: 'dns#resourceRecordSetsListResponse', rrsets, ...next } };
}

function change(body: unknown, held: readonly Stored[]): { readonly sets: readonly Stored[] } | ReplayAnswer {
  if (wrongFields(body, ['additions', 'deletions'], ['kind']).length > 0)
    return fail(400, 'required', 'Required entity.change');
  const { additions, deletions } = body as Readonly<Record<'additions' | 'deletions', readonly Stored[]>>;
  let sets = held;
  for (const [at, set] of deletions.entries()) {
    const where = `entity.change.deletions[${at}]`;
    const old = sets.find(({ name, type }) => name === set.name && type === set.type);
    if (old === undefined)
      return fail(404, 'notFound', `The '${where}' resource named '${set.name} (${set.type})' does not exist.`);
    const isSame =
      old.ttl === set.ttl && JSON.stringify([...old.rrdatas].sort()) === JSON.stringify([...set.rrdatas].sort());
    if (!isSame) return fail(412, 'conditionNotMet', `Precondition not met for '${where}'`);
    sets = sets.filter((one) => one !== old);
  }
  for (const [at, set] of additions.entries()) {
    const where = `entity.change.additions[${at}]`;
    if (wrongFields(set, ['name', 'type', 'ttl', 'rrdatas'], ['kind']).length > 0)
      return fail(400, 'invalid', `Invalid value for '${where}'`);
    const bad = set.rrdatas.findIndex((text) => !isZoneText(set.type, text));
    if (bad >= 0) return fail(400, 'invalid', `Invalid value for '${where}.rrdata[${bad}]': '${set.rrdatas[bad]}'`);
    const beside = sets.filter(({ name }) => name === set.name);
    if (beside.some(({ type }) => type === set.type))
      return fail(409, 'alreadyExists', `The resource '${where}' named '${set.name} (${set.type})' already exists`);
    if (beside.some(({ type }) => type === 'CNAME') || (set.type === 'CNAME' && beside.length > 0))
      return fail(
        400,
        'cnameResourceRecordSetConflict',
        `The resource record set '${where}' is invalid because the DNS name '${set.name}' may have either one CNAME resource record set or resource record sets of other types, but not both.`,
      );
    sets = [...sets, set];
  }
  return { sets };
}
