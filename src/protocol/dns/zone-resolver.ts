/**
 * A resolver over zone text: what `--zone`, `posthorn/dns` and the tests look names up in. Nothing leaves the machine.
 * Several texts are merged into one world in which a name without records is NODATA when existing names lie below it and
 * NXDOMAIN otherwise. Equal records stay several, because an engine must be able to see "two SPF records".
 */
import { type DnsName, dnsNameKey, dnsNameOf, dnsNameText, lowerDnsName } from '../../format/dns-name.ts';
import type { DnsRecord } from '../../format/dns-record.ts';
import type { QueryName } from '../../format/domain-name.ts';
import { type FailingName, parseZoneText, type ZoneText } from '../../format/zone-file.ts';
import { recordCode, recordDataOf } from './record-data.ts';
import { buildTree, findName, type RecordTree } from './record-tree.ts';
import type { DnsAnswer, RecordData, RecordType, Resolver } from './types.ts';

/** CNAME records followed for one lookup; a chain beyond it, or a loop, is a failure. */
export const cnameChainMax = 8;

/** Answers kept ready, since making one costs more than looking it up; a zone has as many names as its text, a stranger asks for more. */
const answersMax = 2_000;

/** How long "there is none" may be remembered when no SOA says so. (Our choice.) */
const negativeTtlDefaultSeconds = 300;

/** Throws an `Error` that names the line when a text cannot be read; `parseZoneText` answers the same as an outcome. */
export function resolverFromZone(text: string | readonly string[]): Resolver {
  const texts = typeof text === 'string' ? [text] : text;
  const zones = texts.map((one, index) => {
    const parsed = parseZoneText(one);
    if (parsed.ok) return parsed.value;
    throw new Error(texts.length === 1 ? `zone ${parsed.say}` : `zone text ${index + 1}, ${parsed.say}`);
  });
  return zoneResolver(zones);
}

type World = { readonly tree: RecordTree; readonly failing: ReadonlyMap<string, FailingName['why']> };

export function zoneResolver(zones: readonly ZoneText[]): Resolver {
  const world: World = {
    tree: buildTree(
      zones.flatMap((zone) => zone.records),
      zones.flatMap((zone) => zone.unread.map((record) => record.name)),
    ),
    failing: new Map(zones.flatMap((zone) => zone.failing).map(({ name, why }) => [dnsNameKey(name), why])),
  };
  const known = new Map<string, DnsAnswer<RecordData[RecordType]>>();
  const atHand = <T extends RecordType>(name: QueryName, type: T): DnsAnswer<RecordData[T]> => {
    const key = `${type} ${name}`;
    const held = known.get(key) as DnsAnswer<RecordData[T]> | undefined; // the key holds the type
    if (held !== undefined) return held;
    const found = lookUp(world, dnsNameOf(name), type);
    if (known.size < answersMax) known.set(key, found);
    return found;
  };
  return { atHand, lookup: async (name, type) => atHand(name, type) };
}

function lookUp<T extends RecordType>(world: World, asked: DnsName, type: T): DnsAnswer<RecordData[T]> {
  let name = asked;
  let ttlSeconds = Number.POSITIVE_INFINITY;
  for (let followed = 0; followed <= cnameChainMax; followed++) {
    const why = world.failing.get(dnsNameKey(name));
    if (why !== undefined) return { kind: 'failed', why };
    const found = findName(world.tree, name);
    if (found.kind === 'missing') return none('nxdomain', Math.min(ttlSeconds, negativeTtl(world.tree, name)));
    const alias = type === 'CNAME' ? undefined : found.node.get(recordCode('CNAME'))?.[0];
    const target = alias?.data.type === 'CNAME' ? alias.data.target : undefined;
    if (alias === undefined || target === undefined) {
      const records = found.node.get(recordCode(type));
      if (records === undefined) return none('nodata', Math.min(ttlSeconds, negativeTtl(world.tree, name)));
      const ttl = Math.min(ttlSeconds, leastTtl(records));
      return answer(recordDataOf(type, records), ttl, followed > 0 ? name : undefined);
    }
    name = target; // RFC 1034 §4.3.2 step 3a: whatever else the name holds
    ttlSeconds = Math.min(ttlSeconds, alias.ttlSeconds);
  }
  return { kind: 'failed', why: 'servfail' };
}

function answer<T>(records: readonly T[], ttlSeconds: number, canonical: DnsName | undefined): DnsAnswer<T> {
  const found = { kind: 'found', records, ttlSeconds, secure: false } as const;
  return canonical === undefined ? found : { ...found, canonicalName: dnsNameText(lowerDnsName(canonical)) };
}

function none(why: 'nxdomain' | 'nodata', ttlSeconds: number): DnsAnswer<never> {
  return { kind: 'none', why, ttlSeconds, secure: false };
}

/** RFC 2308 §5: the smaller of the SOA's own TTL and its MINIMUM. */
function negativeTtl(tree: RecordTree, name: DnsName): number {
  for (let above = 0; above <= name.length; above++) {
    const soa = tree.get(dnsNameKey(name.slice(above)))?.get(recordCode('SOA'))?.[0];
    if (soa?.data.type === 'SOA') return Math.min(soa.ttlSeconds, soa.data.minimum);
  }
  return negativeTtlDefaultSeconds;
}

function leastTtl(records: readonly DnsRecord[]): number {
  return Math.min(...records.map((record) => record.ttlSeconds)); // RFC 2181 §5.2: a set has one TTL, the least of them
}
