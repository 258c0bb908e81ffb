/**
 * Many zones, of which few change at a time: what an update touches is built anew, everything else stays the very object that it was.
 * An update goes step by step, so that whoever has other work may do it in between, and counts as a whole or not at all.
 */
import { accept, type Outcome, refuse } from '../../base/outcome.ts';
import { type DnsName, dnsNameKey, dnsNameText } from '../../format/dns-name.ts';
import { type DnsRecord, typeCodeOf, typeText } from '../../format/dns-record.ts';
import { dataText } from '../../format/zone-file.ts';
import { hasWireForm } from './message-codec.ts';
import { recordCode } from './record-data.ts';
import { type RecordTree, treeInSteps } from './record-tree.ts';

export type Zone = {
  readonly apex: DnsName;
  readonly soa: DnsRecord & { readonly data: { readonly type: 'SOA'; readonly minimum: number } };
  readonly tree: RecordTree;
};

/** By `dnsNameKey` of the apex. */
export type ZoneSet = ReadonlyMap<string, Zone>;

/** What somebody keeps as one zone; names in it may belong to a zone of its own below, when there is one. */
export type ZoneSource = {
  readonly soa: Zone['soa'];
  /** At or below the apex, the SOA included. */
  readonly records: readonly DnsRecord[];
};

export type ZoneUpdate = {
  readonly put: readonly ZoneSource[];
  /** Keys of apexes. */
  readonly gone: readonly string[];
};

/** Of a source, the records by the key of the zone that they belong to. */
type Placed = ReadonlyMap<string, readonly DnsRecord[]>;

type Shelf = {
  readonly sources: ReadonlyMap<string, ZoneSource>;
  readonly placed: ReadonlyMap<string, Placed>;
  /** Apexes right below each, which exist above as well, so that no wildcard stands in for them. */
  readonly below: ReadonlyMap<string, readonly DnsName[]>;
  readonly zones: ZoneSet;
};

/** Names that are looked at in one step. */
const stepNames = 500;

export class ZoneShelf {
  #shelf: Shelf = { sources: new Map(), placed: new Map(), below: new Map(), zones: new Map() };

  /** One update at a time. Refused, everything stays as it was. */
  *update({ put, gone }: ZoneUpdate): Generator<void, Outcome<ZoneSet, 'bad-zone'>> {
    const before = this.#shelf;
    const sources = new Map(before.sources);
    for (const key of gone) sources.delete(key);
    const dirty = new Set<string>();
    for (const source of put) {
      const key = keyOf(source);
      sources.set(key, source);
      if (dirty.add(key).size % stepNames === 0) yield;
    }
    const isMoved = (key: string) => before.sources.has(key) !== sources.has(key);
    const moved = [...new Set([...gone, ...dirty])].filter(isMoved);
    const below = moved.length === 0 ? before.below : yield* apexesBelow(sources);
    const apexes = moved
      .flatMap((key) => (sources.get(key) ?? before.sources.get(key))?.soa ?? [])
      .map(({ name }) => name);
    const placed = yield* this.#place({ sources, below, apexes, touched: new Set(dirty) }, dirty);
    for (const [at, apex] of apexes.entries()) {
      if (at % stepNames === 0) yield;
      for (const known of [before.sources, sources]) dirty.add(keyAbove(known, apex));
    }
    const zones = new Map(before.zones);
    for (const key of before.zones.keys()) if (!sources.has(key)) zones.delete(key);
    for (const key of dirty) {
      const source = sources.get(key);
      if (source === undefined) continue;
      const made = yield* makeZone(source, recordsOf(placed, sources, source), below.get(key) ?? []);
      if (!made.ok) return made;
      zones.set(key, made.value);
      yield;
    }
    this.#shelf = { sources, placed, below, zones };
    return accept(zones);
  }

  /** Where records of changed sources belong, and of those with an apex that came or went below; more may have to be built for it. */
  *#place(
    {
      sources,
      below,
      apexes,
      touched,
    }: Pick<Shelf, 'sources' | 'below'> & { readonly apexes: readonly DnsName[]; readonly touched: Set<string> },
    dirty: Set<string>,
  ): Generator<void, Shelf['placed']> {
    const placed = new Map(this.#shelf.placed);
    for (const [at, apex] of apexes.entries()) {
      if (at % stepNames === 0) yield;
      for (const above of keysAbove(apex)) if (sources.has(above)) touched.add(above);
    }
    for (const key of this.#shelf.sources.keys()) if (!sources.has(key)) forget(placed, key, dirty);
    for (const key of touched) {
      const source = sources.get(key);
      if (source === undefined) continue;
      forget(placed, key, dirty);
      if (below.has(key)) {
        const homes = Map.groupBy(source.records, ({ name }) => keyOf(homeOf(sources, name) ?? source));
        placed.set(key, homes);
        for (const home of homes.keys()) dirty.add(home);
        dirty.add(key);
      }
      yield;
    }
    return placed;
  }
}

function forget(placed: Map<string, Placed>, key: string, dirty: Set<string>): void {
  for (const home of placed.get(key)?.keys() ?? []) dirty.add(home);
  placed.delete(key);
}

/** Its own, and what sources above it say at its names. */
function recordsOf(placed: Shelf['placed'], sources: Shelf['sources'], source: ZoneSource): readonly DnsRecord[] {
  const key = keyOf(source);
  const own = placed.get(key)?.get(key) ?? (placed.has(key) ? [] : source.records);
  const others = keysAbove(source.soa.name).flatMap((above) =>
    sources.has(above) ? (placed.get(above)?.get(key) ?? []) : [],
  );
  return others.length === 0 ? own : [...fitting(others, own), ...own];
}

/**
 * RFC 1034 §3.6.2: beside an alias stands nothing. Where a zone and one above it, often of different people, keep an alias and something
 * else at one name, the zone's own counts: it must keep neither from being served.
 */
function fitting(others: readonly DnsRecord[], own: readonly DnsRecord[]): readonly DnsRecord[] {
  const isAlias = ({ data }: DnsRecord) => data.type === 'CNAME';
  const held = new Map(own.map((record) => [dnsNameKey(record.name), isAlias(record)]));
  return others.filter((record) => {
    const key = dnsNameKey(record.name);
    const isAliasThere = held.get(key);
    if (isAliasThere !== undefined && (isAliasThere || isAlias(record))) return false;
    held.set(key, isAlias(record));
    return true;
  });
}

function* makeZone(
  { soa }: ZoneSource,
  records: readonly DnsRecord[],
  cuts: readonly DnsName[],
): Generator<void, Outcome<Zone, 'bad-zone'>> {
  const unfit = records.find((record) => !hasWireForm(record));
  if (unfit !== undefined) return refuse('bad-zone', `a record of ${nameText(unfit.name)} has no wire form`);
  const tree = yield* treeInSteps(uniform(records), cuts);
  const problem = problemIn(tree);
  return problem === undefined ? accept({ apex: soa.name, soa, tree }) : refuse('bad-zone', problem);
}

function keyOf({ soa }: Pick<ZoneSource, 'soa'>): string {
  return dnsNameKey(soa.name);
}

/** Of the names above it, the nearest first. */
function keysAbove(name: DnsName): readonly string[] {
  return name.map((_, at) => dnsNameKey(name.slice(at + 1)));
}

/** Of the source right above; its own where there is none. */
function keyAbove(sources: Shelf['sources'], apex: DnsName): string {
  return keysAbove(apex).find((above) => sources.has(above)) ?? dnsNameKey(apex);
}

function* apexesBelow(sources: Shelf['sources']): Generator<void, Shelf['below']> {
  const below = new Map<string, DnsName[]>();
  let seen = 0;
  for (const { soa } of sources.values()) {
    if (++seen % stepNames === 0) yield;
    const above = soa.name.length > 0 ? homeOf(sources, soa.name.slice(1)) : undefined;
    if (above === undefined) continue;
    const names = below.get(keyOf(above));
    if (names === undefined) below.set(keyOf(above), [soa.name]);
    else names.push(soa.name);
  }
  return below;
}

/** RFC 2181 §5: a set holds no record twice and has one TTL, the least that was written. */
function uniform(records: readonly DnsRecord[]): readonly DnsRecord[] {
  const sets = new Map<string, Map<string, DnsRecord>>();
  for (const record of records) {
    const key = `${typeCodeOf(record.data)} ${dnsNameKey(record.name)}`;
    const set = sets.get(key) ?? new Map<string, DnsRecord>();
    sets.set(key, set);
    if (!set.has(dataText(record.data))) set.set(dataText(record.data), record);
  }
  return [...sets.values()].flatMap((set) => {
    const ttlSeconds = Math.min(...[...set.values()].map((record) => record.ttlSeconds));
    return [...set.values()].map((record) => ({ ...record, ttlSeconds }));
  });
}

function problemIn(tree: RecordTree): string | undefined {
  for (const [key, node] of tree) {
    const aliases = node.get(recordCode('CNAME'));
    if (aliases === undefined) continue;
    if (aliases.length > 1) return `${key}. has more than one CNAME record`; // RFC 2181 §10.1
    const beside = [...node.keys()].find((code) => code !== recordCode('CNAME'));
    if (beside !== undefined) return `${key}. has a CNAME and a ${typeText(beside)} record`; // RFC 1034 §3.6.2
  }
  return undefined;
}

export function nameText(name: DnsName): string {
  return `${dnsNameText(name)}.`;
}

/** What stands at the name, or at the nearest above it. */
export function homeOf<T>(apexes: ReadonlyMap<string, T>, name: DnsName): T | undefined {
  for (let above = 0; above <= name.length; above++) {
    const home = apexes.get(dnsNameKey(name.slice(above)));
    if (home !== undefined) return home;
  }
  return undefined;
}
