/**
 * The zones a name server of ours is authoritative for, as one immutable value: built from records, checked whole, then swapped
 * in at once. Each record belongs to the zone with the longest matching apex, and an apex is where a SOA stands.
 */
import { accept, type Outcome, refuse } from '../../base/outcome.ts';
import { type DnsName, dnsNameKey } from '../../format/dns-name.ts';
import type { DnsRecord } from '../../format/dns-record.ts';
import { homeOf, nameText, type Zone, type ZoneSet, ZoneShelf, type ZoneSource } from './zone-shelf.ts';

export type { Zone, ZoneSet } from './zone-shelf.ts';

export const emptyZoneSet: ZoneSet = new Map();

/** The zone `name` lies in: the one with the longest apex at or above it. */
export function zoneOf(zones: ZoneSet, name: DnsName): Zone | undefined {
  return homeOf(zones, name);
}

/** Refuses what could not be served as it is written: a record outside every zone, a second SOA, data beside a CNAME. */
export function makeZoneSet(records: readonly DnsRecord[]): Outcome<ZoneSet, 'bad-zone'> {
  const sources = zoneSources(records);
  return sources.ok ? atOnce(new ZoneShelf().update({ put: sources.value, gone: [] })) : sources;
}

/** The records zone by zone, as a shelf takes them. */
export function zoneSources(records: readonly DnsRecord[]): Outcome<readonly ZoneSource[], 'bad-zone'> {
  const apexes = new Map<string, { readonly soa: Zone['soa']; readonly records: DnsRecord[] }>();
  for (const record of records) {
    if (record.data.type !== 'SOA') continue;
    const key = dnsNameKey(record.name);
    if (apexes.has(key)) return refuse('bad-zone', `${nameText(record.name)} has more than one SOA record`);
    apexes.set(key, { soa: { ...record, data: record.data }, records: [] });
  }
  for (const record of records) {
    const home = homeOf(apexes, record.name);
    if (home === undefined)
      return refuse('bad-zone', `${nameText(record.name)} lies in no zone: no SOA record above it`);
    home.records.push(record);
  }
  return accept([...apexes.values()]);
}

function atOnce<T>(steps: Generator<void, T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}
