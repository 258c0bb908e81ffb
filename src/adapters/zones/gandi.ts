/** Gandi's LiveDNS, API version 5. Sets have names below their zone, values are zone text; each is changed in one call. */
import { accept, refuse } from '../../base/outcome.ts';
import type { DomainName } from '../../format/domain-name.ts';
import type { EditorOptions, ZoneEditor } from '../../services/setup/zone-editor.ts';
import {
  answered,
  createHostCaller,
  type HostAnswer,
  type HostCall,
  type HostComplaint,
  type HostRequest,
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
  inPath,
  type ListedSet,
  relativeName,
} from './host-editor.ts';
import { makeEach } from './host-steps.ts';
import { isSetupType, textForHost, valueFromHost } from './host-values.ts';
import { everyOf, fieldOf, jsonOf, listOf, numberOf, textOf, textsOf } from './json-values.ts';

export type GandiCredentials = { readonly token: string };

const host = 'Gandi';
const pageSets = 100;
const pagesMax = 200;

export function createGandiEditor(world: HostWorld, { token }: GandiCredentials): ZoneEditor {
  const call = createHostCaller(world, {
    host,
    base: 'https://api.gandi.net/v5/livedns',
    secrets: [token],
    authorize: () => accept({ authorization: `Bearer ${token}` }),
    complaint,
  });
  return createHostEditor<HostZone, undefined>({
    kind: 'gandi',
    host,
    ability: { atomic: false, compares: false },
    cannotHold: () => undefined,
    findZone: (name, options) => findZone(call, name, options),
    list: (zone, options) => list(call, zone, options),
    write: (zone, changes, options) =>
      makeEach(changes, async (change) => {
        const answer = await call(requestOf(zone, change), options);
        return !answer.ok && answer.code === 'no-such-zone'
          ? refuse('changed-meanwhile', `${change.name} ${change.type} is no longer at ${host}`)
          : answer;
      }),
  });
}

async function findZone(call: HostCall, name: DomainName, options: EditorOptions): Promise<HostResult<HostZone>> {
  const found = answered(host, await call({ method: 'GET', path: `/domains/${name}` }, options), (body) =>
    textOf(body, 'fqdn'),
  );
  if (!found.ok) return found;
  const answer = await call({ method: 'GET', path: `/domains/${name}/nameservers` }, options);
  return answered(host, answer, (body) => {
    const nameServers = textsOf({ body }, 'body');
    return nameServers && { name, nameServers, ttl: { least: 300, most: 2_592_000 } };
  });
}

async function list(
  call: HostCall,
  zone: HostZone,
  options: EditorOptions,
): Promise<HostResult<HostListing<undefined>>> {
  const sets: ListedSet<undefined>[] = [];
  for (let page = 1; page <= pagesMax; page++) {
    const path = `/domains/${zone.name}/records?page=${page}&per_page=${pageSets}`;
    const answer = await call({ method: 'GET', path }, options);
    const read = answered(host, answer, (body) => everyOf(listOf({ body }, 'body'), (item) => setOf(item, zone.name)));
    if (!read.ok) return read;
    sets.push(...read.value.filter((item) => item !== null));
    const total = answer.ok ? Number(answer.value.headers['total-count'] ?? Number.NaN) : 0;
    const isLast = Number.isNaN(total) ? read.value.length < pageSets : page * pageSets >= total;
    if (isLast) return accept({ sets });
  }
  return refuse('refused', `${zone.name} has more than ${pagesMax * pageSets} record sets at ${host}`);
}

/** Null for a type that no plan holds. */
function setOf(item: unknown, zone: string): ListedSet<undefined> | null | undefined {
  const [name, type, ttl] = [textOf(item, 'rrset_name'), textOf(item, 'rrset_type'), numberOf(item, 'rrset_ttl')];
  if (name === undefined || type === undefined || ttl === undefined) return undefined;
  if (!isSetupType(type)) return null;
  const values = textsOf(item, 'rrset_values')?.map((text) => valueFromHost(type, text, zone));
  return values && { name: absoluteName(name, zone), type, ttl, values, tags: [] };
}

/** What is new is posted: that fails when there is something already. */
function requestOf({ name: zone }: HostZone, { name, type, held, after }: HostChange<undefined>): HostRequest {
  const path = `/domains/${zone}/records/${inPath(relativeName(name, zone))}/${type}`;
  if (after === undefined) return { method: 'DELETE', path };
  const body = { rrset_ttl: after.ttl, rrset_values: after.values.map((value) => textForHost(type, value)) };
  return jsonRequest(held ? 'PUT' : 'POST', path, body);
}

function complaint({ text }: HostAnswer): HostComplaint {
  const body = jsonOf(text);
  const errors = (listOf(body, 'errors') ?? []).map((error) => textOf(error, 'description')).filter(Boolean);
  const said = errors.length > 0 ? errors.join('; ') : textOf(body, 'message');
  const cause = textOf(body, 'cause') ?? fieldOf(body, 'status');
  return { say: said ?? (typeof cause === 'string' ? cause : undefined) };
}
