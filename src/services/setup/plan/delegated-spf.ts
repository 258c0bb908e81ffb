/**
 * SPF of a domain whose records the office keeps: one include of ours stands for everybody whose terms are in the record behind it. What
 * of them stands in the domain's own record goes, so that nothing is looked up twice. Pure.
 */
import type { DomainName } from '../../../format/domain-name.ts';
import { spfInclude } from '../hosted/delegated-names.ts';
import { hostedTerms } from '../hosted/hosted-records.ts';
import type { SpfWish } from '../spf-compiler/types.ts';
import { look } from './facts.ts';
import { type Context, self } from './part.ts';

type Wishes = ReadonlyMap<DomainName, readonly SpfWish[]>;

export function delegatedWishes(context: Context, wishes: Wishes): Wishes {
  const { office, domain } = context;
  const delegation = office?.delegation;
  if (office === undefined || delegation?.kind !== 'names') return wishes;
  const include = spfInclude(delegation);
  // What is not answered yet stays where it is, and is wanted there.
  const held = delegation.spfHeld?.find(({ name }) => name === domain);
  const hosted = new Set(held?.terms ?? hostedTerms({ ...context, office, delegation }));
  const own = wishes.get(domain) ?? [];
  const moved = own.filter((wish) => !wish.literal && wish.terms.some((term) => hosted.has(term)));
  const addresses = moved.flatMap((wish) => wish.addresses ?? []);
  const there = textsAt(context);
  const settled = [
    { sender: self, terms: [include], aligns: 'yes', addresses } as const,
    ...own.flatMap((wish) => {
      const { literal: _, claims: __, addresses: ___, movesTo: ____, ...rest } = wish;
      if (!moved.includes(wish)) return [wish];
      const left = wish.terms.filter((term) => !hosted.has(term));
      const gone = wish.terms.filter((term) => hosted.has(term) && there.has(term.toLowerCase()));
      const why = `${include} asks for it, and follows what you declare`;
      return [
        ...(left.length > 0 ? [{ ...rest, terms: left }] : []),
        ...(gone.length > 0 ? [{ ...rest, terms: gone, aligns: 'no' as const, why }] : []),
      ];
    }),
  ];
  const others = [...wishes].filter(([name]) => name !== domain && name !== `bounce.${domain}`);
  return new Map([[domain, settled], ...others]);
}

function textsAt({ facts, domain }: Context): ReadonlySet<string> {
  const sight = look(facts, domain, 'TXT');
  const values = sight.kind === 'seen' && !sight.isWild ? sight.values : [];
  return new Set(values.flatMap((text) => text.toLowerCase().split(' ')).map((term) => term.replace(/^\+/, '')));
}
