/**
 * The zones a name server of ours is authoritative for, as one immutable value: built from records, checked whole, then swapped
 * in at once. Each record belongs to the zone with the longest matching apex, and an apex is where a SOA stands.
 */
import { accept, type Outcome, refuse } from '../../base/outcome.ts';
import { type DnsName, dnsNameKey, dnsNameText } from '../../format/dns-name.ts';
import { type DnsRecord, typeCodeOf, typeText } from '../../format/dns-record.ts';
import { dataText } from '../../format/zone-file.ts';
import { hasWireForm } from './message-codec.ts';
import { recordCode } from './record-data.ts';
import { buildTree, type RecordTree } from './record-tree.ts';

export type Zone = {
  readonly apex: DnsName;
  readonly soa: DnsRecord & { readonly data: { readonly type: 'SOA'; readonly minimum: number } };
  readonly tree: RecordTree;
};

/** By `dnsNameKey` of the apex. */
export type ZoneSet = ReadonlyMap<string, Zone>;

export const emptyZoneSet: ZoneSet = new Map();

/** The zone `name` lies in: the one with the longest apex at or above it. */
export function zoneOf(zones: ZoneSet, name: DnsName): Zone | undefined {
  for (let above = 0; above <= name.length; above++) {
    const zone = zones.get(dnsNameKey(name.slice(above)));
    if (zone !== undefined) return zone;
  }
  return undefined;
}

/** Refuses what could not be served as it is written: a record outside every zone, a second SOA, data beside a CNAME. */
export function makeZoneSet(records: readonly DnsRecord[]): Outcome<ZoneSet, 'bad-zone'> {
  const apexes = new Map<string, { readonly soa: Zone['soa']; readonly records: DnsRecord[] }>();
  for (const record of records) {
    if (record.data.type !== 'SOA') continue;
    const key = dnsNameKey(record.name);
    if (apexes.has(key)) return refuse('bad-zone', `${nameText(record.name)} has more than one SOA record`);
    apexes.set(key, { soa: { ...record, data: record.data }, records: [] });
  }
  for (const record of records) {
    if (!hasWireForm(record)) return refuse('bad-zone', `a record of ${nameText(record.name)} has no wire form`);
    const home = homeOf(apexes, record.name);
    if (home === undefined)
      return refuse('bad-zone', `${nameText(record.name)} lies in no zone: no SOA record above it`);
    home.records.push(record);
  }
  const zones = new Map<string, Zone>();
  const cuts = apexesBelow(apexes);
  for (const [key, { soa, records: own }] of apexes) {
    const tree = buildTree(uniform(own), cuts.get(key) ?? []);
    const problem = problemIn(tree);
    if (problem !== undefined) return refuse('bad-zone', problem);
    zones.set(key, { apex: soa.name, soa, tree });
  }
  return accept(zones);
}

function nameText(name: DnsName): string {
  return `${dnsNameText(name)}.`;
}

function homeOf<T>(apexes: ReadonlyMap<string, T>, name: DnsName): T | undefined {
  for (let above = 0; above <= name.length; above++) {
    const home = apexes.get(dnsNameKey(name.slice(above)));
    if (home !== undefined) return home;
  }
  return undefined;
}

/** Zones of ours right below exist above as well, so that no wildcard stands in for them. By the key of the zone above. */
function apexesBelow(
  apexes: ReadonlyMap<string, { readonly soa: Zone['soa'] }>,
): ReadonlyMap<string, readonly DnsName[]> {
  const below = new Map<string, DnsName[]>();
  for (const { soa } of apexes.values()) {
    const above = soa.name.length > 0 ? homeOf(apexes, soa.name.slice(1)) : undefined;
    if (above === undefined) continue;
    const key = dnsNameKey(above.soa.name);
    const names = below.get(key);
    if (names === undefined) below.set(key, [soa.name]);
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
