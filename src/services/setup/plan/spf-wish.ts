/** What a sender wants in the SPF record of one name, in the compiler's words. Pure. */
import type { SpfWish } from '../spf-compiler/types.ts';
import type { SenderWants } from '../types.ts';

/** @param parts those of its SPF parts that are for the name */
export function spfWishOf({ sender, label }: SenderWants, parts: SenderWants['spf'], mayMove: boolean): SpfWish {
  const terms = parts.flatMap((part) => part.terms);
  const addresses = terms.flatMap((term) => /^ip[46]:([^/]+)$/i.exec(term)?.[1] ?? []);
  const people = ['mailbox', 'forwarding', 'website', 'server'];
  return {
    sender: label,
    terms,
    literal: parts.some(({ literal }) => literal),
    aligns: sender.aligns.spf,
    claims: sender.traces.spfDomains,
    addresses,
    ...(mayMove && !people.includes(sender.family) && { movesTo: sender.id }),
  };
}
