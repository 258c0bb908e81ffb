/** What follows from one attempt: the next try or the end, and what its sender is told. Pure. */
import type { DsnRecipient } from '../../protocol/dsn/write-dsn.ts';
import { delayNoticeAtMs, newsOf } from './decide-news.ts';
import { type DeliveryFacts, decideNext, type Next, type RetryPolicy } from './decide-next.ts';
import type { DeliveryRow } from './outbound-store.ts';
import type { Attempt } from './transport.ts';

export type End = {
  readonly delivery: DeliveryRow;
  readonly attempt: Attempt;
  readonly facts: DeliveryFacts;
  readonly next: Next;
  /** What its sender is to be told, and was not told before. */
  readonly news: DsnRecipient | undefined;
};

type Around = {
  /** The sender knows that the message is delayed. */
  readonly delayTold: boolean;
  readonly nowMs: number;
  /** For so long nothing may end by the clock. */
  readonly doubtMs: number;
  readonly retry: RetryPolicy;
  /** 0 to 1. */
  readonly random: number;
};

export function decideEnd(
  { delivery, attempt }: { readonly delivery: DeliveryRow; readonly attempt: Attempt },
  { delayTold, nowMs, doubtMs, retry, random }: Around,
): End {
  const noticeAtMs = delayTold ? undefined : delayNoticeAtMs(delivery, nowMs);
  const facts: DeliveryFacts = {
    tries: delivery.tries + 1,
    unsureEnds: delivery.unsure_ends + (attempt.kind === 'unsure' ? 1 : 0),
    nonsenseAfterDot: attempt.kind === 'deferred' && attempt.afterFinalDot && !attempt.reply?.code,
    acceptedAtMs: delivery.accepted_at_ms,
    ...(doubtMs > 0 ? { endsNotBeforeMs: nowMs + doubtMs } : {}),
    ...(noticeAtMs === undefined ? {} : { delayNoticeAtMs: noticeAtMs }),
  };
  const next = decideNext(attempt.kind, facts, nowMs, retry, random);
  const news = newsOf({ delivery, attempt, next, nowMs, giveUpAfterMs: retry.giveUpAfterMs });
  return { delivery, attempt, facts, next, news: delayTold && news?.action === 'delayed' ? undefined : news };
}
