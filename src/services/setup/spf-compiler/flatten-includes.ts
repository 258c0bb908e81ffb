/**
 * Includes become the addresses they stand for: a chain of records of our own, each of which fits into a DNS answer, and a fingerprint
 * of what was written down, because from now on nobody but us sees that a provider has moved. Pure.
 */
import type { DomainName, QueryName } from '../../../format/domain-name.ts';
import { type AddressSet, networksOf, networkTerm, normalRanges, rangesOfTerms } from './address-ranges.ts';
import { roomAlone } from './answer-size.ts';
import { type Passing, passingAddresses } from './passing-addresses.ts';
import type { SpfExtraRecord } from './types.ts';
import type { World } from './world.ts';

export type FlatSource = {
  /** The included name. */
  readonly include: string;
  /** Its networks as terms, the fewest that hold all addresses. */
  readonly networks: readonly string[];
  readonly read: Passing['read'];
  readonly ttlSeconds: number;
  /** The same as ranges. */
  readonly ranges: AddressSet;
};

export type FlattenRefusal = { readonly include: string; readonly why: string };

export function flatSource(world: World, include: QueryName): FlatSource | FlattenRefusal {
  const passing = passingAddresses(world, include);
  if (!passing.ok) return { include, why: passing.say };
  const { four, six, read, ttlSeconds } = passing.value;
  const networks = [...networksOf(four, 32), ...networksOf(six, 128)].map(networkTerm);
  if (networks.length === 0) return { include, why: 'no address passes it' };
  return { include, networks, read, ttlSeconds, ranges: { four, six } };
}

/** Records of a chain; each costs one of the ten lookups. */
const chainMax = 10;

/** `_spf1.example.com`, whose last term includes `_spf2.example.com`, and so on. Undefined when they are too many for ten records. */
export function chainRecords(
  name: DomainName,
  terms: readonly string[],
  goal?: number,
): readonly SpfExtraRecord[] | undefined {
  const links: string[][] = [];
  let room = 0;
  for (const term of terms) {
    if (term.length + 1 > room || links.length === 0) {
      if (links.length === chainMax) return undefined;
      links.push([]);
      room = roomAlone(linkName(name, links.length), goal) - `v=spf1 include:${linkName(name, chainMax)} -all`.length;
    }
    links.at(-1)?.push(term);
    room -= term.length + 1;
  }
  return links.map((link, at) => {
    const next = at + 1 < links.length ? [`include:${linkName(name, at + 2)}`] : [];
    return { name: linkName(name, at + 1), type: 'TXT', value: ['v=spf1', ...link, ...next, '-all'].join(' ') };
  });
}

function linkName(name: DomainName, number: number): string {
  return `_spf${number}.${name}`;
}

/** Whether the name is a link of the chain of `name`. */
export function isLink(target: string, name: DomainName): boolean {
  return (
    /^_spf[0-9]{1,2}\./.test(target) &&
    target.endsWith(`.${name}`) &&
    target.split('.').length === name.split('.').length + 1
  );
}

/** Networks of several sources as the fewest terms. */
export function joinedTerms(
  sources: readonly { readonly networks: readonly string[]; readonly ranges?: AddressSet }[],
): string[] {
  if (sources.length === 1) return [...(sources[0]?.networks ?? [])];
  const four = sources.flatMap(({ networks, ranges }) => ranges?.four ?? rangesOfTerms(networks, 'ip4'));
  const six = sources.flatMap(({ networks, ranges }) => ranges?.six ?? rangesOfTerms(networks, 'ip6'));
  return [...networksOf(normalRanges(four), 32), ...networksOf(normalRanges(six), 128)].map(networkTerm);
}
