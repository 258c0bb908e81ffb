/**
 * Decides whether the sender of a message is told what came of an attempt, and what. Who is told at all (never the null sender, never
 * who sent through the API) is decided by `failure-reports.ts`. Pure.
 */
import { type DsnOccasion, wantsNews } from '../../protocol/dsn/dsn-wishes.ts';
import type { DsnAction, DsnRecipient } from '../../protocol/dsn/write-dsn.ts';
import type { Next } from './decide-next.ts';
import type { DeliveryRow } from './outbound-store.ts';
import { recipientWishesOf } from './stored-wishes.ts';
import type { Attempt } from './transport.ts';

/** After this time without an end, whoever asked for DELAY is told. RFC 3461 §4.1 leaves the time to us; most servers take four hours. */
const delayNoticeAfterMs = 4 * 3_600_000;

export type NewsFacts = {
  readonly delivery: DeliveryRow;
  readonly attempt: Attempt;
  readonly next: Next;
  readonly nowMs: number;
  readonly giveUpAfterMs: number;
};

export function newsOf(facts: NewsFacts): DsnRecipient | undefined {
  const { delivery, attempt, next, nowMs } = facts;
  const wants = (occasion: DsnOccasion) => wantsNews(recipientWishesOf(delivery), occasion);
  if (next.kind === 'retry') {
    const isLate = nowMs >= delivery.accepted_at_ms + delayNoticeAfterMs;
    if (!isLate || !wants('delay')) return undefined;
    const willRetryUntilMs = delivery.accepted_at_ms + facts.giveUpAfterMs;
    return { ...told(facts, 'delayed', attempt.enhanced.replace(/^5/, '4')), willRetryUntilMs };
  }
  if (next.state === 'delivered') {
    const action = successOf(attempt);
    return action && wants('success') ? told(facts, action, attempt.enhanced) : undefined;
  }
  // RFC 3463 §2: given up is permanent, whatever the last reply was
  return wants('failure') ? told(facts, 'failed', attempt.enhanced.replace(/^4/, '5')) : undefined;
}

/** Undefined: the next hop knows DSN and tells the end itself (RFC 3461 §5.2.1), or a test key's mail went to nobody. */
function successOf({ route, via }: Attempt): DsnAction | undefined {
  if (route.source === 'local') return 'delivered';
  return via?.dsn || route.source === 'none' ? undefined : 'relayed'; // RFC 3461 §5.2.2
}

function told({ delivery, attempt }: NewsFacts, action: DsnAction, status: string): DsnRecipient {
  const { reply, via } = attempt;
  return {
    finalRecipient: attempt.recipient,
    ...originalOf(delivery),
    action,
    status,
    say: attempt.say,
    ...(via ? { remoteMta: via.host } : {}),
    ...(reply && reply.code > 0
      ? { diagnostic: [reply.code, reply.enhanced, reply.text].filter(Boolean).join(' ') }
      : {}),
  };
}

/** RFC 3464 §2.3.1: only what the sender himself called it. */
export function originalOf(delivery: DeliveryRow): Pick<DsnRecipient, 'originalRecipient' | 'originalRecipientType'> {
  const { originalRecipient } = recipientWishesOf(delivery);
  if (!originalRecipient) return {};
  return { originalRecipient: originalRecipient.address, originalRecipientType: originalRecipient.type };
}

/** When a try is due that brings the news of the delay, should it fail too; undefined when nobody waits for that. */
export function delayNoticeAtMs(delivery: DeliveryRow, nowMs: number): number | undefined {
  const atMs = delivery.accepted_at_ms + delayNoticeAfterMs;
  return nowMs < atMs && wantsNews(recipientWishesOf(delivery), 'delay') ? atMs : undefined;
}
