/** What the DKIM keys of a domain do, in a sentence. Pure. */
import type { Domain } from './office-client.ts';

export function keysSentence(keys: Domain['dkim_keys']): string {
  const of = (state: string) => keys.filter((key) => key.state === state).map(({ selector }) => selector);
  const [active, pending] = [of('active'), of('pending')];
  const signs =
    active.length === 0 ? 'Nothing signs yet' : `${active.join(' and ')} ${active.length > 1 ? 'sign' : 'signs'}`;
  if (pending.length === 0) return `${signs}.`;
  const isSeen = keys.every(({ state, seen_since: seen }) => state !== 'pending' || seen !== undefined);
  const shows = `once every name server shows ${pending.length > 1 ? 'them' : 'it'}`;
  return `${signs}; ${pending.join(' and ')} will, ${isSeen ? 'once caches have forgotten what was there before' : shows}.`;
}
