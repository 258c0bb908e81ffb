/**
 * Shares the free delivery slots among those who wait. Pure.
 *
 * A *queue* is what one lane (an account's mail) has waiting for one destination domain. Each slot goes to the lane that holds the
 * fewest, within it to the domain for which it holds the fewest, and between equals to the one whose turn it is: a sender with
 * 100,000 messages waits as long as one with a single message. The last free slot, of a domain or of all, is kept for a lane that
 * holds none: one sender whose destinations answer slowly cannot own them all. MAIL_RULES 24
 */
export type WaitingQueue = { readonly lane: string; readonly domain: string };
export type Share<Queue = WaitingQueue> = Queue & { readonly slots: number };

export type Room = {
  /** All slots there are. */
  readonly slots: number;
  /** Most of them that one destination domain may hold. */
  readonly perDomain: number;
  /** The slots held now, one entry each. */
  readonly held: readonly WaitingQueue[];
};

/** @param queues in the order of their turns */
export function shareSlots<Queue extends WaitingQueue>(queues: readonly Queue[], room: Room): readonly Share<Queue>[] {
  const held = new Held(room);
  const given = queues.map(() => 0);
  for (;;) {
    const best = nextTurn(queues, held);
    const queue = best === undefined ? undefined : queues[best];
    if (best === undefined || queue === undefined) break;
    held.add(queue);
    given[best] = (given[best] ?? 0) + 1;
  }
  return queues.map((queue, index) => ({ ...queue, slots: given[index] ?? 0 })).filter((share) => share.slots > 0);
}

/** Whether a queue gets a slot when no other waits for one. */
export function hasRoom(queue: WaitingQueue, room: Room): boolean {
  return new Held(room).hasRoomFor(queue);
}

/** The queue that gets the next slot, by its place in the list. */
function nextTurn(queues: readonly WaitingQueue[], held: Held): number | undefined {
  let best: { readonly index: number; readonly lane: number; readonly queue: number } | undefined;
  for (const [index, queue] of queues.entries()) {
    if (!held.hasRoomFor(queue)) continue;
    const mine = { index, lane: held.ofLane(queue), queue: held.ofQueue(queue) };
    if (best === undefined || mine.lane < best.lane || (mine.lane === best.lane && mine.queue < best.queue))
      best = mine;
  }
  return best?.index;
}

class Held {
  readonly #room: Room;
  readonly #lanes = new Map<string, number>();
  readonly #domains = new Map<string, number>();
  readonly #queues = new Map<string, number>();
  #all = 0;

  constructor(room: Room) {
    this.#room = room;
    for (const one of room.held) this.add(one);
  }

  add(queue: WaitingQueue): void {
    this.#all++;
    increase(this.#lanes, queue.lane);
    increase(this.#domains, queue.domain);
    increase(this.#queues, keyOf(queue));
  }

  ofLane(queue: WaitingQueue): number {
    return this.#lanes.get(queue.lane) ?? 0;
  }

  ofQueue(queue: WaitingQueue): number {
    return this.#queues.get(keyOf(queue)) ?? 0;
  }

  hasRoomFor(queue: WaitingQueue): boolean {
    const free = this.#room.slots - this.#all;
    const freeAtDomain = this.#room.perDomain - (this.#domains.get(queue.domain) ?? 0);
    if (free <= 0 || freeAtDomain <= 0) return false;
    if (free === 1 && this.ofLane(queue) > 0) return false;
    return freeAtDomain > 1 || this.ofQueue(queue) === 0;
  }
}

function keyOf({ lane, domain }: WaitingQueue): string {
  return `${domain} ${lane}`; // a domain holds no blank
}

function increase(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
