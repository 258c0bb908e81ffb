/**
 * The octets of the header that a signature covers, RFC 6376 §3.4.1 and §3.4.2: the picked fields one after the other, then
 * the signature's own field with its `b=` emptied and without its CRLF. Works on octets; 8-bit and broken UTF-8 survive.
 */
import { CR, LF } from '../../base/bytes.ts';
import type { MessageIndex } from '../../format/message/message-index.ts';
import type { Canonicalization } from './canonical-body.ts';
import type { OctetRange } from './types.ts';

const SPACE = 0x20;
const TAB = 0x09;
const COLON = 0x3a;
const UPPER_A = 0x41;
const UPPER_Z = 0x5a;
const nothing: OctetRange = { start: -1, end: -1 };

/** A field to hash; `without` is cut out of it first: the value of `b=` with all blanks around it. RFC 6376 §3.7 */
export type CoveredField = { readonly field: OctetRange; readonly without?: OctetRange };

/**
 * Canonical octets of the fields in this order, CRLF after each but the last.
 * RFC 6376 §3.7: "without a trailing CRLF" is said of the signature's own field, which always comes last.
 */
export function coveredHeader(bytes: Uint8Array, fields: readonly CoveredField[], form: Canonicalization): Uint8Array {
  let most = 0;
  for (const { field } of fields) most += field.end - field.start + 2;
  const out = Buffer.allocUnsafe(most);
  let length = 0;
  for (const covered of fields) {
    if (length > 0) {
      out[length++] = CR;
      out[length++] = LF;
    }
    length = form === 'relaxed' ? writeRelaxed(bytes, covered, out, length) : writeSimple(bytes, covered, out, length);
  }
  return out.subarray(0, length);
}

/**
 * The fields that the names of `h=` pick: for each name the lowest one not yet picked. RFC 6376 §5.4.2
 * A name that is absent, or mentioned more often than there are fields, picks nothing and so forbids to add one.
 *
 * @param own the signature's field, which cannot cover itself. RFC 6376 §3.5 (h=)
 */
export function pickFields(index: MessageIndex, names: readonly string[], own: OctetRange): OctetRange[] {
  const picked: OctetRange[] = [];
  const left = new Map<string, number>();
  let last = '';
  let fields: readonly OctetRange[] = [];
  let above = 0; // how many of these fields stand above the last one picked
  for (const name of names) {
    if (name !== last) {
      left.set(last, above); // mentions of a name mostly stand side by side: between them there is nothing to look up
      fields = (name === '' ? undefined : index.byName.get(name)) ?? [];
      above = left.get(name) ?? fields.length;
      last = name;
    }
    if (above > 0 && fields[above - 1]?.start === own.start) above--;
    if (above === 0) continue; // never look at place -1: that is a search for a property of this name, 0.1 us
    above--;
    picked.push(fields[above] as OctetRange);
  }
  return picked;
}

/** RFC 6376 §3.4.1: as it is. */
function writeSimple(bytes: Uint8Array, { field, without = nothing }: CoveredField, out: Buffer, from: number): number {
  const end = contentEnd(bytes, field);
  if (without.start < 0) return copy(bytes, field.start, end, out, from);
  const length = copy(bytes, field.start, without.start, out, from);
  return copy(bytes, without.end, end, out, length);
}

function copy(bytes: Uint8Array, start: number, end: number, out: Buffer, at: number): number {
  if (end <= start) return at;
  out.set(bytes.subarray(start, end), at);
  return at + end - start;
}

/** RFC 6376 §3.4.2: name in lower case, folds undone, runs of blanks one SP, none around the colon and at the end. */
function writeRelaxed(
  bytes: Uint8Array,
  { field, without = nothing }: CoveredField,
  out: Buffer,
  from: number,
): number {
  const end = contentEnd(bytes, field);
  let colon = field.start;
  while (colon < end && bytes[colon] !== COLON) colon++;
  const nameLength = writeSqueezed(bytes, field.start, colon, out, from);
  for (let at = from; at < nameLength; at++) {
    const octet = out[at] as number;
    if (octet >= UPPER_A && octet <= UPPER_Z) out[at] = octet + 0x20;
  }
  if (colon === end) return nameLength;
  out[nameLength] = COLON;
  const value = skipBlanks(bytes, colon + 1, end);
  if (without.start < 0) return writeSqueezed(bytes, value, end, out, nameLength + 1);
  // What is cut out takes the blanks around it along, so neither side ends or begins with one.
  const length = writeSqueezed(bytes, value, without.start, out, nameLength + 1);
  return writeSqueezed(bytes, without.end, end, out, length);
}

/** Copies octets, each run of blanks and folds as one SP, and none at the end. */
function writeSqueezed(bytes: Uint8Array, start: number, end: number, out: Buffer, from: number): number {
  let length = from;
  let at = start;
  while (at < end) {
    const octet = bytes[at] as number;
    if (octet > SPACE || (octet !== SPACE && octet !== TAB && !(octet === CR && bytes[at + 1] === LF))) {
      out[length++] = octet;
      at++;
      continue;
    }
    at = skipBlanks(bytes, at, end);
    if (at < end) out[length++] = SPACE;
  }
  return length;
}

function skipBlanks(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  for (; at < end; at++) {
    const octet = bytes[at] as number;
    if (octet === SPACE || octet === TAB) continue;
    if (octet !== CR || bytes[at + 1] !== LF) break;
    at++; // inside a field CRLF only folds
  }
  return at;
}

function contentEnd(bytes: Uint8Array, { start, end }: OctetRange): number {
  return end - start >= 2 && bytes[end - 1] === LF && bytes[end - 2] === CR ? end - 2 : end;
}
