/**
 * Dynamic updates as octets. RFC 2136. Each change says what its set holds now, octet by octet, so the server makes all changes
 * or none and overwrites nothing that it was not told. Deletions come before additions, so that an alias can take the place of
 * other records at its name.
 */
import { concat } from '../../base/bytes.ts';
import { type DataWriter, encodeData } from '../../format/dns-data.ts';
import type { DnsName } from '../../format/dns-name.ts';
import { type DnsData, type DnsRecord, typeCodeOf } from '../../format/dns-record.ts';
import { dataText } from '../../format/zone-file.ts';
import { classIn, messageOctetsMax } from './message-codec.ts';
import { nameOctets } from './tsig.ts';

const opcodeUpdate = 5; // RFC 2136 §2.2
const typeNs = 2;
const typeSoa = 6;
const classNone = 254;
const classAny = 255;

export type SetUpdate = {
  readonly name: DnsName;
  readonly type: number;
  /** What the set holds now, to the octet; none: it must not be there. */
  readonly before: readonly DnsData[];
  readonly after: readonly DnsRecord[];
};

type Entry = {
  readonly name: DnsName;
  readonly type: number;
  readonly class: number;
  readonly ttl?: number;
  readonly data?: DnsData;
};

/** Undefined when it is more than one message holds. */
export function encodeUpdate(id: number, zone: DnsName, updates: readonly SetUpdate[]): Uint8Array | undefined {
  const conditions = updates.flatMap(conditionsOf);
  const isRoot = (one: SetUpdate) => one.name.length === zone.length && one.type === typeNs;
  const changes = [
    ...updates.filter((one) => !isRoot(one)).flatMap(deletionOf),
    ...updates.flatMap(additionsOf),
    ...updates.filter(isRoot).flatMap(singleDeletionsOf),
  ];
  const head = Buffer.alloc(12);
  head.writeUInt16BE(id, 0);
  head.writeUInt16BE(opcodeUpdate << 11, 2);
  head.writeUInt16BE(1, 4);
  if (conditions.length > 0xffff || changes.length > 0xffff) return undefined;
  head.writeUInt16BE(conditions.length, 6);
  head.writeUInt16BE(changes.length, 8);
  const zoneSection = concat([nameOctets(zone), uint16(typeSoa), uint16(classIn)]); // RFC 2136 §2.3
  const octets = concat([head, zoneSection, ...[...conditions, ...changes].map(entryOctets)]);
  return octets.length > messageOctetsMax - tsigRoom ? undefined : octets;
}

const tsigRoom = 600; // two names and a digest

/** RFC 2136 §2.4.2 (exists, value dependent) and §2.4.3 (does not exist) */
function conditionsOf({ name, type, before }: SetUpdate): readonly Entry[] {
  if (before.length === 0) return [{ name, type, class: classNone }];
  return before.map((data) => ({ name, type, class: classIn, data }));
}

/** RFC 2136 §2.5.2 */
function deletionOf({ name, type, before }: SetUpdate): readonly Entry[] {
  return before.length === 0 ? [] : [{ name, type, class: classAny }];
}

/** RFC 2136 §2.5.4: the apex's NS set cannot be deleted whole (§3.4.2.3), and its last record not at all. */
function singleDeletionsOf({ name, type, before, after }: SetUpdate): readonly Entry[] {
  const stays = new Set(after.map(({ data }) => dataText(data).toLowerCase()));
  const goes = before.filter((data) => !stays.has(dataText(data).toLowerCase()));
  return goes.map((data) => ({ name, type, class: classNone, data }));
}

/** RFC 2136 §2.5.1 */
function additionsOf({ after }: SetUpdate): readonly Entry[] {
  return after.map(({ name, ttlSeconds, data }) => {
    return { name, type: typeCodeOf(data), class: classIn, ttl: ttlSeconds, data };
  });
}

function entryOctets({ name, type, class: rrClass, ttl = 0, data }: Entry): Uint8Array {
  const parts: Uint8Array[] = [];
  const to: DataWriter = { octets: (octets) => parts.push(octets), name: (one) => parts.push(nameOctets(one)) };
  if (data !== undefined) encodeData(data, to);
  const body = concat(parts);
  const fixed = Buffer.alloc(10);
  fixed.writeUInt16BE(type, 0);
  fixed.writeUInt16BE(rrClass, 2);
  fixed.writeUInt32BE(ttl, 4);
  fixed.writeUInt16BE(body.length, 8);
  return concat([nameOctets(name), fixed, body]);
}

function uint16(value: number): Uint8Array {
  return Uint8Array.of(value >> 8, value & 0xff);
}
