/**
 * Messages accepted a moment ago that wait for their turn, as they were stored: whoever claims a delivery of one for the first time
 * need not read it again.
 * A hint and no more: what is not here, or was claimed before, is read from the database. Large bodies never lie here: whoever takes
 * one out holds it to the end of its delivery.
 *
 * closed -open-> open -close-> closed. While nobody delivers nothing is kept.
 */
import { smallMax } from './held-bodies.ts';
import type { DeliveryRow, Held, MessageRow } from './outbound-store.ts';
import type { DeliveryId } from './types.ts';

export type FreshDelivery = {
  readonly delivery: DeliveryRow;
  readonly message: MessageRow;
  readonly bytes: Uint8Array;
  /** The only one of its message. */
  readonly isAlone: boolean;
};

/** Octets of bodies, those of a message with many recipients counted once for each; a second's worth of mail. */
const octetsMax = 8 * 1024 * 1024;

export class FreshMail {
  readonly #held = new Map<DeliveryId, FreshDelivery>();
  #octets = 0;
  #isOpen = false;

  open(): void {
    this.#isOpen = true;
  }

  close(): void {
    this.#isOpen = false;
    this.#held.clear();
    this.#octets = 0;
  }

  /** After the commit. The oldest give way. */
  put(message: MessageRow, deliveries: readonly DeliveryRow[], bytes: Uint8Array): void {
    if (!this.#isOpen || bytes.length > smallMax || bytes.length * deliveries.length > octetsMax) return;
    const isAlone = deliveries.length === 1;
    for (const delivery of deliveries) this.#held.set(delivery.id, { delivery, message, bytes, isAlone });
    this.#octets += bytes.length * deliveries.length;
    for (const [id, { bytes: oldest }] of this.#held) {
      if (this.#octets <= octetsMax) return;
      this.#held.delete(id);
      this.#octets -= oldest.length;
    }
  }

  /** What was just claimed, as it stands now; undefined where it has to be read. */
  take({ id, fence }: Held, leaseUntilMs: number): FreshDelivery | undefined {
    const found = this.#held.get(id);
    if (!found) return undefined;
    this.#held.delete(id);
    this.#octets -= found.bytes.length;
    if (fence !== 1) return undefined; // claimed before, and perhaps tried
    const delivery = { ...found.delivery, ready: 0, leased: 1, due_at_ms: leaseUntilMs, fence };
    return { ...found, delivery };
  }
}
