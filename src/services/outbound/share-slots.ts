/**
 * Shares the free delivery slots among those who wait. Pure.
 *
 * A *queue* is what one lane (an account's mail) has waiting for one destination domain. Every queue of the round gets one slot,
 * then a second one, and so on, until nothing is free: a sender with 100,000 messages waits as long as one with a single message.
 */
export type WaitingQueue = { readonly lane: string; readonly domain: string };
export type Share = WaitingQueue & { readonly slots: number };

export type Room = {
  readonly free: number;
  /** Most slots that one destination domain may hold. */
  readonly perDomain: number;
  readonly held: ReadonlyMap<string, number>;
};

export function shareSlots(queues: readonly WaitingQueue[], room: Room): readonly Share[] {
  const taken = queues.map(() => 0);
  const heldNow = new Map(room.held);
  let free = room.free;
  let gave = true;
  while (free > 0 && gave) {
    gave = false;
    for (const [index, queue] of queues.entries()) {
      const held = heldNow.get(queue.domain) ?? 0;
      if (free === 0 || held >= room.perDomain) continue;
      heldNow.set(queue.domain, held + 1);
      taken[index] = (taken[index] ?? 0) + 1;
      free--;
      gave = true;
    }
  }
  return queues.map((queue, index) => ({ ...queue, slots: taken[index] ?? 0 })).filter((share) => share.slots > 0);
}
