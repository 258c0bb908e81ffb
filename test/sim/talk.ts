/** Lines over a simulated connection, the simple way: what foreign hosts and clients speak with. Not our own SMTP code, on purpose. */
import { Fault } from '../../src/base/outcome.ts';
import type { Connection } from '../../src/base/port/net.ts';
import type { Schedule } from './schedule.ts';

export class Gone extends Error {}

export class Talk {
  readonly connection: Connection;
  readonly #schedule: Schedule;
  #held = '';
  #reading: Promise<Uint8Array | undefined> | undefined;

  constructor(connection: Connection, schedule: Schedule) {
    this.connection = connection;
    this.#schedule = schedule;
  }

  /** The next line without its end; throws `Gone` when none comes within `patienceMs`. */
  async line(patienceMs: number): Promise<string> {
    for (;;) {
      const end = this.#held.indexOf('\r\n');
      if (end >= 0) return this.#cut(end, end + 2);
      await this.#more(patienceMs);
    }
  }

  async octets(count: number, patienceMs: number): Promise<string> {
    while (this.#held.length < count) await this.#more(patienceMs);
    return this.#cut(count, count);
  }

  /** Up to the final dot, without it and without the dots that were put before others. */
  async message(patienceMs: number): Promise<string> {
    for (;;) {
      const isEmpty = this.#held.startsWith('.\r\n');
      const end = isEmpty ? -2 : this.#held.indexOf('\r\n.\r\n');
      if (isEmpty || end >= 0) return this.#cut(end + 2, end + 5).replace(/^\.\./gm, '.');
      await this.#more(patienceMs);
    }
  }

  async say(text: string): Promise<void> {
    try {
      await this.connection.write(Buffer.from(text, 'latin1'));
    } catch (error) {
      throw error instanceof Fault ? new Gone(error.code) : error;
    }
  }

  #cut(to: number, from: number): string {
    const text = this.#held.slice(0, to);
    this.#held = this.#held.slice(from);
    return text;
  }

  async #more(patienceMs: number): Promise<void> {
    this.#reading ??= this.connection.read();
    let cancel = () => {};
    const late = new Promise<'late'>((resolve) => {
      cancel = this.#schedule.after(patienceMs, () => resolve('late'));
    });
    try {
      const heard = await Promise.race([this.#reading, late]);
      if (heard === 'late') throw new Gone('late');
      this.#reading = undefined;
      if (heard === undefined) throw new Gone('end');
      this.#held += Buffer.from(heard).toString('latin1');
    } catch (error) {
      throw error instanceof Fault ? new Gone(error.code) : error;
    } finally {
      cancel();
    }
  }
}
