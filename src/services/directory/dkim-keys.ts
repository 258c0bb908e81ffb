/**
 * The DKIM keys of the office's domains: made or imported, sealed in the database, changed only along `decide-keys.ts`, and
 * handed out ready to sign with. Opening a sealed key costs more than a signature with it, so signers are kept per domain
 * until a key changes, here or in another process.
 */
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { fromUtf8, utf8 } from '../../base/bytes.ts';
import type { Clock } from '../../base/clock.ts';
import type { Ids } from '../../base/id.ts';
import { accept, Fault, type Outcome, refuse } from '../../base/outcome.ts';
import type { Db, Reader, Tx } from '../../base/port/db.ts';
import type { Secrets } from '../../base/port/secrets.ts';
import { type DomainName, parseQueryName } from '../../format/domain-name.ts';
import { importPrivateKey } from '../../protocol/dkim/private-keys.ts';
import type { SigningAlgorithm } from '../../protocol/dkim/types.ts';
import type { Events } from '../events/events.ts';
import { decideActivation, decideFirstActivations, type KeyChange, mayBecome, replacedBy } from './decide-keys.ts';
import type { DirectoryStore, SealedKey } from './directory-store.ts';
import type { DkimKeyRecord, KeyId } from './types.ts';

export const directoryChannel = 'directory';

/** Selectors and algorithms every new domain begins with: both sign, RSA first (RFC 8463 §3). */
const firstKeys = [
  { selector: 'ph1', algorithm: 'rsa-sha256' },
  { selector: 'ph2', algorithm: 'ed25519-sha256' },
] as const;

/** Domains whose signers are kept open; the others are opened again. */
const signersMax = 1_000;

export type MakeDkimKey = (
  algorithm: SigningAlgorithm,
) => Promise<{ readonly privateKeyPem: string; readonly publicRecord: string }>;

export type DkimSigningKey = {
  readonly domain: DomainName;
  readonly selector: string;
  readonly algorithm: SigningAlgorithm;
  readonly privateKey: KeyObject;
};

export type NewKey = Pick<DkimKeyRecord, 'selector' | 'algorithm' | 'publicRecord'> & {
  readonly privateKeyPem: string;
};

export type DkimKeysPorts = {
  readonly db: Db;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly secrets: Secrets;
  readonly events: Events;
  readonly makeDkimKey: MakeDkimKey;
};

export class DkimKeys {
  readonly #ports: DkimKeysPorts;
  readonly #store: DirectoryStore;
  readonly #signers = new Map<DomainName, Promise<readonly DkimSigningKey[]>>();

  constructor(ports: DkimKeysPorts, store: DirectoryStore) {
    this.#ports = ports;
    this.#store = store;
    ports.db.onNotify(directoryChannel, () => this.#signers.clear());
  }

  /** Takes a while (RSA): before the transaction that calls `addAll`. */
  makeFirst(): Promise<NewKey[]> {
    return Promise.all(
      firstKeys.map(async (first) => ({ ...first, ...(await this.#ports.makeDkimKey(first.algorithm)) })),
    );
  }

  async addAll(tx: Tx, domain: DomainName, keys: readonly NewKey[]): Promise<void> {
    for (const key of keys) await this.#add(tx, domain, key);
  }

  async #add(tx: Tx, domain: DomainName, key: NewKey): Promise<SealedKey> {
    const id = this.#ports.ids.next('key');
    const nowMs = this.#ports.clock.nowMs();
    const { selector, algorithm, publicRecord } = key;
    const sealedPrivateKey = this.#ports.secrets.seal(sealLabel(id), utf8(key.privateKeyPem));
    const facts = { id, domain, selector, algorithm, publicRecord, createdAtMs: nowMs, stateSinceMs: nowMs, waitMs: 0 };
    const added: SealedKey = { ...facts, state: 'pending', sealedPrivateKey };
    await this.#store.insertKey(tx, added);
    return added;
  }

  /** The domain was verified: what was made for it begins to sign. */
  async beginSigning(tx: Tx, domain: DomainName): Promise<void> {
    await this.#carryOut(tx, decideFirstActivations(await this.#store.keysOf(tx, domain)));
  }

  /**
   * A key the domain has signed with elsewhere. It takes over from ours of its algorithm once its record is seen, as any other; where
   * a person's word stands for the domain, that is good for the record, too.
   */
  async import(
    domain: DomainName,
    key: { readonly selector: string; readonly pem: string },
  ): Promise<Outcome<DkimKeyRecord, 'domain-unknown' | 'selector-in-use' | 'bad-selector' | 'bad-private-key'>> {
    const selector = parseQueryName(key.selector);
    if (selector === undefined || !/^[a-z0-9._-]+$/.test(selector))
      return refuse('bad-selector', `"${key.selector}" is not a selector: one or more DNS labels (RFC 6376 §3.1).`);
    const imported = importPrivateKey(key.pem);
    if (!imported.ok) return imported;
    const { algorithm, publicRecord, privateKey } = imported.value;
    const privateKeyPem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    return this.#ports.db.write(async (tx) => {
      const owner = await this.#store.domain(tx, domain);
      if (owner === undefined) return refuse('domain-unknown', `${domain} is not a domain of this office.`);
      const keys = await this.#store.keysOf(tx, domain);
      if (keys.some((known) => known.selector === selector))
        return refuse('selector-in-use', `${domain} has a key with the selector ${selector} already.`);
      const added = await this.#add(tx, domain, { selector, algorithm, publicRecord, privateKeyPem });
      if (owner.verified?.by !== 'operator') {
        await this.#store.setLookAt(tx, domain, this.#ports.clock.nowMs());
        tx.afterCommit(() => this.#ports.db.notify(directoryChannel));
        return accept(recordOf(added));
      }
      await this.#activate(tx, keys, added);
      return accept({ ...recordOf(added), state: 'active' as const });
    });
  }

  /**
   * A new key for each that signs now. They sign once their records were seen; until then nothing changes for mail.
   * Selectors of keys that were retired long enough ago come round again, so that a domain needs a few names in DNS, once.
   */
  async rotate(domain: DomainName): Promise<Outcome<DkimKeyRecord[], 'domain-unknown' | 'rotation-under-way'>> {
    const before = await this.#ports.db.read((reader) => this.#store.keysOf(reader, domain));
    const refusal = whyNotRotate(domain, before);
    if (refusal !== undefined) return refusal;
    const signing = new Set(before.filter((key) => key.state === 'active').map((key) => key.algorithm));
    const wanted = firstKeys.map((key) => key.algorithm).filter((algorithm) => signing.has(algorithm));
    const made = await Promise.all(
      wanted.map(async (algorithm) => ({ algorithm, ...(await this.#ports.makeDkimKey(algorithm)) })),
    );
    return this.#ports.db.write(async (tx) => {
      const keys = await this.#store.keysOf(tx, domain);
      const late = whyNotRotate(domain, keys); // somebody was faster
      if (late !== undefined) return late;
      const free = freeSelectors(keys, this.#ports.clock.nowMs());
      const added: DkimKeyRecord[] = [];
      for (const key of made) {
        const selector = free.next().value;
        const old = keys.find((known) => known.selector === selector);
        if (old !== undefined) await this.#store.deleteKey(tx, old.id);
        added.push(recordOf(await this.#add(tx, domain, { ...key, selector })));
      }
      await this.#store.setLookAt(tx, domain, this.#ports.clock.nowMs());
      tx.afterCommit(() => this.#ports.db.notify(directoryChannel));
      return accept(added);
    });
  }

  /** What was seen of a pending key's record. @param sinceMs undefined: not every server shows it */
  async noteSeen(id: KeyId, seen: { readonly sinceMs: number | undefined; readonly waitMs: number }): Promise<void> {
    await this.#ports.db.write((tx) => this.#store.noteKeySeen(tx, id, seen));
  }

  /** Its record was seen on every authoritative server: it signs, and the one before it of its algorithm stops. */
  async activate(id: KeyId): Promise<Outcome<undefined, 'key-unknown' | 'key-state'>> {
    return this.#ports.db.write(async (tx) => {
      const key = await this.#store.key(tx, id);
      if (key === undefined) return refuse('key-unknown', `There is no key ${id}.`);
      if (!mayBecome(key.state, 'active'))
        return refuse('key-state', `A key that is ${key.state} cannot begin to sign.`);
      await this.#activate(tx, await this.#store.keysOf(tx, key.domain), key);
      return accept(undefined);
    });
  }

  async #activate(tx: Tx, keys: readonly DkimKeyRecord[], chosen: DkimKeyRecord): Promise<void> {
    const { domain, selector, algorithm } = chosen;
    await this.#carryOut(tx, decideActivation(keys, chosen));
    const replaces = replacedBy(keys, chosen).map((key) => key.selector);
    const data = { domain, selector, algorithm, replaces };
    await this.#ports.events.append(tx, { type: 'key.rotated', subject: domain, data });
  }

  /** No message on its way carries its signature (the caller knows): the private key is wiped. */
  async retire(id: KeyId): Promise<Outcome<undefined, 'key-unknown' | 'key-state'>> {
    return this.#ports.db.write(async (tx) => {
      const key = await this.#store.key(tx, id);
      if (key === undefined) return refuse('key-unknown', `There is no key ${id}.`);
      if (!mayBecome(key.state, 'retired')) return refuse('key-state', `A key that is ${key.state} cannot be retired.`);
      await this.#carryOut(tx, [{ id, to: 'retired' }]);
      const { domain, selector, algorithm } = key;
      await this.#ports.events.append(tx, {
        type: 'key.retired',
        subject: domain,
        data: { domain, selector, algorithm },
      });
      return accept(undefined);
    });
  }

  async #carryOut(tx: Tx, changes: readonly KeyChange[]): Promise<void> {
    for (const change of changes) await this.#store.changeKey(tx, change, this.#ports.clock.nowMs());
    tx.afterCommit(() => this.#ports.db.notify(directoryChannel));
  }

  of(reader: Reader, domain: DomainName): Promise<DkimKeyRecord[]> {
    return this.#store.keysOf(reader, domain);
  }

  /** What signs for `domain` now, RSA first; empty when it is unknown or not verified. */
  signers(domain: DomainName): Promise<readonly DkimSigningKey[]> {
    const kept = this.#signers.get(domain);
    if (kept !== undefined) return kept;
    if (this.#signers.size >= signersMax) this.#signers.clear();
    const opened = this.#open(domain);
    this.#signers.set(domain, opened);
    opened.catch(() => {
      if (this.#signers.get(domain) === opened) this.#signers.delete(domain);
    });
    return opened;
  }

  async #open(domain: DomainName): Promise<readonly DkimSigningKey[]> {
    const keys = await this.#ports.db.read((reader) => this.#store.activeKeys(reader, domain));
    return keys.map(({ id, selector, algorithm, sealedPrivateKey }) => {
      if (sealedPrivateKey === null) throw new Fault('SECRET_UNREADABLE', `the active key ${id} has no private half`);
      const pem = fromUtf8(this.#ports.secrets.open(sealLabel(id), sealedPrivateKey));
      return { domain, selector, algorithm, privateKey: createPrivateKey(pem) };
    });
  }
}

function whyNotRotate(domain: DomainName, keys: readonly DkimKeyRecord[]) {
  if (keys.length === 0) return refuse('domain-unknown', `${domain} is not a domain of this office.`);
  const waiting = keys.filter((key) => key.state === 'pending').map((key) => key.selector);
  if (waiting.length === 0) return undefined;
  return refuse(
    'rotation-under-way',
    `${domain} has new keys already that wait for their records: ${waiting.join(', ')}.`,
  );
}

/** Receivers check a message's signature within days; its selector may mean another key after that. */
const selectorRestMs = 7 * 86_400_000;

/** `ph1`, `ph2` ...: those that no key has, or one that was retired long ago. */
function* freeSelectors(keys: readonly DkimKeyRecord[], nowMs: number): Generator<string, never> {
  for (let number = 1; ; number++) {
    const selector = `ph${number}`;
    const holder = keys.find((key) => key.selector === selector);
    const isFree =
      holder === undefined || (holder.state === 'retired' && nowMs - holder.stateSinceMs >= selectorRestMs);
    if (isFree) yield selector;
  }
}

function sealLabel(id: KeyId): string {
  return `directory_dkim_keys/${id}`;
}

function recordOf({ sealedPrivateKey: _, ...record }: SealedKey): DkimKeyRecord {
  return record;
}
