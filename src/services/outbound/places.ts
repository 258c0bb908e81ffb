/**
 * The places for deliveries under way: how many there are in all and at one site, who holds them, and whether one is free. Of those
 * who wait, `share-slots.ts` says who gets one. A place at its site is free with the receiver's answer; in all, only once that is stored.
 */
import { hasRoom, type Share, shareSlots, type WaitingQueue } from './share-slots.ts';
import { Sites } from './sites.ts';

export type PlaceLimits = { readonly concurrency: number; readonly perDomain: number };

export type DeliveryPlace = {
  /** The destination has answered. */
  leaveSite(): void;
  /** What came of it is stored. */
  leave(): void;
};

export class Places {
  readonly #limits: PlaceLimits;
  readonly #sites = new Sites();
  readonly #atSites = new Set<WaitingQueue>();
  #taken = 0;

  constructor(limits: PlaceLimits) {
    this.#limits = limits;
  }

  /** @param hosts that take the domain's mail */
  learn(domain: string, hosts: readonly { readonly host: string }[]): void {
    this.#sites.learn(domain, hosts);
  }

  /** As many again as may be at their sites may wait for their end to be stored, so that the next commit holds both. */
  get free(): number {
    const { concurrency } = this.#limits;
    return Math.min(concurrency - this.#atSites.size, 2 * concurrency - this.#taken);
  }

  take({ lane, domain }: WaitingQueue): DeliveryPlace {
    const holder = { lane, domain };
    this.#atSites.add(holder);
    this.#taken++;
    let hasLeft = false;
    return {
      leaveSite: () => void this.#atSites.delete(holder),
      leave: () => {
        if (hasLeft) return;
        hasLeft = true;
        this.#atSites.delete(holder);
        this.#taken--;
      },
    };
  }

  /** For the next one of a queue, where no other waits. */
  hasRoomFor(queue: WaitingQueue): boolean {
    return this.free > 0 && hasRoom(this.#atSite(queue), this.#room());
  }

  share(queues: readonly WaitingQueue[]): readonly Share[] {
    const shares = shareSlots(
      queues.map((queue) => ({ ...this.#atSite(queue), queue })),
      this.#room(),
    );
    return shares.map(({ queue, slots }) => ({ ...queue, slots }));
  }

  #room() {
    const held = [...this.#atSites].map((queue) => this.#atSite(queue));
    return { slots: held.length + this.free, perDomain: this.#limits.perDomain, held };
  }

  /** By site, not by domain: whoever shares sees a queue's site in the place of its domain. */
  #atSite({ lane, domain }: WaitingQueue): WaitingQueue {
    return { lane, domain: this.#sites.of(domain) };
  }
}
