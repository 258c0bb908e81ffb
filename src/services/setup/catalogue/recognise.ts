/**
 * Who sends, by the names they leave. A CNAME's target says most: only the service's customers have it. A selector is a habit, the
 * provider's own `d=` may be that of whoever carries its mail, an SPF term is what somebody once meant to use, a machine's name says
 * only who carried it. Tokens in TXT records (google-site-verification, stripe-verification ...) are no signs at all: they prove a
 * sign-in. Pure.
 */
import type { Catalogue, Recognition, SenderDefinition, SenderSign, SenderSigns, TraceKind } from '../types.ts';

/** From what says most to what says least. */
const traceOrder: readonly TraceKind[] = ['dkimTargets', 'selectors', 'dkimDomains', 'spfDomains', 'mx', 'hosts'];

export function recognise(catalogue: Catalogue, signs: SenderSigns): Recognition {
  const found = new Map<SenderDefinition, SenderSign[]>();
  const unclaimed: { readonly by: TraceKind; readonly name: string }[] = [];
  for (const seen of namesIn(signs)) {
    const match = seen.choices.flatMap(({ by, name }) => {
      const known = catalogue.recogniseName(by, name);
      return known ? [{ sender: known.sender, sign: { by, name, pattern: known.pattern } }] : [];
    })[0];
    if (match === undefined) unclaimed.push(...seen.choices.slice(0, 1));
    else found.set(match.sender, [...(found.get(match.sender) ?? []), match.sign]);
  }
  const senders = [...found].map(([sender, unordered]) => ({ sender, signs: unordered.toSorted(byStrength) }));
  return { senders: senders.toSorted((one, other) => byStrength(one.signs[0], other.signs[0])), unclaimed };
}

type Seen = { readonly by: TraceKind; readonly name: string };

/** Each thing that was seen, with the ways to read it: the target of a selector before the selector. */
function namesIn(signs: SenderSigns): readonly { readonly choices: readonly Seen[] }[] {
  const keys = (signs.selectors ?? []).map(({ selector, target }) => ({
    choices: [
      ...(target === undefined ? [] : [{ by: 'dkimTargets', name: target } as const]),
      { by: 'selectors', name: selector } as const,
    ],
  }));
  const plain = (['dkimDomains', 'spfDomains', 'mx', 'hosts'] as const).flatMap((by) =>
    [...new Set(signs[by] ?? [])].map((name) => ({ choices: [{ by, name }] })),
  );
  return [...keys, ...plain];
}

function byStrength(one: SenderSign | undefined, other: SenderSign | undefined): number {
  const order = (sign: SenderSign | undefined) => (sign ? traceOrder.indexOf(sign.by) : traceOrder.length);
  return order(one) - order(other) || (other?.pattern.length ?? 0) - (one?.pattern.length ?? 0);
}
