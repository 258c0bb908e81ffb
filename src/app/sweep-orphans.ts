/**
 * Takes away the spool files that no row names: at the start, and every hour while the office runs, for a crash may have been a
 * minute before the start and what it left is let lie for an hour.
 */
import type { StoredBlobs } from '../adapters/store/blobs.ts';
import type { Timers } from '../base/clock.ts';
import { Fault } from '../base/outcome.ts';
import type { Signals } from '../base/port/signals.ts';

const everyMs = 60 * 60 * 1000;

type SweepPorts = {
  readonly blobs: Pick<StoredBlobs, 'sweepOrphans'>;
  readonly timers: Pick<Timers, 'after'>;
  readonly signals: Signals;
};

export class OrphanSweep {
  readonly #ports: SweepPorts;
  #underWay: Promise<void> = Promise.resolve();
  #cancel = () => {};
  #isOver = false;

  constructor(ports: SweepPorts) {
    this.#ports = ports;
  }

  /** Resolves when the first sweep is done; throws what kept it from being done. */
  async start(): Promise<void> {
    await this.#sweep();
    this.#arm();
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    this.#cancel();
    await this.#underWay;
  }

  #arm(): void {
    if (this.#isOver) return;
    this.#cancel = this.#ports.timers.after(everyMs, () => {
      this.#underWay = this.#sweepAgain();
    });
  }

  async #sweepAgain(): Promise<void> {
    try {
      await this.#sweep();
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      this.#ports.signals.emit('warn', 'store.sweep_failed', { code: error.code });
    }
    this.#arm();
  }

  async #sweep(): Promise<void> {
    const files = await this.#ports.blobs.sweepOrphans();
    if (files > 0) this.#ports.signals.emit('info', 'store.orphans_removed', { files });
  }
}
