/** deSEC, API version 1. Sets have names below their zone, values are zone text; a list of sets is changed whole or not at all. */
import { accept, refuse } from '../../base/outcome.ts';
import type { DomainName } from '../../format/domain-name.ts';
import type { ApplyResult, EditorOptions, ZoneEditor } from '../../services/setup/zone-editor.ts';
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
  type HostChange,
  type HostListing,
  type HostZone,
  type ListedSet,
  relativeName,
} from './host-editor.ts';
import { isSetupType, textForHost, valueFromHost } from './host-values.ts';
import { everyOf, jsonOf, listOf, numberOf, textOf, textsOf } from './json-values.ts';

export type DesecCredentials = { readonly token: string };

const host = 'deSEC';
const pagesMax = 200;

export function createDesecEditor(world: HostWorld, { token }: DesecCredentials): ZoneEditor {
  const call = createHostCaller(world, {
    host,
    base: 'https://desec.io/api/v1',
    secrets: [token],
    authorize: () => accept({ authorization: `Token ${token}` }),
    complaint,
  });
  return createHostEditor<HostZone, undefined>({
    kind: 'desec',
    host,
    ability: { atomic: true, compares: false },
    cannotHold: () => undefined,
    findZone: (name, options) => findZone(call, name, options),
    list: (zone, options) => list(call, zone, options),
    write: (zone, changes, options) => write(call, zone, changes, options),
  });
}

async function findZone(call: HostCall, name: DomainName, options: EditorOptions): Promise<HostResult<HostZone>> {
  return answered(host, await call({ method: 'GET', path: `/domains/${name}/` }, options), (body) => {
    const least = numberOf(body, 'minimum_ttl');
    return least === undefined ? undefined : { name, ttl: { least, most: 86_400 } };
  });
}

async function list(
  call: HostCall,
  zone: HostZone,
  options: EditorOptions,
): Promise<HostResult<HostListing<undefined>>> {
  const sets: ListedSet<undefined>[] = [];
  let cursor = '';
  for (let page = 1; page <= pagesMax; page++) {
    const answer = await call({ method: 'GET', path: `/domains/${zone.name}/rrsets/?cursor=${cursor}` }, options);
    const read = answered(host, answer, (body) => everyOf(listOf({ body }, 'body'), (item) => setOf(item, zone.name)));
    if (!read.ok) return read;
    sets.push(...read.value.filter((item) => item !== null));
    const next = answer.ok ? nextCursor(answer.value) : undefined;
    if (next === undefined) return accept({ sets });
    cursor = next;
  }
  return refuse('refused', `${zone.name} has more record sets at ${host} than ${pagesMax} pages of them`);
}

/** `Link: <https://desec.io/...?cursor=:abc>; rel="next"`. Nothing but the cursor is taken from it. */
function nextCursor({ headers }: HostAnswer): string | undefined {
  const link = headers.link;
  return typeof link === 'string' ? /[?&]cursor=([^&>]+)[^>]*>;\s*rel="next"/.exec(link)?.[1] : undefined;
}

/** Null for a type that no plan holds. */
function setOf(item: unknown, zone: string): ListedSet<undefined> | null | undefined {
  const [name, type, ttl] = [textOf(item, 'subname'), textOf(item, 'type'), numberOf(item, 'ttl')];
  if (name === undefined || type === undefined || ttl === undefined) return undefined;
  if (!isSetupType(type)) return null;
  const values = textsOf(item, 'records')?.map((text) => valueFromHost(type, text));
  return values && { name: absoluteName(name, zone), type, ttl, values, tags: [] };
}

async function write(
  call: HostCall,
  zone: HostZone,
  changes: readonly HostChange<undefined>[],
  options: EditorOptions,
): Promise<ApplyResult> {
  const sets = changes.map(({ name, type, after }) => ({
    subname: relativeName(name, zone.name, ''),
    type,
    ...(after ? { ttl: after.ttl } : {}),
    records: after?.values.map((value) => textForHost(type, value)) ?? [],
  }));
  if (sets.length === 0) return { ok: true, done: 0 };
  const answer = await call(jsonRequest('PATCH', `/domains/${zone.name}/rrsets/`, sets), options);
  return answer.ok ? { ok: true, done: changes.length } : { ok: false, code: answer.code, say: answer.say, done: 0 };
}

/** `{"detail": ...}`, or for each set of a list an object of lists of complaints, empty where there are none. */
function complaint({ text }: HostAnswer): HostComplaint {
  const body = jsonOf(text);
  const detail = textOf(body, 'detail');
  if (detail !== undefined) return { say: detail };
  const items: readonly unknown[] = Array.isArray(body) ? body : [body];
  const said = items.flatMap((item) => (typeof item === 'object' && item !== null ? Object.entries(item) : []));
  return { say: said.length > 0 ? said.map(([field, words]) => `${field}: ${wordsOf(words)}`).join('; ') : undefined };
}

function wordsOf(complaints: unknown): string {
  const list: readonly unknown[] = Array.isArray(complaints) ? complaints : [complaints];
  return list.map((one) => (typeof one === 'string' ? one : 'not right')).join(', ');
}
