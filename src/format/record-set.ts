/**
 * Records as people, plans and DNS hosts speak of them: sets of one name and type whose values are one line each. Names are
 * absolute, in lower case, without the final dot (`10 mx.example.com`; the root is `.`); a TXT value is joined and unquoted, one
 * character per octet; everything else is as in zone text. From here to records and zone text, and back.
 */
import { type DnsName, dnsNameKey, parseDnsName } from './dns-name.ts';
import type { DnsData, DnsRecord } from './dns-record.ts';
import { dataText, parseZoneText } from './zone-file.ts';

const valueTypes = ['A', 'AAAA', 'CNAME', 'MX', 'NS', 'TXT', 'TLSA', 'SRV', 'CAA', 'PTR'] as const;
export type ValueType = (typeof valueTypes)[number];

export type ValueSet = {
  readonly name: string;
  readonly type: ValueType;
  readonly ttl: number;
  readonly values: readonly string[];
};

export function isValueType(type: string): type is ValueType {
  return (valueTypes as readonly string[]).includes(type);
}

/** Undefined for types that no set here holds. */
export function recordValue(data: DnsData): { readonly type: ValueType; readonly value: string } | undefined {
  switch (data.type) {
    case 'A':
    case 'AAAA':
      return { type: data.type, value: data.address };
    case 'CNAME':
      return { type: data.type, value: hostText(data.target) };
    case 'NS':
    case 'PTR':
      return { type: data.type, value: hostText(data.host) };
    case 'MX':
      return { type: data.type, value: `${data.preference} ${hostText(data.exchange)}` };
    case 'SRV':
      return { type: data.type, value: `${data.priority} ${data.weight} ${data.port} ${hostText(data.target)}` };
    case 'TXT':
      return { type: data.type, value: data.strings.join('') };
    case 'TLSA':
    case 'CAA':
      return { type: data.type, value: dataText(data) };
    default:
      return undefined;
  }
}

/** Undefined when the value is none of its type. */
export function dataOfValue(type: ValueType, value: string): DnsData | undefined {
  if (type === 'TXT') return /^[\x00-\xff]*$/.test(value) ? { type, strings: stringsOf(value) } : undefined;
  return dataOfText(type, value);
}

/**
 * The value that a host writes as zone text: `"v=spf1 " "-all"`, `10 MX.example.com.`. Names without the final dot are absolute, or
 * below `origin` where one is given.
 */
export function valueOfText(type: ValueType, text: string, origin?: string): string | undefined {
  const data = dataOfText(type, text, origin);
  return data && recordValue(data)?.value;
}

/** The value as zone text, absolute names with the final dot, TXT quoted and cut into strings of 255 octets. */
export function textOfValue(type: ValueType, value: string): string | undefined {
  const data = dataOfValue(type, value);
  return data && dataText(data);
}

/** The one spelling of a value, so that two can be compared; undefined when it is none of its type. */
export function canonicalValue(type: ValueType, value: string): string | undefined {
  const data = dataOfValue(type, value);
  return data && recordValue(data)?.value;
}

/** By name and type in the order of their first record; a set's TTL is its least. RFC 2181 §5.2 */
export function setsOfRecords(records: Iterable<DnsRecord>): readonly ValueSet[] {
  const sets = new Map<string, { name: string; type: ValueType; ttl: number; values: string[] }>();
  for (const { name, ttlSeconds, data } of records) {
    const held = recordValue(data);
    if (held === undefined) continue;
    const owner = dnsNameKey(name);
    const set = sets.get(`${held.type} ${owner}`);
    if (set === undefined) {
      sets.set(`${held.type} ${owner}`, { name: owner, type: held.type, ttl: ttlSeconds, values: [held.value] });
      continue;
    }
    set.ttl = Math.min(set.ttl, ttlSeconds);
    if (!set.values.includes(held.value)) set.values.push(held.value);
  }
  return [...sets.values()];
}

/** Undefined when the name or a value has no form on the wire. */
export function recordsOfSet(set: ValueSet): readonly DnsRecord[] | undefined {
  const name = parseDnsName(set.name);
  const records: DnsRecord[] = [];
  for (const value of set.values) {
    const data = dataOfValue(set.type, value);
    if (name === undefined || data === undefined) return undefined;
    records.push({ name, ttlSeconds: set.ttl, data });
  }
  return records;
}

/** Whether both hold the same values, in whatever order and spelling; the TTL is not looked at. */
export function haveSameValues(one: ValueSet | undefined, other: ValueSet | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  const spelled = (set: ValueSet) =>
    JSON.stringify([...new Set(set.values.map((value) => canonicalValue(set.type, value) ?? value))].sort());
  return one.type === other.type && one.name === other.name && spelled(one) === spelled(other);
}

function hostText(name: DnsName): string {
  return dnsNameKey(name) || '.';
}

/** RFC 1035 §3.3: a character-string holds at most 255 octets. */
function stringsOf(value: string): readonly string[] {
  const strings: string[] = [];
  for (let at = 0; at < value.length || at === 0; at += 255) strings.push(value.slice(at, at + 255));
  return strings;
}

function dataOfText(type: ValueType, text: string, origin?: string): DnsData | undefined {
  if (/[\r\n]/.test(text)) return undefined;
  const zone = parseZoneText(`${origin === undefined ? '' : `$ORIGIN ${origin}.\n`}x. 0 IN ${type} ${text}`);
  const [record, ...others] = zone.ok ? zone.value.records : [];
  return others.length === 0 && record?.data.type === type ? record.data : undefined;
}
