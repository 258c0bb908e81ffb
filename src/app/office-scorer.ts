/** The scorer of an office: made with the catalogue when the first message is to be scored, and one for all from then on. */
import type { Timers } from '../base/clock.ts';
import type { Resolver } from '../protocol/dns/types.ts';
import { createScorer, type Scorer } from '../services/advice/advice.ts';
import type { MessageFilter } from '../services/advice/score/content/types.ts';
import { loadCatalogue } from './load-catalogue.ts';
import type { WebLooks, WebWish } from './web-looks.ts';

export function officeScorer({
  resolver,
  timers,
  filters = [],
}: {
  readonly resolver: Resolver;
  readonly timers: Timers;
  /** Outside filters of the configuration. */
  readonly filters?: readonly MessageFilter[];
}): () => Promise<Scorer> {
  let scorer: Promise<Scorer> | undefined;
  return () => {
    scorer ??= loadCatalogue().then((catalogue) =>
      createScorer({ resolver, clock: timers, timers, catalogue, filters }),
    );
    return scorer;
  };
}

/** The same for what comes to test addresses: their reader is the office, and may follow links. */
export function scorerOfTests(
  scorer: () => Promise<Scorer>,
  { webLooks, ...wish }: WebWish & { readonly webLooks: WebLooks },
): () => Promise<Scorer> {
  return async () => {
    const { scoreMessage } = await scorer();
    return { scoreMessage: (message, session) => scoreMessage(message, session, webLooks(wish)) };
  };
}
