/**
 * Looks after the office's domains: is the proof of each still in DNS, are new DKIM keys published everywhere, is an old one free to
 * go? Comes in: what is due, from the directory, when it is; a person who asks to look now. Goes out: changes in the directory,
 * each with its event. What follows from what was seen is decided by `decide-ownership.ts` and `decide-rotation.ts`; a look that
 * is cut off is simply made again.
 */
import { eachAtOnce } from '../../../base/at-once.ts';
import type { Timers } from '../../../base/clock.ts';
import type { Db } from '../../../base/port/db.ts';
import type { Signals } from '../../../base/port/signals.ts';
import type { DomainName } from '../../../format/domain-name.ts';
import { type Directory, directoryChannel, dueChannel } from '../../directory/directory.ts';
import type { DkimKeyRecord, DomainRecord, OwnershipChange } from '../../directory/types.ts';
import { decideOwnership } from './decide-ownership.ts';
import { decideRotation, type RotationStep } from './decide-rotation.ts';
import { type Eyes, lookForKey, lookForProof } from './look-for-record.ts';
import type { CareReport, Sighting } from './types.ts';

export type DomainCarePorts = Eyes & {
  readonly directory: Pick<Directory, 'domain' | 'keysOf' | 'ownership' | 'dkim'>;
  readonly db: Pick<Db, 'onNotify'>;
  /** When the oldest message that is still on its way was accepted. */
  readonly oldestOpenMs: () => Promise<number | undefined>;
  readonly timers: Timers;
  readonly signals: Signals;
};

/** At most so long until the next round, should the word that something changed get lost. */
const roundMaxMs = 600_000;
/** And at least: what is due again at once has come too early. */
const roundMinMs = 5_000;
/** After a look that failed, until the next one. */
const afterFailureMs = 3_600_000;
/** Domains of one round; the others have theirs right after. */
const roundMax = 100;
/** Looked at side by side: one silent name server holds up nobody else. */
const sideBySide = 8;

type SeenKey = CareReport['keys'][number];

export class DomainCare {
  readonly #ports: DomainCarePorts;
  readonly #stopping = new AbortController();
  #cancel: () => void = () => {};
  #isWoken = false;
  #forget: () => void = () => {};
  #round: Promise<void> = Promise.resolve();

  constructor(ports: DomainCarePorts) {
    this.#ports = ports;
  }

  start(): void {
    const { db } = this.#ports;
    const ends = [directoryChannel, dueChannel].map((channel) => db.onNotify(channel, () => this.#wake()));
    this.#forget = () => {
      for (const end of ends) end();
    };
    this.#wake();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#forget();
    this.#cancel();
    await this.#round;
  }

  /** Plans the next round: when a domain wants to be looked at. */
  #wake(): void {
    if (this.#isWoken) return;
    this.#isWoken = true;
    this.#round = this.#round.then(() => {
      this.#isWoken = false;
      return this.#plan();
    });
  }

  async #plan(): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    this.#cancel();
    const waitMs = await this.#waitMs();
    if (this.#stopping.signal.aborted) return;
    this.#cancel = this.#ports.timers.after(waitMs, () => {
      this.#round = this.#round.then(() => this.#go());
      this.#wake();
    });
  }

  async #waitMs(): Promise<number> {
    let waitMs = roundMaxMs;
    await this.#trying(async () => {
      const dueMs = await this.#ports.directory.ownership.nextDueMs();
      if (dueMs !== undefined) waitMs = Math.max(roundMinMs, dueMs - this.#ports.timers.nowMs());
    });
    return Math.min(waitMs, roundMaxMs);
  }

  async #go(): Promise<void> {
    const { directory, timers } = this.#ports;
    await this.#trying(async () => {
      const due = await directory.ownership.due(timers.nowMs(), roundMax);
      await eachAtOnce(due, sideBySide, async (name) => {
        if (!this.#stopping.signal.aborted) await this.#try(name);
      });
    });
  }

  /** One that cannot be looked after holds up none of the others. */
  async #try(name: DomainName): Promise<void> {
    const { directory, timers } = this.#ports;
    const isDone = await this.#trying(() => this.look(name));
    if (!isDone) await this.#trying(() => directory.ownership.lookAgain(name, timers.nowMs() + afterFailureMs));
  }

  /** What fails, on a full disk for one, is tried again in the next round. */
  async #trying(work: () => Promise<unknown>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      this.#ports.signals.emit('error', 'domains.look_failed', { error: String(error) });
      return false;
    }
  }

  /** Looks at the domain now; undefined when the office does not have it. */
  async look(name: DomainName): Promise<CareReport | undefined> {
    const { directory, timers } = this.#ports;
    const domain = await directory.domain(name);
    if (domain === undefined) return undefined;
    const [proof, keys] = await Promise.all([this.#proof(domain), this.#keys(name)]);
    if (this.#stopping.signal.aborted) return undefined; // what was cut off has seen nothing
    const ownership = decideOwnership(domain, proof?.seen ?? 'unclear', timers.nowMs());
    if (ownership.change) await this.#change(name, ownership.change);
    const now = (await directory.domain(name)) ?? domain;
    const rotation = decideRotation({
      keys: keys.map(({ sighting, ...key }) => (sighting ? { ...key, sighting } : key)),
      maySign: now.verified !== undefined,
      oldestOpenMs: await this.#oldestOpenMs(keys),
      nowMs: timers.nowMs(),
    });
    for (const step of rotation.steps) await this.#take(step);
    const times = [ownership.lookAtMs, rotation.lookAtMs].filter((at) => at !== undefined);
    await directory.ownership.lookAgain(name, times.length === 0 ? undefined : Math.min(...times));
    return this.#report(now, proof, keys);
  }

  async #change(name: DomainName, change: OwnershipChange): Promise<void> {
    const { directory, signals } = this.#ports;
    await directory.ownership.change(name, change);
    const fields = {
      domain: name,
      ...('stopsAtMs' in change ? { stops_at: new Date(change.stopsAtMs).toISOString() } : {}),
    };
    signals.emit(change.kind === 'proven' ? 'info' : 'warn', `domain.${change.kind}`, fields);
  }

  /** A person's word needs no proof. */
  async #proof(domain: DomainRecord): Promise<Sighting | undefined> {
    if (domain.verified?.by === 'operator') return undefined;
    const proof = this.#ports.directory.ownership.proofOf(domain.name);
    return lookForProof(this.#ports, proof, { signal: this.#stopping.signal });
  }

  async #keys(name: DomainName): Promise<readonly SeenKey[]> {
    const keys = await this.#ports.directory.keysOf(name);
    const options = { signal: this.#stopping.signal };
    const look = async (key: DkimKeyRecord) =>
      key.state === 'pending' ? await lookForKey(this.#ports, key, options) : undefined;
    return Promise.all(keys.map(async (key) => ({ ...key, sighting: await look(key) })));
  }

  /** Asked only where a key might go: it is a walk through the queue. */
  async #oldestOpenMs(keys: readonly SeenKey[]): Promise<number | undefined> {
    return keys.some(({ state }) => state === 'retiring') ? this.#ports.oldestOpenMs() : undefined;
  }

  async #take(step: RotationStep): Promise<void> {
    const { dkim } = this.#ports.directory;
    switch (step.kind) {
      case 'note':
        return dkim.noteSeen(step.id, step.seen);
      case 'activate':
        await dkim.activate(step.id); // refused when somebody has done it: fine
        return;
      case 'retire':
        await dkim.retire(step.id);
        return;
    }
  }

  async #report(domain: DomainRecord, proof: Sighting | undefined, seen: readonly SeenKey[]): Promise<CareReport> {
    const { directory } = this.#ports;
    const keys = await directory.keysOf(domain.name);
    return {
      domain,
      proof: { ...directory.ownership.proofOf(domain.name), sighting: proof },
      keys: keys.map((key) => ({ ...key, sighting: seen.find(({ id }) => id === key.id)?.sighting })),
    };
  }
}
