/**
 * Whose are the terms that are there? Senders know their own by the domain in them. What a declared sender can never use goes, with the
 * reason; what nobody claims stays. Pure.
 */
import type { QueryName } from '../../../format/domain-name.ts';
import { fitsPattern } from '../catalogue/name-patterns.ts';
import type { MergedTerm } from './merge-terms.ts';
import { written } from './merge-terms.ts';
import { nameOfTarget, readTerms } from './read-terms.ts';
import type { SpfDropped, SpfWish } from './types.ts';

export type Claimed = { readonly terms: readonly MergedTerm[]; readonly dropped: readonly SpfDropped[] };

export function claimTerms(terms: readonly MergedTerm[], wishes: readonly SpfWish[]): Claimed {
  const dropped: SpfDropped[] = [];
  const kept: MergedTerm[] = [];
  for (const term of terms) {
    const claimants = term.isPresent ? wishes.filter((wish) => isOf(term, wish)) : [];
    const useless = claimants.filter(({ aligns }) => aligns === 'no');
    if (term.from.length === 0 && claimants.length > 0 && useless.length === claimants.length)
      dropped.push({ term: written(term), why: useless.map(whyUseless).join('; ') });
    else if (claimants.length === 0) kept.push(term);
    else
      kept.push({
        ...term,
        from: [...new Set([...term.from, ...claimants.map(({ sender }) => sender)])],
        isLiteral: term.isLiteral || claimants.some(({ literal }) => literal === true),
      });
  }
  return { terms: kept, dropped };
}

/** Terms that are wanted and help nobody: not put in, and said. */
export function uselessWishes(wishes: readonly SpfWish[]): SpfDropped[] {
  return wishes
    .filter(({ aligns }) => aligns === 'no')
    .flatMap((wish) => wish.terms.map((term) => ({ term, why: whyUseless(wish) })));
}

function whyUseless({ sender, why }: SpfWish): string {
  return why ?? `${sender} sends with a return path of its own, so SPF can never pass for this domain`;
}

function isOf(term: MergedTerm, { claims = [], terms, aligns }: SpfWish): boolean {
  // Terms of the others are known as theirs since they were merged.
  if (aligns === 'no' && terms.length > 0 && spellingsOf(terms).includes(term.text)) return true;
  const { directive } = term;
  if (directive.kind !== 'include' && directive.kind !== 'exists') return false;
  const domain = nameOfTarget(directive.target) ?? fixedEnd(directive.target.text);
  return domain !== undefined && claims.some((pattern) => fitsPattern(domain, pattern));
}

function spellingsOf(terms: readonly string[]): string[] {
  return readTerms(`v=spf1 ${terms.join(' ')}`).terms.map(({ text }) => text);
}

/** `%{i}._spf.mta.salesforce.com` is one of salesforce.com. */
function fixedEnd(target: string): QueryName | undefined {
  const end = /\.([a-z0-9_-]+(?:\.[a-z0-9_-]+)+)$/i.exec(target)?.[1];
  return end?.toLowerCase() as QueryName | undefined;
}
