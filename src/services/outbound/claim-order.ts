/** In which order claimed deliveries go, which of them go together, and where the next look at the queue begins. Pure. */
import type { FreshDelivery } from './fresh-mail.ts';
import type { DeliveryRow, Held, Turn } from './outbound-store.ts';
import type { WaitingQueue } from './share-slots.ts';

/** Lanes whose turn is remembered. */
const placesMax = 10_000;

/** With what is known of it still, where it was accepted a moment ago. */
export type Claimed = { readonly delivery: DeliveryRow; readonly fresh: FreshDelivery | undefined };

/** Others, like ourselves, take mail from the null sender for one recipient at a time. MAIL_RULES 4 */
export function travels(delivery: DeliveryRow): boolean {
  return delivery.return_path !== '';
}

/** First attempts before retries, as they were accepted; an UPDATE answers in no order. */
export function byTurn(a: Held, b: Held): number {
  return a.fence - b.fence || (a.id < b.id ? -1 : 1);
}

/** Those that go in one transaction: see `claimCompanions`. */
export function groupsOf(claimed: readonly Claimed[]): Iterable<readonly Claimed[]> {
  const groups = new Map<string, Claimed[]>();
  for (const one of claimed) {
    const { id, message_id, return_path, unsure_ends } = one.delivery;
    const key = travels(one.delivery) ? `${message_id} ${unsure_ends} ${return_path}` : id;
    const group = groups.get(key);
    if (group) group.push(one);
    else groups.set(key, [one]);
  }
  return groups.values();
}

/** The next round begins after the queue served last; where none was served, after the last one looked at. */
export function turnAfter(turn: Turn, queues: readonly WaitingQueue[], shares: readonly WaitingQueue[]): Turn {
  const domains = turn.domains.size < placesMax ? new Map(turn.domains) : new Map<string, string>();
  for (const { lane, domain } of [...queues, ...shares]) domains.set(lane, domain);
  return { lane: (shares.at(-1) ?? queues.at(-1))?.lane ?? turn.lane, domains };
}
