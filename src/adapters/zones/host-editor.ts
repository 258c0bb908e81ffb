/**
 * What the editors of all DNS hosts have in common: finding the zone above a domain, reading it whole, and looking at every set again
 * right before it is changed. A host brings a driver: how it finds, lists and writes.
 */
import { accept, type Outcome, refuse } from '../../base/outcome.ts';
import { type DomainName, isEqualOrBelow, parentOf, parseQueryName } from '../../format/domain-name.ts';
import { canonicalValue } from '../../format/record-set.ts';
import type { RecordChange, RecordSet, SetupType, ZoneEditorRefusal } from '../../services/setup/types.ts';
import type { ApplyResult, EditorOptions, ZoneContents, ZoneEditor } from '../../services/setup/zone-editor.ts';
import type { HostResult } from './call-host.ts';

export type HostZone = {
  readonly name: DomainName;
  /** Without them, those that the zone itself names. */
  readonly nameServers?: readonly string[];
  /** In seconds. */
  readonly ttl: { readonly least: number; readonly most: number };
};

/** `tags`: what the host calls its records by, one a value; an etag or the like of the whole set stands first. */
export type HeldSet<Tag> = RecordSet & { readonly tags: readonly Tag[] };

/** A set as it is listed: a value that nobody here can read makes it a foreign one. */
export type ListedSet<Tag> = Omit<HeldSet<Tag>, 'values'> & { readonly values: readonly (string | undefined)[] };

/** Of a type that plans hold, but more than a set of records: an alias, a routing policy. Not shown, and never changed. */
export type ForeignSet = { readonly name: string; readonly type: string; readonly what: string };

export type HostListing<Tag> = {
  readonly sets: readonly ListedSet<Tag>[];
  readonly foreign?: readonly ForeignSet[];
};

/** A change whose `before` is what the host holds. */
export type HostChange<Tag> = {
  readonly name: string;
  readonly type: SetupType;
  readonly held?: HeldSet<Tag>;
  readonly after?: RecordSet;
};

export type HostDriver<Zone extends HostZone, Tag> = {
  readonly kind: string;
  /** As people call it. */
  readonly host: string;
  readonly ability: ZoneEditor['ability'];
  /** Why it cannot hold this value; the types it does not know as well. */
  readonly cannotHold: (type: SetupType, value: string) => string | undefined;
  /** The zone of exactly this name; `no-such-zone` when the account has none. */
  readonly findZone: (name: DomainName, options: EditorOptions) => Promise<HostResult<Zone>>;
  readonly list: (zone: Zone, options: EditorOptions) => Promise<HostResult<HostListing<Tag>>>;
  readonly write: (zone: Zone, changes: readonly HostChange<Tag>[], options: EditorOptions) => Promise<ApplyResult>;
};

export function createHostEditor<Zone extends HostZone, Tag>(driver: HostDriver<Zone, Tag>): ZoneEditor {
  return {
    kind: driver.kind,
    ability: driver.ability,
    read: (domain, options = {}) => readZone(driver, domain, options),
    apply: (zone, changes, options = {}) => applyChanges(driver, zone, changes, options),
  };
}

async function readZone<Zone extends HostZone, Tag>(
  driver: HostDriver<Zone, Tag>,
  domain: DomainName,
  options: EditorOptions,
): Promise<HostResult<ZoneContents>> {
  for (let name: DomainName | undefined = domain; name?.includes('.'); name = parentOf(name)) {
    const zone = await driver.findZone(name, options);
    if (!zone.ok && zone.code === 'no-such-zone') continue;
    if (!zone.ok) return zone;
    const listing = await driver.list(zone.value, options);
    if (!listing.ok) return listing;
    const sets = listing.value.sets
      .filter(isReadable)
      .map(({ name, type, ttl, values }) => ({ name, type, ttl, values }));
    const own = sets.find((set) => set.type === 'NS' && set.name === zone.value.name);
    const { ttl } = zone.value;
    return accept({ zone: zone.value.name, sets, nameServers: zone.value.nameServers ?? own?.values ?? [], ttl });
  }
  return refuse('no-such-zone', `this account at ${driver.host} has no zone for ${domain}`);
}

async function applyChanges<Zone extends HostZone, Tag>(
  driver: HostDriver<Zone, Tag>,
  name: DomainName,
  changes: readonly RecordChange[],
  options: EditorOptions,
): Promise<ApplyResult> {
  const impossible = changes.map((change) => objection(driver, name, change)).find((say) => say !== undefined);
  if (impossible !== undefined) return none('not-supported', impossible);
  const zone = await driver.findZone(name, options);
  if (!zone.ok) return none(zone.code, zone.say);
  if (changes.length === 0) return { ok: true, done: 0 };
  const outside = changes
    .map(({ after }) => ttlObjection(driver.host, zone.value, after))
    .find((say) => say !== undefined);
  if (outside !== undefined) return none('not-supported', outside);
  const listing = await driver.list(zone.value, options);
  if (!listing.ok) return none(listing.code, listing.say);
  const prepared = prepare(driver, listing.value, changes);
  if (!prepared.ok) return none(prepared.code, prepared.say);
  return driver.write(zone.value, prepared.value, options);
}

function none(code: ZoneEditorRefusal, say: string): ApplyResult {
  return { ok: false, code, say, done: 0 };
}

/** Why the host cannot be asked for this, or undefined. */
function objection<Zone extends HostZone, Tag>(
  { host, cannotHold }: HostDriver<Zone, Tag>,
  zone: DomainName,
  { name, type, before, after }: RecordChange,
): string | undefined {
  const owner = parseQueryName(name);
  if (owner === undefined || !isEqualOrBelow(owner, zone)) return `${name} does not lie in ${zone}`;
  if (owner === zone && type === 'NS') return `the name servers of ${zone} itself are for ${host} to say`;
  if (owner === zone && type === 'CNAME') return `a CNAME cannot stand at ${zone} itself, beside its SOA`; // RFC 1034 §3.6.2
  for (const value of [...(before?.values ?? []), ...(after?.values ?? [])]) {
    if (canonicalValue(type, value) === undefined) return `${value} is no value of type ${type}`;
  }
  for (const value of after?.values ?? []) {
    const why = cannotHold(type, value);
    if (why !== undefined) return `${host} cannot hold the ${type} record of ${name}: ${why}`;
  }
  return undefined;
}

function ttlObjection(host: string, { ttl }: HostZone, after: RecordSet | undefined): string | undefined {
  if (after === undefined || (after.ttl >= ttl.least && after.ttl <= ttl.most)) return undefined;
  return `${host} keeps TTLs from ${ttl.least} to ${ttl.most} seconds, not ${after.ttl} (${after.name} ${after.type})`;
}

/** Every change beside what the host holds, or the first that is not about it. */
function prepare<Zone extends HostZone, Tag>(
  { host }: HostDriver<Zone, Tag>,
  { sets, foreign = [] }: HostListing<Tag>,
  changes: readonly RecordChange[],
): Outcome<readonly HostChange<Tag>[], ZoneEditorRefusal> {
  const held = new Map(sets.filter(isReadable).map((set) => [`${set.type} ${set.name}`, set]));
  const unread = sets
    .filter((set) => !isReadable(set))
    .map(({ name, type }) => ({ name, type, what: 'not readable for us' }));
  const prepared: HostChange<Tag>[] = [];
  for (const { name, type, before, after } of changes) {
    const other = [...foreign, ...unread].find((set) => set.name === name && set.type === type);
    if (other) return refuse('not-supported', `${name} ${type} is ${other.what} at ${host}: change it there`);
    const now = held.get(`${type} ${name}`);
    if (!isSame(now, before))
      return refuse('changed-meanwhile', `${name} ${type} at ${host} is no longer what it was when it was read`);
    if (after === undefined && now === undefined) continue;
    prepared.push({ name, type, ...(now ? { held: now } : {}), ...(after ? { after } : {}) });
  }
  return accept(prepared);
}

function isReadable<Tag>(set: ListedSet<Tag>): set is HeldSet<Tag> {
  return !set.values.includes(undefined);
}

function isSame(one: RecordSet | undefined, other: RecordSet | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  const spelled = ({ type, values }: RecordSet) => values.map((value) => canonicalValue(type, value) ?? value).sort();
  return one.ttl === other.ttl && JSON.stringify(spelled(one)) === JSON.stringify(spelled(other));
}

// ---- Words that drivers share

/** `@`, `www`: as most hosts name what lies in a zone. */
export function relativeName(name: string, zone: string, apex = '@'): string {
  return name === zone ? apex : name.slice(0, -zone.length - 1);
}

/** In a path; hosts want `@` and `*` as they are. RFC 3986 §3.3 */
export function inPath(relative: string): string {
  return encodeURIComponent(relative).replaceAll('%40', '@');
}

export function absoluteName(relative: string, zone: string): string {
  const name = relative.toLowerCase().replace(/\.$/, '');
  return name === '@' || name === '' ? zone : `${name}.${zone}`;
}

export type HeldRecord<Tag> = {
  readonly name: string;
  readonly type: SetupType;
  readonly ttl: number;
  readonly value: string | undefined;
  readonly tag: Tag;
};

/** Records that a host numbers one by one, as sets; the least TTL is that of the set. RFC 2181 §5.2 */
export function heldSets<Tag>(records: readonly HeldRecord<Tag>[]): readonly ListedSet<Tag>[] {
  const sets = new Map<string, HeldRecord<Tag>[]>();
  for (const record of records) {
    const key = `${record.type} ${record.name}`;
    sets.set(key, [...(sets.get(key) ?? []), record]);
  }
  return [...sets.values()].map((set) => {
    const { name, type } = set[0] as HeldRecord<Tag>;
    const ttl = Math.min(...set.map((record) => record.ttl));
    return { name, type, ttl, values: set.map(({ value }) => value), tags: set.map(({ tag }) => tag) };
  });
}
