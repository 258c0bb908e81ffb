/**
 * Addresses as names below a zone of ours: one include whose record asks for the client's address. However many senders stand behind
 * it, it costs two lookups, and changes without the customer's DNS. RFC 7208 §7, Appendix D.1. Pure.
 */
import type { DomainName } from '../../../format/domain-name.ts';
import { networksOf, normalRanges, type RangeNetwork, rangesOfTerms } from './address-ranges.ts';
import type { SpfExtraRecord } from './types.ts';

/** Beyond that the zone should answer by itself, without a record for each network. */
const namesMax = 5_000;

export type HostedPlace = { readonly zone: DomainName; readonly id: string };

export function hostedName({ zone, id }: HostedPlace): string {
  return `_spf.${id}.${zone}`;
}

/** Undefined when the networks take too many names. */
export function hostedRecords(place: HostedPlace, terms: readonly string[]): readonly SpfExtraRecord[] | undefined {
  const base = hostedName(place);
  const four = networksOf(normalRanges(rangesOfTerms(terms, 'ip4')), 32).flatMap((one) => labelsOf(one, 8));
  const six = networksOf(normalRanges(rangesOfTerms(terms, 'ip6')), 128).flatMap((one) => labelsOf(one, 4));
  if (four.length + six.length > namesMax) return undefined;
  const answer = (labels: string, family: string): SpfExtraRecord => ({
    name: `${labels}${family}.${base}`,
    type: 'A',
    value: '127.0.0.2',
  });
  return [
    { name: base, type: 'TXT', value: `v=spf1 exists:%{ir}.%{v}.${base} -all` },
    ...four.map((labels) => answer(labels, 'in-addr')),
    ...six.map((labels) => answer(labels, 'ip6')),
  ];
}

/** `*.2.0.192.` for 192.0.2.0/24; a prefix that ends within a label takes a name for each value the label may have. */
function labelsOf({ octets, prefix }: RangeNetwork, labelBits: 4 | 8): string[] {
  const all = labelBits === 8 ? [...octets] : [...octets].flatMap((octet) => [octet >> 4, octet & 15]);
  const whole = Math.ceil(prefix / labelBits);
  const open = whole * labelBits - prefix;
  const fixed = all.slice(0, whole);
  const star = whole < all.length ? '*.' : '';
  const last = fixed.pop();
  const text = (labels: readonly number[]) =>
    labels
      .map((label) => `${label.toString(labelBits === 8 ? 10 : 16)}.`)
      .toReversed()
      .join('');
  if (last === undefined) return [star];
  return Array.from({ length: 1 << open }, (_, add) => `${star}${text([...fixed, last + add])}`);
}
