/**
 * The bodies of messages that are being handed over. A message on its way to many places is read and checked once and shared, and
 * all bodies together stay within a bound: fifty deliveries of fifty large messages would be more than a gigabyte otherwise.
 */
import { OctetBudget } from '../../base/limits.ts';
import type { BlobId } from '../../base/port/blobs.ts';

export type BodyLimits = {
  /** Octets of large bodies held at one time. */
  readonly most: number;
  /** Bodies up to this size never wait. */
  readonly small: number;
};

/** Ten messages of the largest size usually allowed. */
const usualLimits: BodyLimits = { most: 256 * 1024 * 1024, small: 256 * 1024 };

type Held = { readonly bytes: Promise<Uint8Array>; users: number; give: () => void };

export class HeldBodies {
  readonly #read: (id: BlobId) => Promise<Uint8Array>;
  readonly #limits: BodyLimits;
  readonly #budget: OctetBudget;
  readonly #held = new Map<BlobId, Held>();
  /** Whoever waits for room waits for those before him. */
  #turn: Promise<unknown> = Promise.resolve();
  #given = Promise.withResolvers<void>();

  constructor(read: (id: BlobId) => Promise<Uint8Array>, limits: BodyLimits = usualLimits) {
    this.#read = read;
    this.#limits = limits;
    this.#budget = new OctetBudget(limits);
  }

  /** Runs `work` with the bytes; they are let go when nobody works with them any more. */
  async with<T>(
    body: { readonly id: BlobId; readonly size: number },
    work: (bytes: Uint8Array) => Promise<T>,
  ): Promise<T> {
    const held = this.#held.get(body.id) ?? this.#hold(body.id, body.size);
    held.users++;
    try {
      return await work(await held.bytes);
    } finally {
      held.users--;
      if (held.users === 0) this.#letGo(body.id, held);
    }
  }

  #hold(id: BlobId, size: number): Held {
    const bytes = this.#room(size).then((give) => {
      held.give = give;
      return this.#read(id);
    });
    const held: Held = { bytes, users: 0, give: () => {} };
    this.#held.set(id, held);
    return held;
  }

  #letGo(id: BlobId, held: Held): void {
    this.#held.delete(id);
    held.give();
    this.#given.resolve();
    this.#given = Promise.withResolvers();
  }

  async #room(size: number): Promise<() => void> {
    if (size <= this.#limits.small) return () => {};
    const mine = this.#turn.then(() => this.#waitForRoom(size));
    this.#turn = mine;
    return mine;
  }

  async #waitForRoom(size: number): Promise<() => void> {
    for (;;) {
      const give = this.#budget.take(size);
      if (give) return give;
      await this.#given.promise;
    }
  }
}
