/**
 * Listens to a connection with patience that ends: the next octets, or why there are none. A wait that was interrupted loses
 * nothing; the read it had begun is taken up by the next one.
 */
import type { Timers } from '../../base/clock.ts';
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

/** Made for thousands that wait and say nothing: while it listens it holds one promise and one timer. */
export class Ear {
  readonly #connection: Connection;
  readonly #timers: Timers;
  #isReading = false;
  /** What came while nobody listened. */
  #came: Heard | undefined;
  #listener: ((heard: Heard) => void) | undefined;
  #cancel: (() => void) | undefined;

  constructor(connection: Connection, timers: Timers) {
    this.#connection = connection;
    this.#timers = timers;
  }

  hear(patienceMs: number): Promise<Heard> {
    const came = this.#came;
    this.#came = undefined;
    if (came) return Promise.resolve(came);
    return new Promise((resolve) => {
      this.#listener = resolve;
      this.#cancel = this.#timers.after(patienceMs, () => this.#tell(timedOut));
      if (!this.#isReading) this.#read();
    });
  }

  /** Ends a wait under way, if there is one. */
  interrupt(): void {
    this.#tell(interrupted);
  }

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
    this.#cancel?.();
    this.#cancel = undefined;
    listener(heard);
  }
}
