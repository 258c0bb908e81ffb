/**
 * PowerDNS's own HTTP API. One PATCH changes all sets in one transaction of its backend, but knows no condition, so the zone is read
 * again right before; what somebody changes between the two is overwritten. Disabled records of a set are not shown and stay.
 */
import { accept } from '../../base/outcome.ts';
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
  createHostEditor,
  type ForeignSet,
  type HeldSet,
  type HostChange,
  type HostListing,
  type HostZone,
} from './host-editor.ts';
import { isSetupType, textForHost, valueFromHost } from './host-values.ts';
import { everyOf, fieldOf, jsonOf, listOf, numberOf, textOf } from './json-values.ts';

export type PowerDnsCredentials = {
  readonly apiKey: string;
  /** Where the API answers, without `/api/v1`: `https://dns.example.com:8081`. */
  readonly url: string;
  /** `localhost` in every installation that has one server, which is all but PowerDNS's own tests. */
  readonly server?: string;
};

/** The tags of a set are its disabled records, as the host spells them. */
type Held = HeldSet<string>;

const host = 'PowerDNS';
const ttl = { least: 0, most: 0x7fff_ffff } as const; // RFC 2181 §8

export function createPowerDnsEditor(
  world: HostWorld,
  { apiKey, url, server = 'localhost' }: PowerDnsCredentials,
): ZoneEditor {
  const call = createHostCaller(world, {
    host,
    base: `${url.replace(/\/+$/, '')}/api/v1/servers/${encodeURIComponent(server)}`,
    secrets: [apiKey],
    authorize: () => accept({ 'x-api-key': apiKey }),
    complaint,
  });
  return createHostEditor<HostZone, string>({
    kind: 'powerdns',
    host,
    ability: { atomic: true, compares: false },
    cannotHold: () => undefined,
    findZone: (name, options) => findZone(call, name, options),
    list: (zone, options) => list(call, zone, options),
    write: (zone, changes, options) => write(call, zone, changes, options),
  });
}

async function findZone(call: HostCall, name: DomainName, options: EditorOptions): Promise<HostResult<HostZone>> {
  const answer = await call({ method: 'GET', path: `/zones/${name}.?rrsets=false` }, options);
  return answered(host, answer, (body) => (textOf(body, 'name') === undefined ? undefined : { name, ttl }));
}

async function list(call: HostCall, zone: HostZone, options: EditorOptions): Promise<HostResult<HostListing<string>>> {
  const answer = await call({ method: 'GET', path: `/zones/${zone.name}.` }, options);
  return answered(host, answer, (body) => {
    const all = everyOf(listOf(body, 'rrsets'), setOf);
    if (all === undefined) return undefined;
    const known = all.filter((set) => set !== null);
    return {
      sets: known.filter(({ values }) => values.length > 0),
      foreign: known.filter(({ values }) => values.length === 0).map(disabled),
    };
  });
}

function disabled({ name, type }: Held): ForeignSet {
  return { name, type, what: 'disabled' };
}

/** Null for a type that no plan holds. */
function setOf(item: unknown): Held | null | undefined {
  const [name, type, seconds] = [textOf(item, 'name'), textOf(item, 'type'), numberOf(item, 'ttl')];
  if (name === undefined || type === undefined || seconds === undefined) return undefined;
  if (!isSetupType(type)) return null;
  const contents = everyOf(listOf(item, 'records'), (record) => {
    const content = textOf(record, 'content');
    return content === undefined ? undefined : { content, isDisabled: fieldOf(record, 'disabled') === true };
  });
  const values = everyOf(
    contents?.filter(({ isDisabled }) => !isDisabled),
    (one) => valueFromHost(type, (one as { readonly content: string }).content),
  );
  if (contents === undefined || values === undefined) return undefined;
  const tags = contents.filter(({ isDisabled }) => isDisabled).map(({ content }) => content);
  return { name: name.toLowerCase().replace(/\.$/, ''), type, ttl: seconds, values, tags };
}

async function write(
  call: HostCall,
  zone: HostZone,
  changes: readonly HostChange<string>[],
  options: EditorOptions,
): Promise<ApplyResult> {
  // What goes stands first: it looks at each set's neighbours in turn, and an alias has none.
  const ordered = [...changes].sort(
    (one, other) => Number(one.after !== undefined) - Number(other.after !== undefined),
  );
  const answer = await call(jsonRequest('PATCH', `/zones/${zone.name}.`, { rrsets: ordered.map(bodyOf) }), options);
  if (!answer.ok) return { ok: false, code: answer.code, say: answer.say, done: 0 };
  return { ok: true, done: changes.length };
}

function bodyOf({ name, type, held, after }: HostChange<string>): Readonly<Record<string, unknown>> {
  const stays = (held?.tags ?? []).map((content) => ({ content, disabled: true }));
  const records = [
    ...(after?.values ?? []).map((value) => ({ content: textForHost(type, value), disabled: false })),
    ...stays,
  ];
  const set = { name: `${name}.`, type };
  if (records.length === 0) return { ...set, changetype: 'DELETE' };
  return { ...set, changetype: 'REPLACE', ttl: after?.ttl ?? held?.ttl, records };
}

function complaint({ text, status }: HostAnswer): HostComplaint {
  const say = textOf(jsonOf(text), 'error');
  // Before 4.2 a zone that is not there was something it could not process.
  const isNoZone = status === 422 && /^Could not find domain/i.test(say ?? '');
  return { say, code: isNoZone ? 'no-such-zone' : undefined };
}
