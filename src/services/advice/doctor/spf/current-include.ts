/** Where a service of the catalogue has its SPF record today, for an include of an older or another name of it. Pure. */
import type { Catalogue } from '../../../setup/types.ts';

export type CurrentInclude = { readonly who: string; readonly term: string };

/** @param exactly only of names that the catalogue lists as such, not of whatever lies below a domain of the service */
export function currentInclude(
  catalogue: Catalogue,
  target: string,
  { exactly }: { readonly exactly: boolean },
): CurrentInclude | undefined {
  const known = catalogue.recogniseName('spfDomains', target);
  if (known === undefined || (exactly && known.pattern !== target)) return undefined;
  const terms = known.sender.spf.filter(({ at }) => at === '@').flatMap((part) => part.terms);
  const includes = terms.filter((term) => term.startsWith('include:'));
  const [term] = includes;
  // Where the service has one name by region, or the include is up to date, there is nothing newer.
  if (term === undefined || includes.some((one) => one.includes('{') || one === `include:${target}`)) return undefined;
  return { who: known.sender.name, term };
}
