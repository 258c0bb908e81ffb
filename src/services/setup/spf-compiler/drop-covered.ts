/**
 * What a sender wants anew and stands there already by other words: its addresses are in a chain that was flattened before, so its
 * include need not come back. Pure.
 */
import type { DomainName } from '../../../format/domain-name.ts';
import { type AddressSet, isInside } from './address-ranges.ts';
import { isLink } from './flatten-includes.ts';
import { type MergedTerm, written } from './merge-terms.ts';
import { passingAddresses } from './passing-addresses.ts';
import { nameOfTarget } from './read-terms.ts';
import type { SpfDropped } from './types.ts';
import type { World } from './world.ts';

type Covered = { readonly terms: readonly MergedTerm[]; readonly dropped: readonly SpfDropped[] };

export function dropFlattened(world: World, name: DomainName, terms: readonly MergedTerm[]): Covered {
  const link = terms.find((term) => term.isPresent && term.qualifier === '+' && linkOf(term, name));
  const held = link && addressesOf(world, link);
  if (link === undefined || held === undefined) return { terms, dropped: [] };
  const gone = terms.filter((term) => {
    if (term.isPresent || term.isLiteral || term.qualifier !== '+') return false;
    const own = addressesOf(world, term);
    return own !== undefined && isInside(own, held);
  });
  if (gone.length === 0) return { terms, dropped: [] };
  const from = [...new Set([...link.from, ...gone.flatMap((term) => term.from)])];
  return {
    terms: terms.filter((term) => !gone.includes(term)).map((term) => (term === link ? { ...link, from } : term)),
    dropped: gone.map((term) => ({ term: written(term), why: `its addresses stand in ${written(link)}` })),
  };
}

function linkOf({ directive }: MergedTerm, name: DomainName): boolean {
  const target = directive.kind === 'include' ? nameOfTarget(directive.target) : undefined;
  return target !== undefined && isLink(target, name);
}

function addressesOf(world: World, { directive }: MergedTerm): AddressSet | undefined {
  const target = directive.kind === 'include' ? nameOfTarget(directive.target) : undefined;
  const passing = target === undefined ? undefined : passingAddresses(world, target);
  return passing?.ok ? passing.value : undefined;
}
