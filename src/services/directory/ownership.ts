/**
 * Whose a domain is, as the directory remembers it: the proof that is asked for, who vouched, since when the proof is missing, when
 * to look again. Every change is stored with its event. Whether the proof is there and what follows is for setup to say.
 */
import { createHmac } from 'node:crypto';
import { base32, utf8 } from '../../base/bytes.ts';
import type { Clock } from '../../base/clock.ts';
import { accept, type Outcome, refuse } from '../../base/outcome.ts';
import type { Db, Tx } from '../../base/port/db.ts';
import type { Secrets } from '../../base/port/secrets.ts';
import type { DomainName } from '../../format/domain-name.ts';
import type { Events } from '../events/events.ts';
import type { DirectoryStore } from './directory-store.ts';
import { type DkimKeys, directoryChannel } from './dkim-keys.ts';
import type { DomainLapse, DomainProof, DomainRecord, OwnershipChange, VerifiedBy } from './types.ts';

export type OwnershipPorts = {
  readonly db: Db;
  readonly clock: Clock;
  readonly secrets: Secrets;
  readonly events: Events;
};

/** Told when the time of the next look has changed. */
export const dueChannel = 'directory-due';

/** 128 bits: nobody publishes them by chance, and they need not be kept secret. */
const tokenOctets = 16;

export class Ownership {
  readonly #ports: OwnershipPorts;
  readonly #store: DirectoryStore;
  readonly #keys: DkimKeys;

  constructor(ports: OwnershipPorts, store: DirectoryStore, keys: DkimKeys) {
    this.#ports = ports;
    this.#store = store;
    this.#keys = keys;
  }

  /** Made of the office's secret, so it is the same on every day and another one in every office. */
  proofOf(domain: DomainName): DomainProof {
    const key = this.#ports.secrets.derive('domain-proof');
    const token = base32(createHmac('sha256', key).update(utf8(domain)).digest().subarray(0, tokenOctets));
    return { name: `_posthorn.${domain}`, type: 'TXT', value: `posthorn-domain=${token}` };
  }

  /** From now on the office may send for it. A person's word outlives the record: it is not looked for again. */
  async verify(name: DomainName, by: VerifiedBy): Promise<Outcome<DomainRecord, 'domain-unknown'>> {
    return this.#ports.db.write(async (tx) => {
      const domain = await this.#store.domain(tx, name);
      if (domain === undefined) return refuse('domain-unknown', `${name} is not a domain of this office.`);
      const isNews = domain.verified === undefined || domain.lapse !== undefined;
      const isStronger = by === 'operator' && domain.verified?.by === 'txt';
      return accept(isNews || isStronger ? await this.verifyIn(tx, domain, { by, tell: isNews }) : domain);
    });
  }

  async verifyIn(
    tx: Tx,
    { lapse: _, ...domain }: DomainRecord,
    { by, tell = true }: { readonly by: VerifiedBy; readonly tell?: boolean },
  ): Promise<DomainRecord> {
    const { name } = domain;
    const verified = { atMs: this.#ports.clock.nowMs(), by };
    await this.#store.markVerified(tx, name, verified);
    await this.#store.setLapse(tx, name, undefined);
    // A person's word is good for the records of the keys as well; otherwise they are used once they were seen.
    if (by === 'operator') await this.#keys.beginSigning(tx, name);
    if (tell)
      await this.#ports.events.append(tx, { type: 'domain.verified', subject: name, data: { domain: name, by } });
    return { ...domain, verified };
  }

  /** Stores what was concluded from a look at the proof. What does not fit any more, because somebody was faster, is left out. */
  async change(name: DomainName, change: OwnershipChange): Promise<void> {
    await this.#ports.db.write(async (tx) => {
      const domain = await this.#store.domain(tx, name);
      if (domain === undefined) return;
      if (change.kind === 'proven') {
        if (domain.verified === undefined || domain.lapse !== undefined) await this.verifyIn(tx, domain, { by: 'txt' });
        return;
      }
      if (domain.verified?.by !== 'txt' || domain.lapse?.stoppedAtMs !== undefined) return;
      await this.#lapse(tx, domain, change);
    });
  }

  async #lapse(tx: Tx, { name, lapse }: DomainRecord, change: Exclude<OwnershipChange, { kind: 'proven' }>) {
    const atMs = this.#ports.clock.nowMs();
    const next: DomainLapse = {
      ...(lapse ?? { sinceMs: atMs }),
      ...(change.kind === 'warned' ? { warnedAtMs: atMs } : {}),
      ...(change.kind === 'stopped' ? { stoppedAtMs: atMs } : {}),
    };
    await this.#store.setLapse(tx, name, next);
    tx.afterCommit(() => this.#ports.db.notify(directoryChannel)); // it may be among those that are known to be verified
    const record = this.proofOf(name).name;
    const data = {
      domain: name,
      state: change.kind,
      record,
      stops_at_ms: change.stopsAtMs,
      say: sayOf(change, record),
    };
    await this.#ports.events.append(tx, { type: 'domain.broken', subject: name, data });
  }

  due(nowMs: number, most: number): Promise<DomainName[]> {
    return this.#ports.db.read((reader) => this.#store.domainsDue(reader, nowMs, most));
  }

  /** When the next domain wants to be looked at; undefined: none does. */
  nextDueMs(): Promise<number | undefined> {
    return this.#ports.db.read((reader) => this.#store.nextLookAtMs(reader));
  }

  /** @param atMs undefined: not before something happens to the domain */
  async lookAgain(name: DomainName, atMs: number | undefined): Promise<void> {
    await this.#ports.db.write(async (tx) => {
      await this.#store.setLookAt(tx, name, atMs ?? null);
      tx.afterCommit(() => this.#ports.db.notify(dueChannel)); // whoever waits for the next one may be another process
    });
  }
}

function sayOf({ kind, stopsAtMs }: Exclude<OwnershipChange, { kind: 'proven' }>, record: string): string {
  const when = `${new Date(stopsAtMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  switch (kind) {
    case 'lapsed':
      return `The TXT record ${record} is gone. Sending goes on until ${when}; publish the record again before.`;
    case 'warned':
      return `The TXT record ${record} is still gone: sending stops at ${when}.`;
    case 'stopped':
      return `The TXT record ${record} did not come back: nothing is sent for the domain until it does.`;
  }
}
