/**
 * What DNS records hold: one table of types and fields, from which the types, the zone text reader and writer
 * (`zone-file.ts`) and the octets on the wire (`protocol/dns/message-codec.ts`) are all made.
 */
import type { DnsName } from './dns-name.ts';

/** How a field is spelled and what it is once read. `string`s and `rest` are one character per octet. */
export type FieldValues = {
  readonly u8: number;
  readonly u16: number;
  readonly u32: number;
  /** A time span; `1h30m` in text, seconds on the wire. */
  readonly period: number;
  readonly ipv4: string;
  /** Canonical text, RFC 5952. */
  readonly ipv6: string;
  /** A host or zone name. */
  readonly name: DnsName;
  /** One character-string of at most 255 octets. */
  readonly string: string;
  /** A character-string of letters and digits, which text shows without quotes. */
  readonly word: string;
  /** One or more character-strings, to the end of the data. */
  readonly strings: readonly string[];
  /** Octets to the end of the data; a string in text. */
  readonly rest: string;
  readonly hex: Uint8Array;
  readonly base64: Uint8Array;
};
export type FieldKind = keyof FieldValues;

/** `compress`: whether a sender may compress the names inside. RFC 3597 §4: only the types of RFC 1035. */
type Shape = { readonly code: number; readonly compress?: true; readonly fields: Readonly<Record<string, FieldKind>> };

export const recordShapes = {
  A: { code: 1, fields: { address: 'ipv4' } },
  NS: { code: 2, compress: true, fields: { host: 'name' } },
  CNAME: { code: 5, compress: true, fields: { target: 'name' } },
  SOA: {
    code: 6,
    compress: true,
    fields: {
      primary: 'name',
      mailbox: 'name',
      serial: 'u32',
      refresh: 'period',
      retry: 'period',
      expire: 'period',
      minimum: 'period',
    },
  },
  PTR: { code: 12, compress: true, fields: { host: 'name' } },
  HINFO: { code: 13, fields: { cpu: 'string', os: 'string' } },
  MX: { code: 15, compress: true, fields: { preference: 'u16', exchange: 'name' } },
  TXT: { code: 16, fields: { strings: 'strings' } },
  RP: { code: 17, fields: { mailbox: 'name', text: 'name' } },
  AFSDB: { code: 18, fields: { subtype: 'u16', host: 'name' } },
  AAAA: { code: 28, fields: { address: 'ipv6' } },
  SRV: { code: 33, fields: { priority: 'u16', weight: 'u16', port: 'u16', target: 'name' } },
  NAPTR: {
    code: 35,
    fields: { order: 'u16', preference: 'u16', flags: 'string', services: 'string', regexp: 'string', next: 'name' },
  },
  DNAME: { code: 39, fields: { target: 'name' } },
  DS: { code: 43, fields: { keyTag: 'u16', algorithm: 'u8', digestType: 'u8', digest: 'hex' } },
  SSHFP: { code: 44, fields: { algorithm: 'u8', hash: 'u8', fingerprint: 'hex' } },
  DNSKEY: { code: 48, fields: { flags: 'u16', protocol: 'u8', algorithm: 'u8', key: 'base64' } },
  TLSA: { code: 52, fields: { usage: 'u8', selector: 'u8', matching: 'u8', data: 'hex' } },
  SMIMEA: { code: 53, fields: { usage: 'u8', selector: 'u8', matching: 'u8', data: 'hex' } },
  CDS: { code: 59, fields: { keyTag: 'u16', algorithm: 'u8', digestType: 'u8', digest: 'hex' } },
  CDNSKEY: { code: 60, fields: { flags: 'u16', protocol: 'u8', algorithm: 'u8', key: 'base64' } },
  OPENPGPKEY: { code: 61, fields: { key: 'base64' } },
  /** Withdrawn (RFC 7208 §3.1); read so that it can be reported. */
  SPF: { code: 99, fields: { strings: 'strings' } },
  URI: { code: 256, fields: { priority: 'u16', weight: 'u16', target: 'rest' } },
  CAA: { code: 257, fields: { flags: 'u8', tag: 'word', value: 'rest' } },
} as const satisfies Record<string, Shape>;

/** Types that zone files have and whose text we do not read; such a line counts as "there is something" and no more. */
const unreadTypeCodes: Readonly<Record<string, number>> = {
  NULL: 10,
  WKS: 11,
  MINFO: 14,
  X25: 19,
  ISDN: 20,
  LOC: 29,
  KX: 36,
  CERT: 37,
  APL: 42,
  IPSECKEY: 45,
  RRSIG: 46,
  NSEC: 47,
  DHCID: 49,
  NSEC3: 50,
  NSEC3PARAM: 51,
  HIP: 55,
  CSYNC: 62,
  ZONEMD: 63,
  SVCB: 64,
  HTTPS: 65,
  EUI48: 108,
  EUI64: 109,
};

type Shapes = typeof recordShapes;
export type ShapedType = keyof Shapes;

type DataOf<T extends ShapedType> = { readonly type: T } & {
  readonly [F in keyof Shapes[T]['fields']]: Shapes[T]['fields'][F] extends FieldKind
    ? FieldValues[Shapes[T]['fields'][F]]
    : never;
};

/** RFC 3597: data of a type we have no table for, kept as it is. */
type OpaqueData = { readonly type: 'opaque'; readonly code: number; readonly octets: Uint8Array };

/** A line of a type whose text form we cannot read. */
export type UnreadData = { readonly type: 'unread'; readonly code: number; readonly text: string };

export type ShapedData = { readonly [T in ShapedType]: DataOf<T> }[ShapedType];
export type DnsData = ShapedData | OpaqueData;

/** A record as text or wire gave it. */
export type DnsRecord = { readonly name: DnsName; readonly ttlSeconds: number; readonly data: DnsData };

const shapedByCode: ReadonlyMap<number, ShapedType> = new Map(
  (Object.keys(recordShapes) as ShapedType[]).map((type) => [recordShapes[type].code, type]),
);

export function shapedTypeOf(code: number): ShapedType | undefined {
  return shapedByCode.get(code);
}

export function typeCodeOf(data: DnsData | UnreadData): number {
  return data.type === 'opaque' || data.type === 'unread' ? data.code : recordShapes[data.type].code;
}

/** `MX` is 15, `TYPE15` too (RFC 3597 §5). Undefined for a word that names no type. */
export function typeCodeOfText(text: string): number | undefined {
  const upper = text.toUpperCase();
  if (Object.hasOwn(recordShapes, upper)) return recordShapes[upper as ShapedType].code;
  if (Object.hasOwn(unreadTypeCodes, upper)) return unreadTypeCodes[upper];
  const digits = /^TYPE([0-9]{1,5})$/.exec(upper)?.[1];
  return digits !== undefined && Number(digits) <= 0xffff ? Number(digits) : undefined;
}

export function typeText(code: number): string {
  return shapedTypeOf(code) ?? Object.keys(unreadTypeCodes).find((t) => unreadTypeCodes[t] === code) ?? `TYPE${code}`;
}

/** The fields of a type in their order; what the readers and writers walk along. */
export function fieldsOf(type: ShapedType): readonly (readonly [name: string, kind: FieldKind])[] {
  return shapeFields[type];
}

const shapeFields = Object.fromEntries(
  Object.entries(recordShapes).map(([type, { fields }]) => [type, Object.entries(fields)]),
) as unknown as Readonly<Record<ShapedType, readonly (readonly [name: string, kind: FieldKind])[]>>; // keys stay

/** The fields' values in their order. */
export function fieldValues(data: ShapedData): readonly FieldValues[FieldKind][] {
  const members = data as unknown as Readonly<Record<string, FieldValues[FieldKind]>>;
  return fieldsOf(data.type).map(([name]) => members[name] as FieldValues[FieldKind]);
}

/** `values` as the fields of `type`, in their order, as a reader that walked along `fieldsOf(type)` collected them. */
export function shapedData(type: ShapedType, values: readonly FieldValues[FieldKind][]): ShapedData {
  const fields = fieldsOf(type);
  const data: Record<string, unknown> = { type };
  for (let index = 0; index < fields.length; index++)
    data[(fields[index] as (typeof fields)[number])[0]] = values[index];
  return data as ShapedData;
}
