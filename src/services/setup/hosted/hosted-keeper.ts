/**
 * Keeps the hosted zones of delegated domains what they have to be: after a change of keys, declaration or delegation at once, and
 * now and then in case the word of one got lost. It also begins a rotation when keys are old; the rest of it is the care of keys
 * (`care/domain-care.ts`), which finds the new records in our own zones.
 */
import type { Timers } from '../../../base/clock.ts';
import type { Db } from '../../../base/port/db.ts';
import type { Signals } from '../../../base/port/signals.ts';
import type { DomainName } from '../../../format/domain-name.ts';
import { type Directory, directoryChannel } from '../../directory/directory.ts';
import type { DkimKeyRecord } from '../../directory/types.ts';
import { declarationsChannel } from '../setup-store.ts';
import { type Delegations, delegationsChannel } from './delegations.ts';

export type HostedKeeperPorts = {
  readonly db: Pick<Db, 'onNotify'>;
  readonly delegations: Pick<Delegations, 'domains' | 'make'>;
  readonly directory: Pick<Directory, 'keysOf' | 'dkim'>;
  readonly timers: Timers;
  readonly signals: Signals;
};

const dayMs = 86_400_000;
const roundMs = 6 * 3_600_000;
/** M3AAWG's "DKIM Key Rotation Best Common Practices" asks for every six months at least. */
export const keyAgeMaxMs = 180 * dayMs;

export class HostedKeeper {
  readonly #ports: HostedKeeperPorts;
  #cancel: () => void = () => {};
  #forget: () => void = () => {};
  #round: Promise<void> = Promise.resolve();
  #isAsked = false;
  #isOver = false;

  constructor(ports: HostedKeeperPorts) {
    this.#ports = ports;
  }

  start(): void {
    const { db } = this.#ports;
    const channels = [directoryChannel, declarationsChannel, delegationsChannel];
    const ends = channels.map((channel) => db.onNotify(channel, () => this.#ask()));
    this.#forget = () => {
      for (const end of ends) end();
    };
    this.#ask();
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    this.#forget();
    this.#cancel();
    await this.#round;
  }

  /** Several changes of a moment are one round. */
  #ask(): void {
    if (this.#isAsked) return;
    this.#isAsked = true;
    this.#round = this.#round.then(() => this.#go());
  }

  async #go(): Promise<void> {
    this.#isAsked = false;
    this.#cancel();
    const domains = await this.#trying('', () => this.#ports.delegations.domains());
    for (const domain of domains ?? []) {
      if (this.#isOver) return;
      await this.#trying(domain, () => this.#keep(domain));
    }
    if (!this.#isOver) this.#cancel = this.#ports.timers.after(roundMs, () => this.#ask());
  }

  async #keep(domain: DomainName): Promise<void> {
    const { delegations, directory, timers, signals } = this.#ports;
    if (areOld(await directory.keysOf(domain), timers.nowMs())) await directory.dkim.rotate(domain);
    for (const { name, why, say } of await delegations.make(domain))
      signals.emit('warn', 'domains.spf_held', { domain, at: name, why, say });
  }

  /** One that cannot be made holds up none of the others; it is tried again in the next round. */
  async #trying<T>(domain: string, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      this.#ports.signals.emit('error', 'domains.hosting_failed', { domain, error: String(error) });
      return undefined;
    }
  }
}

/** Pure. While a rotation is under way, or its end still being waited for, none begins. */
export function areOld(keys: readonly Pick<DkimKeyRecord, 'state' | 'stateSinceMs'>[], nowMs: number): boolean {
  if (keys.some(({ state }) => state === 'pending' || state === 'retiring')) return false;
  return keys.some(({ state, stateSinceMs }) => state === 'active' && nowMs - stateSinceMs >= keyAgeMaxMs);
}
