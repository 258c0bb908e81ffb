/** Turns an attempt and what was decided on it into the event that tells of it. Pure; message text never gets in. */
import type { NewEvent } from '../events/types.ts';
import type { Next } from './decide-next.ts';
import type { DeliveryRow, MessageRow } from './outbound-store.ts';
import type { Attempt, TranscriptStep } from './transport.ts';

export function attemptEvent(told: {
  readonly message: MessageRow;
  readonly delivery: DeliveryRow;
  readonly attempt: Attempt;
  readonly next: Next;
  readonly tries: number;
  readonly transcript: readonly TranscriptStep[];
}): NewEvent {
  const { message, delivery, attempt, next } = told;
  return {
    type: next.kind === 'retry' ? 'email.deferred' : `email.${next.state}`,
    subject: message.id,
    data: {
      delivery_id: delivery.id,
      recipient: delivery.recipient,
      tries: told.tries,
      say: attempt.say,
      enhanced: attempt.enhanced,
      scope: attempt.scope,
      ...(attempt.reply ? { reply: attempt.reply } : {}),
      route: attempt.route,
      ...(attempt.via ? { via: attempt.via } : {}),
      took_ms: attempt.tookMs,
      ...(next.kind === 'retry' ? { next_try_at_ms: next.atMs } : {}),
      transcript: told.transcript,
    },
  };
}
