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

export class Ear {
  readonly #connection: Connection;
  readonly #timers: Timers;
  #reading: Promise<Heard> | undefined;
  #interrupt: (() => void) | undefined;

  constructor(connection: Connection, timers: Timers) {
    this.#connection = connection;
    this.#timers = timers;
  }

  hear(patienceMs: number): Promise<Heard> {
    this.#reading ??= this.#read();
    const reading = this.#reading;
    return new Promise((resolve) => {
      let waiting = true;
      const settle = (heard: Heard) => {
        if (!waiting) return;
        waiting = false;
        cancel();
        this.#interrupt = undefined;
        if (heard.kind === 'octets' || heard.kind === 'end') this.#reading = undefined;
        resolve(heard);
      };
      const cancel = this.#timers.after(patienceMs, () => settle({ kind: 'timeout' }));
      this.#interrupt = () => settle({ kind: 'interrupted' });
      reading.then(settle);
    });
  }

  /** Ends a wait under way, if there is one. */
  interrupt(): void {
    this.#interrupt?.();
  }

  async #read(): Promise<Heard> {
    try {
      const octets = await this.#connection.read();
      return octets ? { kind: 'octets', octets } : { kind: 'end' };
    } catch {
      return { kind: 'end' }; // reset: the peer is gone, and what it wanted we will not learn
    }
  }
}
