/**
 * Decides what becomes of a delivery after an attempt: settle it, or try again at a given time.
 * Pure. `delivery-worker.ts` stores the answer and its events in one transaction.
 */
import { type Backoff, delayAfterMs } from '../../base/backoff.ts';
import { unreachable } from '../../base/outcome.ts';
import type { RecipientState } from './types.ts';

export type RetryPolicy = {
  readonly backoff: Backoff;
  /**
   * After this time since acceptance a delivery that is still deferred ends as failed. RFC 5321 §4.5.4.1. By the wall clock: one
   * that is set back lengthens a delivery's life by that much.
   */
  readonly giveUpAfterMs: number;
};

/** What the decision rests on. */
export type DeliveryFacts = {
  /** Attempts made, this one included. */
  readonly tries: number;
  /** Attempts that ended without an answer after the final dot, this one included. */
  readonly unsureEnds: number;
  /** Deferred, but the final dot had left, and what came back was no SMTP reply. */
  readonly nonsenseAfterDot: boolean;
  readonly acceptedAtMs: number;
  /** The clock is in doubt until then: a delivery whose time is up by it lives on. */
  readonly endsNotBeforeMs?: number;
  /** When the sender wants to hear that it is still under way, where that is to come yet. */
  readonly delayNoticeAtMs?: number;
};

export type AttemptKind = 'delivered' | 'refused' | 'deferred' | 'unsure';

export type Next =
  | { readonly kind: 'settle'; readonly state: Extract<RecipientState, 'delivered' | 'bounced' | 'failed' | 'unsure'> }
  | { readonly kind: 'retry'; readonly atMs: number };

/** The receiver may have the message already: one more copy at most, and later than an ordinary retry. */
const unsureEndsMax = 2;

/** @param uniform a random number in [0, 1) that spreads the retries */
export function decideNext(
  attempt: AttemptKind,
  facts: DeliveryFacts,
  nowMs: number,
  policy: RetryPolicy,
  uniform: number,
): Next {
  switch (attempt) {
    case 'delivered':
      return { kind: 'settle', state: 'delivered' };
    case 'refused':
      return { kind: 'settle', state: 'bounced' }; // RFC 5321 §4.2.1: 5yz is final
    case 'unsure':
      if (facts.unsureEnds >= unsureEndsMax) return { kind: 'settle', state: 'unsure' };
      return retryOrGiveUp(facts.tries + 1, facts, nowMs, policy, uniform);
    case 'deferred':
      // Whoever answers nonsense may have kept the message all the same: not at once again. MAIL_RULES 19
      return retryOrGiveUp(facts.tries + Number(facts.nonsenseAfterDot), facts, nowMs, policy, uniform);
    default:
      return unreachable(attempt);
  }
}

function retryOrGiveUp(step: number, facts: DeliveryFacts, nowMs: number, policy: RetryPolicy, uniform: number): Next {
  const endsMs = Math.max(facts.acceptedAtMs + policy.giveUpAfterMs, facts.endsNotBeforeMs ?? 0);
  if (nowMs >= endsMs) return { kind: 'settle', state: 'failed' };
  const atMs = nowMs + delayAfterMs(policy.backoff, step, uniform);
  const soonestMs = nowMs + (policy.backoff.delaysMs[0] ?? 0);
  // A try comes when time is up, or news of it is due; but none ever follows another faster than the first gap.
  return { kind: 'retry', atMs: Math.max(Math.min(atMs, facts.delayNoticeAtMs ?? endsMs, endsMs), soonestMs) };
}
