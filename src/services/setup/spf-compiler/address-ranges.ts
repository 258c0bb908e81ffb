/** Sets of addresses of one family as sorted ranges that do not touch, and the networks they are made of. Pure. */
import { parseSpfRecord } from '../../../protocol/spf/record.ts';
import { spellNetwork } from './read-terms.ts';

/** First and last address, both included. */
export type Range = readonly [first: bigint, last: bigint];
export type Ranges = readonly Range[];

export function networkRange(octets: Uint8Array, prefix: number): Range {
  let value = 0n;
  for (const octet of octets) value = (value << 8n) | BigInt(octet);
  const host = (1n << BigInt(octets.length * 8 - prefix)) - 1n;
  return [value & ~host, value | host];
}

/** Sorted, and joined where they touch. */
export function normalRanges(ranges: Ranges): Range[] {
  const sorted = ranges.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  const joined: [bigint, bigint][] = [];
  for (const [first, last] of sorted) {
    const before = joined.at(-1);
    if (before === undefined || first > before[1] + 1n) joined.push([first, last]);
    else if (last > before[1]) before[1] = last;
  }
  return joined;
}

/** What of the first is not in the second; both normal. */
export function withoutRanges(ranges: Ranges, taken: Ranges): Range[] {
  const left: Range[] = [];
  let at = 0;
  for (const [from, last] of ranges) {
    let first = from;
    while (at < taken.length && (taken[at]?.[1] ?? 0n) < first) at++;
    for (let next = at; next < taken.length && first <= last; next++) {
      const [takenFirst, takenLast] = taken[next] as Range;
      if (takenFirst > last) break;
      if (takenFirst > first) left.push([first, takenFirst - 1n]);
      first = takenLast + 1n;
    }
    if (first <= last) left.push([first, last]);
  }
  return left;
}

/** Addresses of both families. */
export type AddressSet = { readonly four: Ranges; readonly six: Ranges };

export function isInside(one: AddressSet, other: AddressSet): boolean {
  return withoutRanges(one.four, other.four).length === 0 && withoutRanges(one.six, other.six).length === 0;
}

export function sizeOfRanges(ranges: Ranges): bigint {
  return ranges.reduce((sum, [first, last]) => sum + last - first + 1n, 0n);
}

export type RangeNetwork = { readonly octets: Uint8Array; readonly prefix: number };

/** The fewest networks that hold exactly these addresses. */
export function networksOf(ranges: Ranges, bits: 32 | 128): RangeNetwork[] {
  const networks: RangeNetwork[] = [];
  for (const [from, last] of ranges) {
    for (let first = from; first <= last; ) {
      let size = zeroBitsAtEnd(first, bits);
      while (first + (powers[size] ?? 0n) - 1n > last) size--;
      networks.push({ octets: octetsOf(first, bits), prefix: bits - size });
      first += powers[size] ?? 0n;
    }
  }
  return networks;
}

const powers: readonly bigint[] = Array.from({ length: 129 }, (_, bits) => 1n << BigInt(bits));

/** How large a network may begin there. By 32 bits at a time, because small numbers are many times as fast. */
function zeroBitsAtEnd(address: bigint, bits: 32 | 128): number {
  let zeros = 0;
  for (let rest = address; zeros < bits; rest >>= 32n) {
    const low = Number(rest & 0xffff_ffffn) | 0;
    if (low !== 0) return zeros + 31 - Math.clz32(low & -low);
    zeros += 32;
  }
  return bits;
}

export function networkTerm({ octets, prefix }: RangeNetwork): string {
  return spellNetwork(octets, prefix);
}

function octetsOf(value: bigint, bits: 32 | 128): Uint8Array {
  const octets = new Uint8Array(bits / 8);
  for (let at = octets.length - 1, rest = value; at >= 0; at--, rest >>= 8n) octets[at] = Number(rest & 0xffn);
  return octets;
}

/** Of `ip4:` or `ip6:` terms; others say nothing here. */
export function rangesOfTerms(terms: readonly string[], kind: 'ip4' | 'ip6'): Range[] {
  return terms.flatMap((term) => {
    const parsed = parseSpfRecord(`v=spf1 ${term}`);
    const directive = parsed.ok ? parsed.value.directives[0] : undefined;
    return directive?.kind === kind ? [networkRange(directive.octets, directive.prefix)] : [];
  });
}
