/**
 * Hetzner's DNS in its Cloud API, version 1 (the older DNS Console with an API of its own has ended). Sets have names below their zone; a
 * change is an action that the host carries out by and by, and it is waited for. Values and TTL of a set are changed by two of them.
 */
import { accept, refuse } from '../../base/outcome.ts';
import type { DomainName } from '../../format/domain-name.ts';
import type { SetupType } from '../../services/setup/types.ts';
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
  type HeldSet,
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

export type HetznerCredentials = { readonly token: string };

type Zone = HostZone & { readonly path: string; readonly usualTtl: number };
/** A record as it is written there, with the comment that somebody gave it. */
type Tag = { readonly value: string; readonly comment?: string };
type Making = {
  readonly world: HostWorld;
  readonly call: HostCall;
  readonly zone: Zone;
  readonly options: EditorOptions;
};

const host = 'Hetzner';
const pageSets = 50; // the most it gives
const pagesMax = 200;
const actionLooksMax = 60;
const actionWaitMs = 500;

export function createHetznerEditor(world: HostWorld, { token }: HetznerCredentials): ZoneEditor {
  const call = createHostCaller(world, {
    host,
    base: 'https://api.hetzner.cloud/v1',
    secrets: [token],
    authorize: () => accept({ authorization: `Bearer ${token}` }),
    complaint,
  });
  return createHostEditor<Zone, Tag>({
    kind: 'hetzner',
    host,
    ability: { atomic: false, compares: false },
    cannotHold: () => undefined,
    findZone: (name, options) => findZone(call, name, options),
    list: (zone, options) => list(call, zone, options),
    write: (zone, changes, options) => makeEach(changes, (change) => make({ world, call, zone, options }, change)),
  });
}

async function findZone(call: HostCall, name: DomainName, options: EditorOptions): Promise<HostResult<Zone>> {
  const path = `/zones/${name}`;
  return answered(host, await call({ method: 'GET', path }, options), (body) => {
    const zone = fieldOf(body, 'zone');
    const [usualTtl, servers] = [
      numberOf(zone, 'ttl'),
      textsOf(fieldOf(zone, 'authoritative_nameservers'), 'assigned'),
    ];
    if (usualTtl === undefined || servers === undefined) return undefined;
    const nameServers = servers.map((server) => server.replace(/\.$/, '').toLowerCase());
    return { name, path, usualTtl, nameServers, ttl: { least: 60, most: 0x7fff_ffff } };
  });
}

async function list(call: HostCall, zone: Zone, options: EditorOptions): Promise<HostResult<HostListing<Tag>>> {
  const sets: ListedSet<Tag>[] = [];
  for (let page = 1; page <= pagesMax; page++) {
    const path = `${zone.path}/rrsets?page=${page}&per_page=${pageSets}`;
    const read = answered(host, await call({ method: 'GET', path }, options), (body) => {
      const items = everyOf(listOf(body, 'rrsets'), (item) => setOf(item, zone));
      const pagination = fieldOf(fieldOf(body, 'meta'), 'pagination');
      return items && pagination !== undefined ? { items, next: numberOf(pagination, 'next_page') } : undefined;
    });
    if (!read.ok) return read;
    sets.push(...read.value.items.filter((item) => item !== null));
    if (read.value.next === undefined) return accept({ sets });
  }
  return refuse('refused', `${zone.name} has more than ${pagesMax * pageSets} record sets at ${host}`);
}

/** Null for a type that no plan holds. */
function setOf(item: unknown, zone: Zone): ListedSet<Tag> | null | undefined {
  const [name, type] = [textOf(item, 'name'), textOf(item, 'type')];
  if (name === undefined || type === undefined) return undefined;
  if (!isSetupType(type)) return null;
  const tags = everyOf(listOf(item, 'records'), (record) => {
    const [value, comment] = [textOf(record, 'value'), textOf(record, 'comment')];
    return value === undefined ? undefined : { value, ...(comment ? { comment } : {}) };
  });
  if (tags === undefined) return undefined;
  const values = tags.map(({ value }) => valueFromHost(type, value, zone.name));
  return { name: absoluteName(name, zone.name), type, ttl: numberOf(item, 'ttl') ?? zone.usualTtl, values, tags };
}

async function make(making: Making, { name, type, held, after }: HostChange<Tag>): Promise<HostResult<undefined>> {
  const { zone } = making;
  const relative = relativeName(name, zone.name);
  const sets = `${zone.path}/rrsets`;
  const one = `${sets}/${inPath(relative)}/${type}`;
  if (after === undefined) return carryOut(making, { method: 'DELETE', path: one });
  const records = after.values.map((value) => recordFor(type, value, held));
  if (held === undefined)
    return carryOut(making, jsonRequest('POST', sets, { name: relative, type, ttl: after.ttl, records }));
  const setRecords = (list: readonly Tag[]) => jsonRequest('POST', `${one}/actions/set_records`, { records: list });
  const hasNewValues = JSON.stringify([...held.values].sort()) !== JSON.stringify([...after.values].sort());
  if (hasNewValues) {
    const set = await carryOut(making, setRecords(records));
    if (!set.ok) return set;
  }
  if (held.ttl === after.ttl) return accept(undefined);
  const changed = await carryOut(making, jsonRequest('POST', `${one}/actions/change_ttl`, { ttl: after.ttl }));
  if (changed.ok || !hasNewValues) return changed;
  const back = await carryOut({ ...making, options: {} }, setRecords(held.tags));
  return back.ok ? changed : { ...changed, say: `${changed.say}; ${name} ${type} has its new values and its old TTL` };
}

/** A value that stays keeps its comment. */
function recordFor(type: SetupType, value: string, held: HeldSet<Tag> | undefined): Tag {
  const place = held?.values.indexOf(value) ?? -1;
  return held?.tags[place] ?? { value: textForHost(type, value) };
}

/** Asks for an action and waits for its end. */
async function carryOut({ world, call, options }: Making, request: HostRequest): Promise<HostResult<undefined>> {
  const readAction = (body: unknown) => {
    const action = fieldOf(body, 'action');
    const [id, status] = [numberOf(action, 'id'), textOf(action, 'status')];
    return id === undefined || status === undefined
      ? undefined
      : { id, status, error: textOf(fieldOf(action, 'error'), 'message') };
  };
  let action = answered(host, await call(request, options), readAction);
  for (let looks = 1; action.ok && action.value.status === 'running'; looks++) {
    if (looks > actionLooksMax) return refuse('unavailable', `${host} has not carried out the change yet`);
    await world.timers.sleep(actionWaitMs, options.signal);
    action = answered(host, await call({ method: 'GET', path: `/actions/${action.value.id}` }, options), readAction);
  }
  if (!action.ok && action.code === 'no-such-zone') return refuse('changed-meanwhile', action.say);
  if (!action.ok) return action;
  if (action.value.status === 'success') return accept(undefined);
  return refuse('refused', `${host} could not carry out the change: ${action.value.error ?? action.value.status}`);
}

const codes: Readonly<Record<string, HostComplaint['code']>> = {
  uniqueness_error: 'changed-meanwhile',
  conflict: 'changed-meanwhile',
  locked: 'rate-limited', // another action runs: come back
};

function complaint({ text }: HostAnswer): HostComplaint {
  const error = fieldOf(jsonOf(text), 'error');
  const [code, message] = [textOf(error, 'code') ?? '', textOf(error, 'message')];
  return { say: message === undefined ? undefined : `${message} (${code})`, code: codes[code] };
}
