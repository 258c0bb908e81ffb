/**
 * The bodies of messages that are being handed over. A small one on its way to many places is read and checked once and shared; a
 * large one is read in pieces by each delivery, or fifty deliveries of fifty large messages would be more than a gigabyte.
 */
import type { BlobId, StoredBody } from '../../base/port/blobs.ts';
import type { OutgoingMessage } from './transport.ts';

export type BodyReads = {
  readonly read: (id: BlobId) => Promise<Uint8Array>;
  readonly find: (id: BlobId) => Promise<StoredBody>;
};

/** As what is stored in rows; only their number bounds these, which is that of the deliveries. */
export const smallMax = 256 * 1024;

type Held = { readonly message: Promise<OutgoingMessage>; users: number };

export class HeldBodies {
  readonly #reads: BodyReads;
  readonly #held = new Map<BlobId, Held>();

  constructor(reads: BodyReads) {
    this.#reads = reads;
  }

  /** Runs `work` with the message; a shared one is let go when nobody works with it any more. */
  async with<T>(
    body: { readonly id: BlobId; readonly size: number },
    work: (message: OutgoingMessage) => Promise<T>,
  ): Promise<T> {
    if (body.size > smallMax) return work(await this.#reads.find(body.id));
    const held = this.#held.get(body.id) ?? this.#hold(body.id);
    held.users++;
    try {
      return await work(await held.message);
    } finally {
      held.users--;
      if (held.users === 0) this.#held.delete(body.id);
    }
  }

  #hold(id: BlobId): Held {
    const message = this.#reads.read(id).then(heldMessage);
    const held: Held = { message, users: 0 };
    this.#held.set(id, held);
    return held;
  }
}

/** A message in memory. */
export function heldMessage(bytes: Uint8Array): OutgoingMessage {
  return { size: bytes.length, chunks: () => [bytes] };
}
