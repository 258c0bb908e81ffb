/**
 * Listens to a connection with patience that ends: the next octets, or why there are none. A wait that was interrupted loses
 * nothing; the read it had begun is taken up by the next one.
 */
import type { Timers } from '../../base/clock.ts';
import { Deadline } from '../../base/deadline.ts';
import type { Connection } from '../../base/port/net.ts';

export type Heard =
  | { readonly kind: 'octets'; readonly octets: Uint8Array }
  /** The peer has closed its side, or is gone. */
  | { readonly kind: 'end' }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'interrupted' };

const timedOut: Heard = { kind: 'timeout' };
const interrupted: Heard = { kind: 'interrupted' };
const ended: Heard = { kind: 'end' };

export interface EarListener {
  readonly heard: (heard: Heard) => void;
}

/** Made for thousands that wait and say nothing: while it listens it holds a read and a timer. */
export class Ear {
  readonly #connection: Connection;
  /** Of the one wait there is at a time: for octets, or (not ours) for the peer to take what we write. */
  readonly deadline: Deadline;
  #isReading = false;
  /** What came while nobody listened. */
  #came: Heard | undefined;
  #listener: EarListener | undefined;

  constructor(connection: Connection, timers: Timers) {
    this.#connection = connection;
    this.deadline = new Deadline(timers);
  }

  hear(patienceMs: number): Promise<Heard> {
    return new Promise((resolve) => this.listen(patienceMs, { heard: resolve }));
  }

  /** Tells `listener` once, at once where something has come already. */
  listen(patienceMs: number, listener: EarListener): void {
    const came = this.#came;
    this.#came = undefined;
    if (came) {
      listener.heard(came);
      return;
    }
    this.#listener = listener;
    this.deadline.set(patienceMs, this.#onTimeout);
    if (!this.#isReading) this.#read();
  }

  /** Ends a wait under way, if there is one. */
  interrupt(): void {
    this.#tell(interrupted);
  }

  /** Nobody listens any more. */
  close(): void {
    this.deadline.close();
  }

  readonly #onTimeout = (): void => this.#tell(timedOut);

  #read(): void {
    this.#isReading = true;
    this.#connection.read().then(
      (octets) => this.#arrived(octets ? { kind: 'octets', octets } : ended),
      () => this.#arrived(ended), // reset: the peer is gone, and what it wanted we will not learn
    );
  }

  #arrived(heard: Heard): void {
    this.#isReading = false;
    if (this.#listener) this.#tell(heard);
    else this.#came = heard;
  }

  #tell(heard: Heard): void {
    const listener = this.#listener;
    if (!listener) return;
    this.#listener = undefined;
    this.deadline.clear();
    listener.heard(heard);
  }
}
