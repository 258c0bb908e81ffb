/**
 * What an office looks at in the web to score a message: links that are followed, one-click unsubscribe that is tried. Whoever may have
 * messages scored here, and that may be everybody, must not be able to send us against others: there is a limit for the whole office.
 */
import { createGuardedHttp } from '../adapters/http/guarded-http.ts';
import { RateWindow } from '../base/limits.ts';
import type { AskWeb } from '../base/port/web.ts';
import { isDocumentationAddress } from '../format/ip-address.ts';
import type { ScoreBesides } from '../services/advice/score/types.ts';
import type { World } from './compose.ts';

export type WebWish = { readonly followLinks: boolean; readonly tryUnsubscribe: boolean };
/** Nothing once the office has looked too often. */
export type WebLooks = (wish: WebWish) => ScoreBesides;

/** Messages in an hour, of 20 links each. (Our choice.) */
const looksMax = 100;
const windowMs = 60 * 60_000;

export function openWebLooks(
  { resolver, timers, trust }: Pick<World, 'resolver' | 'timers' | 'trust'>,
  web: AskWeb = createGuardedHttp({ resolver, timers, trust, isInVain: isDocumentationAddress }).ask,
): WebLooks {
  const looks = new RateWindow(timers, { windowMs });
  return ({ followLinks, tryUnsubscribe }) => {
    if ((!followLinks && !tryUnsubscribe) || looks.add('office') > looksMax) return {};
    return { ...(followLinks && { followLinks: web }), ...(tryUnsubscribe && { tryUnsubscribe: web }) };
  };
}
