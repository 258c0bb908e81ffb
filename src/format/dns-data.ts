/**
 * The data of one DNS record as octets, in both directions, walking along the table of `dns-record.ts`. How names are read and
 * written comes in as a parameter, because inside a message they may be compressed and elsewhere not.
 */
import { asBuffer, fromLatin1, latin1 } from '../base/bytes.ts';
import { type DnsName, isDnsName } from './dns-name.ts';
import {
  type DnsData,
  type FieldKind,
  type FieldValues,
  fieldsOf,
  fieldValues,
  recordShapes,
  shapedData,
  shapedTypeOf,
} from './dns-record.ts';
import { ipv4Octets, ipv4Text, ipv6Octets, ipv6Text } from './ip-octets.ts';

/** Reads the name at `at`; `next` is where the octets after it begin. */
export type NameReader = (
  octets: Uint8Array,
  at: number,
) => { readonly name: DnsName; readonly next: number } | undefined;

type Read = { readonly value: FieldValues[FieldKind]; readonly next: number };

/** The data in `octets[from, to)`, or undefined when they are not what the type says; unknown types are kept as they are. */
export function decodeData(
  code: number,
  octets: Uint8Array,
  range: { readonly from: number; readonly to: number },
  readName: NameReader,
): DnsData | undefined {
  const type = shapedTypeOf(code);
  if (type === undefined)
    return { type: 'opaque', code, octets: Uint8Array.from(octets.subarray(range.from, range.to)) };
  const values: FieldValues[FieldKind][] = [];
  let at = range.from;
  for (const [, kind] of fieldsOf(type)) {
    const read = readField(kind, octets, { from: at, to: range.to }, readName);
    if (read === undefined || read.next > range.to) return undefined;
    values.push(read.value);
    at = read.next;
  }
  return at === range.to ? shapedData(type, values) : undefined;
}

function readField(
  kind: FieldKind,
  octets: Uint8Array,
  { from, to }: { readonly from: number; readonly to: number },
  readName: NameReader,
): Read | undefined {
  const view = asBuffer(octets);
  const fixed = (length: number, value: () => FieldValues[FieldKind]) =>
    from + length <= to ? { value: value(), next: from + length } : undefined;
  switch (kind) {
    case 'u8':
      return fixed(1, () => view.readUInt8(from));
    case 'u16':
      return fixed(2, () => view.readUInt16BE(from));
    case 'u32':
    case 'period':
      return fixed(4, () => view.readUInt32BE(from));
    case 'ipv4':
      return fixed(4, () => ipv4Text(octets.subarray(from, from + 4)));
    case 'ipv6':
      return fixed(16, () => ipv6Text(octets.subarray(from, from + 16)));
    case 'name': {
      const read = readName(octets, from);
      return read === undefined ? undefined : { value: read.name, next: read.next };
    }
    case 'string':
    case 'word':
      return readString(octets, from, to);
    case 'strings':
      return readStrings(octets, from, to);
    case 'rest':
      return { value: latin1(octets.subarray(from, to)), next: to };
    case 'hex':
    case 'base64':
      return { value: Uint8Array.from(octets.subarray(from, to)), next: to };
  }
}

function readString(octets: Uint8Array, from: number, to: number): { value: string; next: number } | undefined {
  const length = octets[from];
  if (from >= to || length === undefined || from + 1 + length > to) return undefined;
  return { value: latin1(octets.subarray(from + 1, from + 1 + length)), next: from + 1 + length };
}

/** RFC 1035 §3.3.14: one or more, so no data at all is refused. */
function readStrings(octets: Uint8Array, from: number, to: number): Read | undefined {
  const strings: string[] = [];
  let at = from;
  do {
    const read = readString(octets, at, to);
    if (read === undefined) return undefined;
    strings.push(read.value);
    at = read.next;
  } while (at < to);
  return { value: strings, next: at };
}

/** Takes octets and names in order; `compress` says whether this name may be compressed. */
export type DataWriter = {
  readonly octets: (octets: Uint8Array) => void;
  readonly name: (name: DnsName, options: { readonly compress: boolean }) => void;
};

/** `data` must be within its type's limits (`isWritable`). */
export function encodeData(data: DnsData, to: DataWriter): void {
  if (data.type === 'opaque') {
    to.octets(data.octets);
    return;
  }
  const compress = 'compress' in recordShapes[data.type];
  const values = fieldValues(data);
  for (const [index, [, kind]] of fieldsOf(data.type).entries()) {
    const value = values[index] as FieldValues[FieldKind];
    if (kind === 'name') to.name(value as DnsName, { compress });
    else to.octets(fieldOctets(kind, value));
  }
}

function fieldOctets(kind: Exclude<FieldKind, 'name'>, value: FieldValues[FieldKind]): Uint8Array {
  switch (kind) {
    case 'u8':
      return Uint8Array.of(value as number);
    case 'u16':
      return bigEndian(value as number, 2);
    case 'u32':
    case 'period':
      return bigEndian(value as number, 4);
    case 'ipv4':
      return ipv4Octets(value as string) ?? new Uint8Array(4);
    case 'ipv6':
      return ipv6Octets(value as string) ?? new Uint8Array(16);
    case 'string':
    case 'word':
      return stringOctets(value as string);
    case 'strings':
      return Buffer.concat((value as readonly string[]).map(stringOctets));
    case 'rest':
      return fromLatin1(value as string);
    case 'hex':
    case 'base64':
      return value as Uint8Array;
  }
}

function bigEndian(value: number, octets: 2 | 4): Uint8Array {
  const out = Buffer.alloc(octets);
  out.writeUIntBE(value, 0, octets);
  return out;
}

function stringOctets(text: string): Uint8Array {
  return Buffer.from(`${String.fromCharCode(text.length)}${text}`, 'latin1');
}

/** Whether every field is inside what the wire can carry. What `decodeData` and the zone reader answer always is. */
export function isWritable(data: DnsData): boolean {
  if (data.type === 'opaque') return data.octets.length <= 0xffff;
  const values = fieldValues(data);
  return fieldsOf(data.type).every(([, kind], index) => fitsField(kind, values[index] as FieldValues[FieldKind]));
}

const integerMax = { u8: 0xff, u16: 0xffff, u32: 0xffff_ffff, period: 0xffff_ffff } as const;

export function fitsField(kind: FieldKind, value: FieldValues[FieldKind]): boolean {
  switch (kind) {
    case 'u8':
    case 'u16':
    case 'u32':
    case 'period':
      return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= integerMax[kind];
    case 'ipv4':
      return ipv4Octets(value as string) !== undefined;
    case 'ipv6':
      return ipv6Octets(value as string) !== undefined;
    case 'name':
      return isDnsName(value as DnsName);
    case 'string':
    case 'word':
      return isOctetText(value as string) && (value as string).length <= 255;
    case 'strings':
      return (
        (value as readonly string[]).length > 0 && (value as readonly string[]).every((s) => fitsField('string', s))
      );
    case 'rest':
      return isOctetText(value as string);
    case 'hex':
    case 'base64':
      return (value as Uint8Array).length <= 0xffff;
  }
}

function isOctetText(text: string): boolean {
  return /^[\x00-\xff]*$/.test(text);
}
