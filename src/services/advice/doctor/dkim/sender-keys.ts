/** How the keys stand that each sender signs with. Pure. */
import type { KnownSender, Subject } from '../types.ts';
import type { Sight } from './facts.ts';
import { type Want, wantsOf } from './wants.ts';

export type KeyState = 'good' | 'weak' | 'broken' | 'missing' | 'unknown';

/** By the label of a known sender. */
export type SenderKeys = {
  readonly label: string;
  readonly keys: readonly { readonly selector: string; readonly state: KeyState }[];
};

/** Shorter ones still verify and count as weak. RFC 8301 §3.2 */
export const bitsWanted = 2048;

export function senderKeysOf(
  senders: readonly KnownSender[],
  sights: readonly Sight[],
  { catalogue }: Pick<Subject, 'catalogue'>,
): readonly SenderKeys[] {
  return senders.map((known) => {
    const { sender, label, domain } = known.wants;
    const named = wantsOf(known).flatMap((want) => {
      const sight = sightFor(want, sights);
      return sight ? [sight] : [];
    });
    const ledTo = sights.filter(
      ({ alias, domain: below }) =>
        below === domain &&
        alias.kind === 'found' &&
        alias.records.some((target) => catalogue.recogniseName('dkimTargets', target)?.sender.id === sender.id),
    );
    const all = [...new Set([...named, ...ledTo])];
    return { label, keys: all.map((sight) => ({ selector: sight.selector, state: stateOf(sight) })) };
  });
}

export function sightFor({ name }: Pick<Want, 'name'>, sights: readonly Sight[]): Sight | undefined {
  return sights.find((sight) => sight.name === name);
}

export function stateOf({ txt, texts, isWild, isBeyond }: Sight): KeyState {
  if (txt.kind === 'failed' || isBeyond) return 'unknown';
  const states = texts.flatMap(({ read }): KeyState[] => {
    if (typeof read !== 'string') return [read.type === 'rsa' && read.bits < bitsWanted ? 'weak' : 'good'];
    return isWild ? [] : ['broken'];
  });
  return (['good', 'weak', 'broken'] as const).find((state) => states.includes(state)) ?? 'missing';
}

/**
 * An alias to no key, beside one of the same service that leads to a good one: services with two names sign with one of them, and some,
 * Microsoft 365 among them, make the key of the other only when they change keys. One that somebody saw in use is none of those.
 */
export function isIdleTwin(sight: Sight, sights: readonly Sight[], catalogue: Subject['catalogue']): boolean {
  const service = serviceOf(sight, catalogue);
  const isInUse = sight.origins.includes('told') || sight.origins.includes('reports');
  if (service === undefined || isInUse || stateOf(sight) !== 'missing') return false;
  return sights.some((other) => {
    const isPair = other.name !== sight.name && other.domain === sight.domain;
    return isPair && ['good', 'weak'].includes(stateOf(other)) && serviceOf(other, catalogue) === service;
  });
}

function serviceOf({ alias }: Sight, catalogue: Subject['catalogue']): string | undefined {
  const [target] = alias.kind === 'found' ? alias.records : [];
  return target === undefined ? undefined : catalogue.recogniseName('dkimTargets', target)?.sender.id;
}
