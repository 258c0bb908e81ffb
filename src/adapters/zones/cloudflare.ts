/**
 * Cloudflare's API, version 4. Records are numbered one by one; a batch of them is one transaction. Nothing we write is proxied: mail,
 * and whoever verifies a signature, has to see the record itself. Comments and tags of records that stay are left as they are.
 */
import { accept, refuse } from '../../base/outcome.ts';
import type { DomainName } from '../../format/domain-name.ts';
import type { SetupType } from '../../services/setup/types.ts';
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
  createHostEditor,
  type HeldRecord,
  type HostChange,
  type HostListing,
  type HostZone,
  heldSets,
} from './host-editor.ts';
import { type RecordStep, type SingleRecord, stepsOf } from './host-steps.ts';
import { isSetupType, textForHost, valueFromHost } from './host-values.ts';
import { everyOf, fieldOf, jsonOf, listOf, numberOf, textOf, textsOf } from './json-values.ts';

export type CloudflareCredentials = { readonly token: string };

type Zone = HostZone & { readonly id: string };
type Held = HeldRecord<string>;

const host = 'Cloudflare';
const pageRecords = 1_000;
const pagesMax = 100;
/** Of a batch on the smallest plan. */
const stepsMax = 200;
/** `1` stands for "automatic", which is this. */
const automaticTtl = 300;

export function createCloudflareEditor(world: HostWorld, { token }: CloudflareCredentials): ZoneEditor {
  const call = createHostCaller(world, {
    host,
    base: 'https://api.cloudflare.com/client/v4',
    secrets: [token],
    authorize: () => accept({ authorization: `Bearer ${token}` }),
    complaint,
  });
  return createHostEditor<Zone, string>({
    kind: 'cloudflare',
    host,
    ability: { atomic: true, compares: false },
    cannotHold: () => undefined,
    findZone: (name, options) => findZone(call, name, options),
    list: (zone, options) => list(call, zone, options),
    write: (zone, changes, options) => write(call, zone, changes, options),
  });
}

async function findZone(call: HostCall, name: DomainName, options: EditorOptions): Promise<HostResult<Zone>> {
  const answer = await call({ method: 'GET', path: `/zones?name=${name}` }, options);
  const zones = answered(host, answer, (body) =>
    everyOf(listOf(body, 'result'), (item) => {
      const [id, servers] = [textOf(item, 'id'), textsOf(item, 'name_servers')];
      return id === undefined || servers === undefined
        ? undefined
        : { id, name, nameServers: servers, ttl: { least: 60, most: 86_400 } };
    }),
  );
  if (!zones.ok) return zones;
  const [zone] = zones.value;
  return zone ? accept(zone) : refuse('no-such-zone', `${host} has no zone ${name} in this account`);
}

async function list(call: HostCall, zone: Zone, options: EditorOptions): Promise<HostResult<HostListing<string>>> {
  const records: Held[] = [];
  for (let page = 1; page <= pagesMax; page++) {
    const path = `/zones/${zone.id}/dns_records?page=${page}&per_page=${pageRecords}`;
    const read = answered(host, await call({ method: 'GET', path }, options), (body) => {
      const pages = numberOf(fieldOf(body, 'result_info'), 'total_pages');
      const items = everyOf(listOf(body, 'result'), (item) => recordOf(item));
      return pages === undefined || items === undefined ? undefined : { pages, items };
    });
    if (!read.ok) return read;
    records.push(...read.value.items.filter((item) => item !== null));
    if (page >= read.value.pages) return accept({ sets: heldSets(records) });
  }
  return refuse('refused', `${zone.name} has more than ${pagesMax * pageRecords} records at ${host}`);
}

/** Null for a type that no plan holds. */
function recordOf(item: unknown): Held | null | undefined {
  const [id, type, name, ttl] = [textOf(item, 'id'), textOf(item, 'type'), textOf(item, 'name'), numberOf(item, 'ttl')];
  if (id === undefined || type === undefined || name === undefined || ttl === undefined) return undefined;
  if (!isSetupType(type)) return null;
  const value = valueFromHost(type, textIn(type, item));
  return { name: name.toLowerCase(), type, ttl: ttl === 1 ? automaticTtl : ttl, value, tag: id };
}

function textIn(type: SetupType, item: unknown): string {
  const content = textOf(item, 'content') ?? '';
  if (type === 'MX') return `${numberOf(item, 'priority')} ${content}`;
  const names = dataFields[type];
  if (names === undefined) return content;
  const data = fieldOf(item, 'data');
  if (data === undefined) return content.replaceAll('\t', ' ');
  const fields = names.map((name) => String(fieldOf(data, name)));
  return type === 'CAA' ? `${fields[0]} ${fields[1]} "${fields[2]}"` : fields.join(' ');
}

/** Types whose content is given in parts. */
const dataFields: { readonly [T in SetupType]?: readonly string[] } = {
  SRV: ['priority', 'weight', 'port', 'target'],
  CAA: ['flags', 'tag', 'value'],
  TLSA: ['usage', 'selector', 'matching_type', 'certificate'],
};

async function write(
  call: HostCall,
  zone: Zone,
  changes: readonly HostChange<string>[],
  options: EditorOptions,
): Promise<ApplyResult> {
  const steps = changes.flatMap((change) => stepsOf(change));
  if (steps.length > stepsMax) {
    const say = `${host} takes ${stepsMax} changed records at once, not ${steps.length}: publish in parts`;
    return { ok: false, code: 'refused', say, done: 0 };
  }
  if (steps.length === 0) return { ok: true, done: changes.length };
  const answer = await call(jsonRequest('POST', `/zones/${zone.id}/dns_records/batch`, batchOf(steps)), options);
  if (!answer.ok) return { ok: false, code: answer.code, say: answer.say, done: 0 };
  return { ok: true, done: changes.length };
}

/** Carried out in this order, whatever is written first. */
function batchOf(steps: readonly RecordStep<string>[]) {
  const of = <K extends RecordStep<string>['kind']>(kind: K) =>
    steps.filter((step): step is Extract<RecordStep<string>, { kind: K }> => step.kind === kind);
  const deletes = of('delete').map(({ tag }) => ({ id: tag }));
  const patches = of('update').map(({ tag, to }) => ({ id: tag, ...bodyOf(to) }));
  const posts = of('create').map(({ to }) => bodyOf(to));
  return {
    ...(deletes.length > 0 ? { deletes } : {}),
    ...(patches.length > 0 ? { patches } : {}),
    ...(posts.length > 0 ? { posts } : {}),
  };
}

function bodyOf({ name, type, ttl, value }: SingleRecord): Readonly<Record<string, unknown>> {
  const text = textForHost(type, value);
  const record = { name, type, ttl };
  const words = text.split(' ');
  const undotted = (word: string | undefined) => word?.replace(/(?<=.)\.$/, '');
  switch (type) {
    case 'MX':
      return { ...record, priority: Number(words[0]), content: undotted(words[1]) };
    case 'SRV':
      return {
        ...record,
        data: {
          priority: Number(words[0]),
          weight: Number(words[1]),
          port: Number(words[2]),
          target: undotted(words[3]),
        },
      };
    case 'CAA':
      return {
        ...record,
        data: { flags: Number(words[0]), tag: words[1], value: words.slice(2).join(' ').slice(1, -1) },
      };
    case 'TLSA':
      return {
        ...record,
        data: {
          usage: Number(words[0]),
          selector: Number(words[1]),
          matching_type: Number(words[2]),
          certificate: words[3],
        },
      };
    case 'TXT':
      return { ...record, content: text };
    case 'A':
    case 'AAAA':
    case 'CNAME':
      return { ...record, content: undotted(text), proxied: false };
    default:
      return { ...record, content: undotted(text) };
  }
}

/** Codes of the errors that mean more than their status. */
const codes: Readonly<Record<number, HostComplaint['code']>> = {
  6003: 'bad-credentials', // invalid request headers: no token at all
  6111: 'bad-credentials', // invalid format for the Authorization header
  81044: 'changed-meanwhile', // the record does not exist
  81057: 'changed-meanwhile', // the record already exists
  81058: 'changed-meanwhile', // an identical record already exists
};

function complaint({ text }: HostAnswer): HostComplaint {
  const [error] = listOf(jsonOf(text), 'errors') ?? [];
  const [inner] = listOf(error, 'error_chain') ?? [];
  const code = numberOf(error, 'code') ?? 0;
  const words = [textOf(error, 'message'), textOf(inner, 'message')].filter((word) => word !== undefined).join(': ');
  return { say: words ? `${words} (code ${code})` : undefined, code: codes[code] };
}
