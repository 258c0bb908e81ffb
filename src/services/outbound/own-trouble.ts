/** Attempts that ended on our side: nothing of them is the recipient's, or the receiver's. Pure. */
import { Fault } from '../../base/outcome.ts';
import type { DeliveryRow } from './outbound-store.ts';
import type { Attempt } from './transport.ts';

/** Our own fault (damaged body, full disk) is never the recipient's: the delivery waits. */
export function ourTrouble(
  delivery: DeliveryRow,
  error: unknown,
  at: { readonly startedAtMs: number; readonly mayHaveArrived: boolean },
): Attempt {
  const words =
    error instanceof Fault
      ? `for a fault on our side: ${error.message}`
      : 'for a fault on our side; the log says more.';
  return {
    ...withoutWay(delivery, at.startedAtMs),
    kind: at.mayHaveArrived ? 'unsure' : 'deferred',
    afterFinalDot: at.mayHaveArrived,
    say: at.mayHaveArrived ? `Perhaps sent; no answer was read, ${words}` : `Not sent, ${words}`,
  };
}

export function noAnswer(delivery: DeliveryRow, nowMs: number): Attempt {
  return ourTrouble(delivery, undefined, { startedAtMs: nowMs, mayHaveArrived: true });
}

export function diedTooOften(delivery: DeliveryRow, nowMs: number): Attempt {
  return {
    ...withoutWay(delivery, nowMs),
    kind: 'unsure',
    afterFinalDot: false,
    say: `This office was interrupted ${delivery.unsure_ends} times while it waited for the receiver's answer. The message may have arrived, and is not sent again.`,
  };
}

function withoutWay(delivery: DeliveryRow, startedAtMs: number) {
  return {
    recipient: delivery.recipient,
    scope: 'infrastructure',
    enhanced: '4.3.0',
    route: { source: 'none', candidates: [], passedOver: [] },
    startedAtMs,
    tookMs: 0,
  } as const;
}
