/**
 * The directory: which domains are this office's, the DKIM keys that sign for them, which address leads to which mailbox, and
 * who may ask for something. Comes in: commands of people (CLI, API). Goes out: facts and proven principals for everybody else.
 * It looks nothing up in DNS (setup does) and stores no mail (mailbox does).
 */
import type { Clock } from '../../base/clock.ts';
import type { Ids } from '../../base/id.ts';
import { accept, type Outcome, refuse } from '../../base/outcome.ts';
import type { Db, Reader, Tx } from '../../base/port/db.ts';
import type { Secrets } from '../../base/port/secrets.ts';
import type { Random } from '../../base/random.ts';
import { formatAddrSpec, type Mailbox } from '../../format/address.ts';
import type { DomainName } from '../../format/domain-name.ts';
import type { Events } from '../events/events.ts';
import { Accounts } from './accounts.ts';
import { decideRecipient, foldLocal, isOperatorsAddress, isReceived } from './decide-recipient.ts';
import { DirectoryStore } from './directory-store.ts';
import { DkimKeys, type DkimSigningKey, directoryChannel, type MakeDkimKey } from './dkim-keys.ts';
import { Ownership } from './ownership.ts';
import { type HashCost, PasswordHasher } from './passwords.ts';
import { Streams } from './streams.ts';
import type {
  DkimKeyRecord,
  DomainRecord,
  DomainStanding,
  LocalMailbox,
  MailboxId,
  RecipientAnswer,
  VerifiedBy,
} from './types.ts';

export { isOperatorsAddress } from './decide-recipient.ts';
export { type DkimSigningKey, directoryChannel } from './dkim-keys.ts';
export { hasScope, mayUseFrom } from './may-use-from.ts';
export { dueChannel } from './ownership.ts';
export { defaultStream } from './streams.ts';

type Address = Pick<Mailbox, 'local' | 'domain'>;

export type DirectoryPorts = {
  readonly db: Db;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly random: Random;
  readonly secrets: Secrets;
  readonly events: Events;
  readonly makeDkimKey: MakeDkimKey;
};

/** Verified domains that are kept in memory; the others are read again. */
const verifiedMax = 10_000;

export class Directory {
  /** API keys and logins. */
  readonly accounts: Accounts;
  /** DKIM keys and their life. */
  readonly dkim: DkimKeys;
  /** Who vouches for the domains. */
  readonly ownership: Ownership;
  /** Kinds of mail that are kept apart. */
  readonly streams: Streams;
  readonly #ports: DirectoryPorts;
  readonly #store: DirectoryStore;
  /**
   * Domains that may be spoken for, asked for twice with each message. Others are read each time: somebody waits for their standing to
   * change, maybe with a command of another process.
   */
  readonly #verified = new Set<DomainName>();
  #changes = 0;

  constructor(ports: DirectoryPorts, options: { readonly hashCost?: HashCost } = {}) {
    this.#ports = ports;
    this.#store = new DirectoryStore(ports.db);
    this.accounts = new Accounts({ ...ports, hasher: new PasswordHasher(ports.random, options.hashCost) });
    this.dkim = new DkimKeys(ports, this.#store);
    this.ownership = new Ownership(ports, this.#store, this.dkim);
    this.streams = new Streams(ports);
    ports.db.onNotify(directoryChannel, () => {
      this.#verified.clear();
      this.#changes++;
    });
  }

  // Domains

  /** The domain gets its first DKIM keys; they sign from the moment it is verified. */
  async addDomain(
    name: DomainName,
    options: { readonly verifiedBy?: VerifiedBy; readonly receives?: boolean } = {},
  ): Promise<Outcome<DomainRecord, 'domain-exists'>> {
    if ((await this.domain(name)) !== undefined) return existsAlready(name);
    const keys = await this.dkim.makeFirst();
    const domain: DomainRecord = {
      name,
      createdAtMs: this.#ports.clock.nowMs(),
      receives: options.receives ?? true,
    };
    return this.#ports.db.write(async (tx) => {
      if ((await this.#store.domain(tx, name)) !== undefined) return existsAlready(name); // by somebody else meanwhile
      await this.#store.insertDomain(tx, domain);
      await this.dkim.addAll(tx, name, keys);
      await this.#operator(tx);
      tx.afterCommit(() => this.#ports.db.notify(directoryChannel));
      if (options.verifiedBy === undefined) return accept(domain);
      return accept(await this.ownership.verifyIn(tx, domain, { by: options.verifiedBy }));
    });
  }

  /** From now on the office may send for it. By a person's word it signs at once, else when its keys were seen. */
  verifyDomain(name: DomainName, by: VerifiedBy): Promise<Outcome<DomainRecord, 'domain-unknown'>> {
    return this.ownership.verify(name, by);
  }

  domain(name: DomainName): Promise<DomainRecord | undefined> {
    return this.#ports.db.read((reader) => this.#store.domain(reader, name));
  }

  domains(): Promise<DomainRecord[]> {
    return this.#ports.db.read((reader) => this.#store.domains(reader));
  }

  /** The office's own ones among `names`, and for which of them it may speak. */
  async domainsAmong(names: readonly DomainName[]): Promise<ReadonlyMap<DomainName, DomainStanding>> {
    const found = new Map<DomainName, DomainStanding>();
    const unknown: DomainName[] = [];
    for (const name of new Set(names)) {
      if (this.#verified.has(name)) found.set(name, { verified: true });
      else unknown.push(name);
    }
    return unknown.length === 0 ? found : this.#readStandings(unknown, found);
  }

  #readStandings(
    names: readonly DomainName[],
    found: Map<DomainName, DomainStanding>,
  ): Promise<ReadonlyMap<DomainName, DomainStanding>> {
    const changes = this.#changes;
    return this.#ports.db.read(async (reader) => {
      for (const name of names) {
        const domain = await this.#store.domain(reader, name);
        if (!domain) continue;
        const standing = this.#standingOf(domain);
        found.set(name, standing);
        if (standing.verified && changes === this.#changes) this.#keepVerified(name);
      }
      return found;
    });
  }

  #keepVerified(name: DomainName): void {
    if (this.#verified.size >= verifiedMax) this.#verified.clear();
    this.#verified.add(name);
  }

  #standingOf(domain: DomainRecord): DomainStanding {
    const { name, lapse } = domain;
    if (lapse?.stoppedAtMs === undefined) return { verified: domain.verified !== undefined };
    return { verified: false, lapsed: { sinceMs: lapse.sinceMs, record: this.ownership.proofOf(name).name } };
  }

  /** Whether the domain was shown to be ours. What comes back for it is taken also while nothing may be sent. */
  async ownsDomain(name: DomainName): Promise<boolean> {
    return (await this.domain(name))?.verified !== undefined;
  }

  /** Whether the office may speak for the domain. */
  async maySendFor(name: DomainName): Promise<boolean> {
    return this.#verified.has(name) || ((await this.domainsAmong([name])).get(name)?.verified ?? false);
  }

  /** Whether mail to the domain ends here; then it never goes out to look for an MX. */
  async receivesFor(name: DomainName): Promise<boolean> {
    const domain = await this.domain(name);
    return isReceived(domain);
  }

  keysOf(name: DomainName): Promise<DkimKeyRecord[]> {
    return this.#ports.db.read((reader) => this.dkim.of(reader, name));
  }

  /** What signs for the domain now, RSA first; empty when it is not ours or not verified. */
  activeSigners(name: DomainName): Promise<readonly DkimSigningKey[]> {
    return this.dkim.signers(name);
  }

  // Mailboxes

  /** Where mail to `address` goes. */
  resolve(address: Address): Promise<RecipientAnswer> {
    return this.#ports.db.read(async (reader) => {
      const whose = decideRecipient(address, await this.#store.domain(reader, address.domain));
      if (whose === 'not-ours') return { kind: 'not-ours' };
      const mailbox =
        whose === 'operator'
          ? await this.#store.operator(reader)
          : await this.#store.owner(reader, address.domain, foldLocal(address.local));
      return mailbox === undefined ? { kind: 'unknown' } : { kind: 'mailbox', mailbox };
    });
  }

  /** Also where bare `<Postmaster>` leads (RFC 5321 §4.5.1). */
  async operatorMailbox(): Promise<LocalMailbox> {
    const known = await this.#ports.db.read((reader) => this.#store.operator(reader));
    return known ?? this.#ports.db.write((tx) => this.#operator(tx));
  }

  async #operator(tx: Tx): Promise<LocalMailbox> {
    const known = await this.#store.operator(tx);
    if (known !== undefined) return known;
    const made: LocalMailbox = { id: this.#ports.ids.next('mbx'), name: 'operator', role: 'operator' };
    await this.#store.insertMailbox(tx, made, this.#ports.clock.nowMs());
    return made;
  }

  /** A mailbox with `address` leading to it. */
  async addMailbox(
    address: Address,
  ): Promise<Outcome<LocalMailbox, 'domain-unknown' | 'address-taken' | 'address-reserved'>> {
    return this.#ports.db.write(async (tx) => {
      const refusal = await this.#whyNotNew(tx, address);
      if (refusal !== undefined) return refusal;
      const name = formatAddrSpec(address);
      const mailbox: LocalMailbox = { id: this.#ports.ids.next('mbx'), name, role: 'person' };
      await this.#store.insertMailbox(tx, mailbox, this.#ports.clock.nowMs());
      await this.#lead(tx, address, mailbox.id);
      return accept(mailbox);
    });
  }

  /** One more address for a mailbox. */
  async addAddress(
    address: Address,
    mailbox: MailboxId,
  ): Promise<Outcome<undefined, 'domain-unknown' | 'address-taken' | 'address-reserved' | 'mailbox-unknown'>> {
    return this.#ports.db.write(async (tx) => {
      const refusal = await this.#whyNotNew(tx, address);
      if (refusal !== undefined) return refusal;
      if ((await this.#store.mailbox(tx, mailbox)) === undefined)
        return refuse('mailbox-unknown', `There is no mailbox ${mailbox}.`);
      await this.#lead(tx, address, mailbox);
      return accept(undefined);
    });
  }

  async #whyNotNew(tx: Tx, address: Address) {
    const written = formatAddrSpec(address);
    if ((await this.#store.domain(tx, address.domain)) === undefined)
      return refuse('domain-unknown', `${address.domain} is not a domain of this office.`);
    if (isOperatorsAddress(address.local))
      return refuse(
        'address-reserved',
        `${written} always leads to the operator's mailbox (RFC 5321 §4.5.1, RFC 2142).`,
      );
    if ((await this.#store.owner(tx, address.domain, foldLocal(address.local))) !== undefined)
      return refuse('address-taken', `${written} leads to a mailbox already.`);
    return undefined;
  }

  #lead(tx: Tx, address: Address, mailbox: MailboxId): Promise<void> {
    return this.#store.insertAddress(tx, {
      domain: address.domain,
      localFolded: foldLocal(address.local),
      written: formatAddrSpec(address),
      mailbox,
      createdAtMs: this.#ports.clock.nowMs(),
    });
  }

  mailboxes(): Promise<LocalMailbox[]> {
    return this.#ports.db.read((reader) => this.#store.mailboxes(reader));
  }

  mailbox(reader: Reader, id: MailboxId): Promise<LocalMailbox | undefined> {
    return this.#store.mailbox(reader, id);
  }

  addressesOf(mailbox: MailboxId): Promise<string[]> {
    return this.#ports.db.read((reader) => this.#store.addressesOf(reader, mailbox));
  }
}

function existsAlready(name: DomainName) {
  return refuse('domain-exists', `${name} is in the directory already.`);
}
