/** DigitalOcean's API, version 2. Records are numbered and changed one by one; texts are given as they are and cut by the host. */
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
  type HostResult,
  type HostWorld,
  jsonRequest,
} from './call-host.ts';
import {
  absoluteName,
  createHostEditor,
  type HeldRecord,
  type HostListing,
  type HostZone,
  heldSets,
  relativeName,
} from './host-editor.ts';
import { type MakeStep, makeChanges, type SingleRecord } from './host-steps.ts';
import { isSetupType, octetsOf, textForHost, valueFromHost } from './host-values.ts';
import { everyOf, fieldOf, jsonOf, listOf, numberOf, textOf } from './json-values.ts';

export type DigitalOceanCredentials = { readonly token: string };

type Held = HeldRecord<number>;

const host = 'DigitalOcean';
const pageRecords = 200;
const pagesMax = 200;
/** Quotes, blanks between strings and escapes counted; seen by others, not documented. */
const textCharactersMax = 509;

export function createDigitalOceanEditor(world: HostWorld, { token }: DigitalOceanCredentials): ZoneEditor {
  const call = createHostCaller(world, {
    host,
    base: 'https://api.digitalocean.com/v2',
    secrets: [token],
    authorize: () => accept({ authorization: `Bearer ${token}` }),
    complaint,
  });
  return createHostEditor<HostZone, number>({
    kind: 'digitalocean',
    host,
    ability: { atomic: false, compares: false },
    cannotHold,
    findZone: (name, options) => findZone(call, name, options),
    list: (zone, options) => list(call, zone, options),
    write: (zone, changes, options) => makeChanges(changes, makeStep(call, zone), options),
  });
}

function cannotHold(type: SetupType, value: string): string | undefined {
  if (type === 'TLSA' || type === 'PTR') return 'it has no such type';
  if (type === 'MX' && value.endsWith(' .')) return 'it takes no null MX';
  if (type === 'CAA' && /\s/.test(value.split('"').slice(1).join('"'))) return 'it takes no blanks in a CAA value';
  if (type !== 'TXT') return undefined;
  if (value === '') return 'it takes no empty text';
  if (value.includes('\\')) return 'it takes no backslash in a text';
  if (!/^[\x20-\x7e]*$/.test(value)) return 'its texts are plain ASCII';
  return textForHost(type, value).length > textCharactersMax ? `more than ${textCharactersMax} characters` : undefined;
}

async function findZone(call: HostCall, name: DomainName, options: EditorOptions): Promise<HostResult<HostZone>> {
  return answered(host, await call({ method: 'GET', path: `/domains/${name}` }, options), (body) =>
    textOf(fieldOf(body, 'domain'), 'name') === name ? { name, ttl: { least: 30, most: 0x7fff_ffff } } : undefined,
  );
}

async function list(call: HostCall, zone: HostZone, options: EditorOptions): Promise<HostResult<HostListing<number>>> {
  const records: Held[] = [];
  for (let page = 1; page <= pagesMax; page++) {
    const path = `/domains/${zone.name}/records?page=${page}&per_page=${pageRecords}`;
    const read = answered(host, await call({ method: 'GET', path }, options), (body) => {
      const items = everyOf(listOf(body, 'domain_records'), (item) => recordOf(item, zone.name));
      const next = textOf(fieldOf(fieldOf(body, 'links'), 'pages'), 'next');
      return items && { items, isLast: next === undefined };
    });
    if (!read.ok) return read;
    records.push(...read.value.items.filter((item) => item !== null));
    if (read.value.isLast) return accept({ sets: heldSets(records) });
  }
  return refuse('refused', `${zone.name} has more than ${pagesMax * pageRecords} records at ${host}`);
}

/** Null for a type that no plan holds. */
function recordOf(item: unknown, zone: string): Held | null | undefined {
  const [id, type, name] = [numberOf(item, 'id'), textOf(item, 'type'), textOf(item, 'name')];
  const [data, ttl] = [textOf(item, 'data'), numberOf(item, 'ttl')];
  if (id === undefined || type === undefined || name === undefined || data === undefined) return undefined;
  if (!isSetupType(type)) return null;
  const value = type === 'TXT' ? octetsOf(data) : valueFromHost(type, textIn(type, item, data), zone);
  if (ttl === undefined) return undefined;
  return { name: absoluteName(name, zone), type, ttl, value, tag: id };
}

/** Names come absolute and without the final dot, except for `@`. */
function textIn(type: SetupType, item: unknown, data: string): string {
  const target = data === '@' || data.endsWith('.') ? data : `${data}.`;
  switch (type) {
    case 'MX':
      return `${numberOf(item, 'priority')} ${target}`;
    case 'SRV':
      return `${numberOf(item, 'priority')} ${numberOf(item, 'weight')} ${numberOf(item, 'port')} ${target}`;
    case 'CAA':
      return `${numberOf(item, 'flags')} ${textOf(item, 'tag')} "${data}"`;
    case 'CNAME':
    case 'NS':
      return target;
    default:
      return data;
  }
}

function bodyOf(zone: string, { name, type, ttl, value }: SingleRecord): Readonly<Record<string, unknown>> {
  const record = { type, name: relativeName(name, zone), ttl };
  const text = textForHost(type, value);
  const words = text.split(' ');
  switch (type) {
    case 'TXT':
      return { ...record, data: value };
    case 'MX':
      return { ...record, priority: Number(words[0]), data: words[1] };
    case 'SRV':
      return {
        ...record,
        priority: Number(words[0]),
        weight: Number(words[1]),
        port: Number(words[2]),
        data: words[3],
      };
    case 'CAA':
      return { ...record, flags: Number(words[0]), tag: words[1], data: `${words[2]?.slice(1, -1)}.` }; // it wants a final dot, and does not keep it
    default:
      return { ...record, data: text };
  }
}

function makeStep(call: HostCall, zone: HostZone): MakeStep<number> {
  const path = `/domains/${zone.name}/records`;
  return async (step, options) => {
    if (step.kind === 'create') {
      const answer = await call(jsonRequest('POST', path, bodyOf(zone.name, step.to)), options);
      return answered(host, answer, (body) => numberOf(fieldOf(body, 'domain_record'), 'id'));
    }
    const one = `${path}/${step.tag}`;
    const answer =
      step.kind === 'delete'
        ? await call({ method: 'DELETE', path: one }, options)
        : await call(jsonRequest('PUT', one, bodyOf(zone.name, step.to)), options);
    if (!answer.ok && answer.code === 'no-such-zone')
      return refuse('changed-meanwhile', `${step.from.name} ${step.from.type} is no longer at ${host}`);
    return answer.ok ? accept(undefined) : answer;
  };
}

function complaint({ text }: HostAnswer): HostComplaint {
  const body = jsonOf(text);
  const [id, message] = [textOf(body, 'id'), textOf(body, 'message')];
  return { say: message === undefined ? id : `${message} (${id})` };
}
