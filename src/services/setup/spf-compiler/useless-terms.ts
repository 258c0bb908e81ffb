/**
 * Terms without which exactly the same addresses pass: hosts whose addresses stand there as networks, includes that another include
 * brings along, includes of names that have no record. Proposed, never taken away unasked: tomorrow's DNS may say something else. Pure.
 */
import type { QueryName } from '../../../format/domain-name.ts';
import { isInside } from './address-ranges.ts';
import type { Draft } from './draft.ts';
import { type MergedTerm, written } from './merge-terms.ts';
import { addressesOfTerms, type Passing, passingAddresses } from './passing-addresses.ts';
import { nameOfTarget } from './read-terms.ts';
import type { World } from './world.ts';

export type Useless = { readonly term: MergedTerm; readonly why: string };

export function uselessTerms(world: World, { name, terms }: Draft): Useless[] {
  const firstStop = terms.findIndex(({ qualifier }) => qualifier !== '+');
  const lead = firstStop < 0 ? terms : terms.slice(0, firstStop);
  const networks = addressesOfTerms(
    world,
    name,
    lead.map(({ directive }) => directive).filter(({ kind }) => kind === 'ip4' || kind === 'ip6'),
  );
  const includes = includesOf(world, lead);
  return lead.flatMap((term): Useless[] => {
    const { directive } = term;
    if (directive.kind === 'include') {
      if (isDead(world, nameOfTarget(directive.target)))
        return [{ term, why: 'nothing passes by it, and the check ends there with an error' }];
      return broughtAlong(term, includes);
    }
    if ((directive.kind !== 'a' && directive.kind !== 'mx') || networks === undefined) return [];
    const own = addressesOfTerms(world, name, [directive]);
    const isCovered = own !== undefined && own.four.length + own.six.length > 0 && isInside(own, networks);
    return isCovered ? [{ term, why: 'its addresses stand there as networks' }] : [];
  });
}

/** Whether the included name has no record that could let anybody pass. */
function isDead({ recordAt }: World, target: QueryName | undefined): boolean {
  const kind = target && recordAt(target).kind;
  return kind === 'none' || kind === 'several' || kind === 'unreadable'; // RFC 7208 §4.5, §5.2
}

type Included = { readonly term: MergedTerm; readonly target: QueryName; readonly passing: Passing };

function includesOf(world: World, terms: readonly MergedTerm[]): Included[] {
  return terms.flatMap((term): Included[] => {
    const target = term.directive.kind === 'include' ? nameOfTarget(term.directive.target) : undefined;
    const passing = target === undefined ? undefined : passingAddresses(world, target);
    return target !== undefined && passing?.ok ? [{ term, target, passing: passing.value }] : [];
  });
}

function broughtAlong(term: MergedTerm, includes: readonly Included[]): Useless[] {
  const own = includes.find((one) => one.term === term);
  if (own === undefined || term.isLiteral) return [];
  const bringer = includes.find(
    (other) =>
      other !== own &&
      other.passing.read.some(({ name }) => name === own.target) &&
      isInside(own.passing, other.passing),
  );
  return bringer === undefined ? [] : [{ term, why: `${written(bringer.term)} brings it along` }];
}
