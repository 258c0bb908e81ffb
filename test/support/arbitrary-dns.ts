/** DNS names, data and records of every type and shape, for property tests. */
import fc from 'fast-check';
import { type DnsName, isDnsName } from '../../src/format/dns-name.ts';
import {
  type DnsData,
  type DnsRecord,
  type FieldKind,
  type FieldValues,
  fieldsOf,
  recordShapes,
  type ShapedType,
  shapedData,
} from '../../src/format/dns-record.ts';
import { ipv6Text } from '../../src/format/ip-octets.ts';

const octet = fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code));
const octetText = (maxLength: number) => fc.string({ unit: octet, maxLength, size: 'max' });
const octets = (minLength: number) => fc.uint8Array({ minLength, maxLength: 80 });

const label = fc.oneof(
  fc.constantFrom('a', 'B', 'mail', '_dmarc', '*', 'example', 'com'),
  fc.string({ unit: octet, minLength: 1, maxLength: 63 }),
);

export function arbitraryName(): fc.Arbitrary<DnsName> {
  return fc.array(label, { maxLength: 6 }).filter(isDnsName);
}

const fields: { readonly [K in FieldKind]: () => fc.Arbitrary<FieldValues[K]> } = {
  u8: () => fc.integer({ min: 0, max: 0xff }),
  u16: () => fc.integer({ min: 0, max: 0xffff }),
  u32: () => fc.integer({ min: 0, max: 0xffff_ffff }),
  period: () => fc.integer({ min: 0, max: 0xffff_ffff }),
  ipv4: () => fc.ipV4(),
  ipv6: () => fc.uint8Array({ minLength: 16, maxLength: 16 }).map(ipv6Text),
  name: arbitraryName,
  string: () => octetText(255),
  word: () => fc.oneof(fc.constantFrom('issue', 'iodef'), octetText(20)),
  strings: () => fc.array(octetText(255), { minLength: 1, maxLength: 4 }),
  rest: () => octetText(300),
  hex: () => octets(0),
  base64: () => octets(0),
};

function arbitraryShaped(type: ShapedType): fc.Arbitrary<DnsData> {
  const kinds = fieldsOf(type).map(([, kind]) => fields[kind]() as fc.Arbitrary<FieldValues[FieldKind]>);
  return fc.tuple(...kinds).map((values) => shapedData(type, values));
}

const opaque: fc.Arbitrary<DnsData> = fc
  .tuple(fc.integer({ min: 65_280, max: 65_534 }), octets(0)) // RFC 6895 §3.1: private use
  .map(([code, data]) => ({ type: 'opaque', code, octets: data }));

export function arbitraryRecord(): fc.Arbitrary<DnsRecord> {
  const types = Object.keys(recordShapes) as ShapedType[];
  return fc
    .tuple(arbitraryName(), fc.integer({ min: 0, max: 0x7fff_ffff }), fc.oneof(...types.map(arbitraryShaped), opaque))
    .map(([name, ttlSeconds, data]) => ({ name, ttlSeconds, data }));
}
