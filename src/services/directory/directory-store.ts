/** SQL of the directory: domains, their keys, mailboxes and addresses. */
import { type Kysely, type Selectable, sql } from 'kysely';
import { compileOnce } from '../../base/port/compile-once.ts';
import type { Db, Reader, Tx } from '../../base/port/db.ts';
import type { DomainName } from '../../format/domain-name.ts';
import type { SigningAlgorithm } from '../../protocol/dkim/types.ts';
import type { KeyChange } from './decide-keys.ts';
import type {
  DkimKeyRecord,
  DkimKeyState,
  DomainLapse,
  DomainRecord,
  KeyId,
  LocalMailbox,
  MailboxId,
  VerifiedBy,
} from './types.ts';

type DirectoryTables = {
  directory_domains: {
    name: string;
    created_at_ms: number;
    verified_at_ms: number | null;
    verified_by: string | null;
    receives: number;
    look_at_ms: number | null;
    lapsed_since_ms: number | null;
    warned_at_ms: number | null;
    stopped_at_ms: number | null;
  };
  directory_dkim_keys: {
    id: string;
    domain: string;
    selector: string;
    algorithm: string;
    state: string;
    public_record: string;
    sealed_private_key: Uint8Array | null;
    created_at_ms: number;
    state_since_ms: number;
    seen_since_ms: number | null;
    wait_ms: number;
  };
  directory_mailboxes: { id: string; name: string; role: string; created_at_ms: number };
  directory_addresses: {
    domain: string;
    local_folded: string;
    mailbox_id: string;
    written: string;
    created_at_ms: number;
  };
};

type Row<Table extends keyof DirectoryTables> = Selectable<DirectoryTables[Table]>;

/** A key with its private half, sealed; null once it is retired. */
export type SealedKey = DkimKeyRecord & { readonly sealedPrivateKey: Uint8Array | null };

const keyColumns = [
  'id',
  'domain',
  'selector',
  'algorithm',
  'state',
  'public_record',
  'created_at_ms',
  'state_since_ms',
  'seen_since_ms',
  'wait_ms',
] as const;

export class DirectoryStore {
  readonly #queries: Kysely<DirectoryTables>;
  readonly #hot: ReturnType<typeof hotQueries>;

  constructor(db: Db) {
    this.#queries = db.queries<DirectoryTables>();
    this.#hot = hotQueries(this.#queries);
  }

  // Domains

  async domain(reader: Reader, name: DomainName): Promise<DomainRecord | undefined> {
    const row = await reader.first(this.#hot.domain({ name }));
    return row && toDomain(row);
  }

  async domains(reader: Reader): Promise<DomainRecord[]> {
    const select = this.#queries.selectFrom('directory_domains').selectAll().orderBy('name');
    return (await reader.all(select.compile())).map(toDomain);
  }

  async insertDomain(tx: Tx, domain: DomainRecord): Promise<void> {
    const row = {
      name: domain.name,
      created_at_ms: domain.createdAtMs,
      verified_at_ms: domain.verified?.atMs ?? null,
      verified_by: domain.verified?.by ?? null,
      receives: domain.receives ? 1 : 0,
      look_at_ms: domain.createdAtMs,
      lapsed_since_ms: null,
      warned_at_ms: null,
      stopped_at_ms: null,
    };
    await tx.run(this.#queries.insertInto('directory_domains').values(row).compile());
  }

  /** Domains that want to be looked at, the longest overdue first. */
  async domainsDue(reader: Reader, nowMs: number, most: number): Promise<DomainName[]> {
    const select = this.#queries
      .selectFrom('directory_domains')
      .select('name')
      .where('look_at_ms', '<=', nowMs)
      .orderBy('look_at_ms')
      .limit(most);
    return (await reader.all(select.compile())).map((row) => row.name as DomainName);
  }

  async nextLookAtMs(reader: Reader): Promise<number | undefined> {
    const select = this.#queries
      .selectFrom('directory_domains')
      .select('look_at_ms')
      .where('look_at_ms', 'is not', null)
      .orderBy('look_at_ms')
      .limit(1);
    return (await reader.first(select.compile()))?.look_at_ms ?? undefined;
  }

  /** @param atMs null: not before something happens */
  async setLookAt(tx: Tx, name: DomainName, atMs: number | null): Promise<void> {
    const update = this.#queries.updateTable('directory_domains').set({ look_at_ms: atMs }).where('name', '=', name);
    await tx.run(update.compile());
  }

  async setLapse(tx: Tx, name: DomainName, lapse: DomainLapse | undefined): Promise<void> {
    const set = {
      lapsed_since_ms: lapse?.sinceMs ?? null,
      warned_at_ms: lapse?.warnedAtMs ?? null,
      stopped_at_ms: lapse?.stoppedAtMs ?? null,
    };
    await tx.run(this.#queries.updateTable('directory_domains').set(set).where('name', '=', name).compile());
  }

  async markVerified(tx: Tx, name: DomainName, verified: { atMs: number; by: VerifiedBy }): Promise<void> {
    const set = { verified_at_ms: verified.atMs, verified_by: verified.by };
    await tx.run(this.#queries.updateTable('directory_domains').set(set).where('name', '=', name).compile());
  }

  // DKIM keys

  /** Oldest first; of one moment, RSA first. */
  async keysOf(reader: Reader, domain: DomainName): Promise<DkimKeyRecord[]> {
    const select = this.#queries
      .selectFrom('directory_dkim_keys')
      .select(keyColumns)
      .where('domain', '=', domain)
      .orderBy('created_at_ms')
      .orderBy('id');
    return (await reader.all(select.compile())).map(toKey);
  }

  async key(reader: Reader, id: KeyId): Promise<DkimKeyRecord | undefined> {
    const select = this.#queries.selectFrom('directory_dkim_keys').select(keyColumns).where('id', '=', id);
    const row = await reader.first(select.compile());
    return row === undefined ? undefined : toKey(row);
  }

  async activeKeys(reader: Reader, domain: DomainName): Promise<SealedKey[]> {
    const rows = await reader.all(this.#hot.activeKeys({ domain }));
    return rows.map((row) => ({ ...toKey(row), sealedPrivateKey: row.sealed_private_key }));
  }

  async insertKey(tx: Tx, key: SealedKey): Promise<void> {
    const row = {
      id: key.id,
      domain: key.domain,
      selector: key.selector,
      algorithm: key.algorithm,
      state: key.state,
      public_record: key.publicRecord,
      sealed_private_key: key.sealedPrivateKey,
      created_at_ms: key.createdAtMs,
      state_since_ms: key.stateSinceMs,
      seen_since_ms: key.seenSinceMs ?? null,
      wait_ms: key.waitMs,
    };
    await tx.run(this.#queries.insertInto('directory_dkim_keys').values(row).compile());
  }

  async deleteKey(tx: Tx, id: KeyId): Promise<void> {
    await tx.run(this.#queries.deleteFrom('directory_dkim_keys').where('id', '=', id).compile());
  }

  async noteKeySeen(tx: Tx, id: KeyId, seen: { sinceMs: number | undefined; waitMs: number }): Promise<void> {
    const set = { seen_since_ms: seen.sinceMs ?? null, wait_ms: seen.waitMs };
    await tx.run(this.#queries.updateTable('directory_dkim_keys').set(set).where('id', '=', id).compile());
  }

  async changeKey(tx: Tx, change: KeyChange, atMs: number): Promise<void> {
    const wiped = change.to === 'retired' ? { sealed_private_key: null } : {};
    const set = { state: change.to, state_since_ms: atMs, ...wiped };
    await tx.run(this.#queries.updateTable('directory_dkim_keys').set(set).where('id', '=', change.id).compile());
  }

  // Mailboxes

  async operator(reader: Reader): Promise<LocalMailbox | undefined> {
    const row = await reader.first(this.#hot.operator({}));
    return row === undefined ? undefined : toMailbox(row);
  }

  async mailbox(reader: Reader, id: MailboxId): Promise<LocalMailbox | undefined> {
    const select = this.#queries.selectFrom('directory_mailboxes').selectAll().where('id', '=', id);
    const row = await reader.first(select.compile());
    return row === undefined ? undefined : toMailbox(row);
  }

  async mailboxes(reader: Reader): Promise<LocalMailbox[]> {
    const select = this.#queries.selectFrom('directory_mailboxes').selectAll().orderBy('name');
    return (await reader.all(select.compile())).map(toMailbox);
  }

  async owner(reader: Reader, domain: DomainName, localFolded: string): Promise<LocalMailbox | undefined> {
    const row = await reader.first(this.#hot.owner({ domain, localFolded }));
    return row === undefined ? undefined : toMailbox(row);
  }

  async insertMailbox(tx: Tx, mailbox: LocalMailbox, createdAtMs: number): Promise<void> {
    const row = { id: mailbox.id, name: mailbox.name, role: mailbox.role, created_at_ms: createdAtMs };
    await tx.run(this.#queries.insertInto('directory_mailboxes').values(row).compile());
  }

  async insertAddress(
    tx: Tx,
    address: { domain: DomainName; localFolded: string; written: string; mailbox: MailboxId; createdAtMs: number },
  ): Promise<void> {
    const row = {
      domain: address.domain,
      local_folded: address.localFolded,
      mailbox_id: address.mailbox,
      written: address.written,
      created_at_ms: address.createdAtMs,
    };
    await tx.run(this.#queries.insertInto('directory_addresses').values(row).compile());
  }

  async addressesOf(reader: Reader, mailbox: MailboxId): Promise<string[]> {
    const select = this.#queries
      .selectFrom('directory_addresses')
      .select('written')
      .where('mailbox_id', '=', mailbox)
      .orderBy('written');
    return (await reader.all(select.compile())).map((row) => row.written);
  }
}

/** What strangers ask with each recipient, and every message; compiled once. */
function hotQueries(q: Kysely<DirectoryTables>) {
  return {
    domain: compileOnce((of: { name: DomainName }) =>
      q.selectFrom('directory_domains').selectAll().where('name', '=', of.name),
    ),
    // A literal: an index over part of a table serves a bound value only when SQLite plans the statement anew each time it runs
    // (3.4 µs, with the literal 0.6).
    operator: compileOnce(() =>
      q.selectFrom('directory_mailboxes').selectAll().where('role', '=', sql.lit('operator')),
    ),
    owner: compileOnce((of: { domain: DomainName; localFolded: string }) =>
      q
        .selectFrom('directory_addresses')
        .innerJoin('directory_mailboxes', 'directory_mailboxes.id', 'directory_addresses.mailbox_id')
        .selectAll('directory_mailboxes')
        .where('directory_addresses.domain', '=', of.domain)
        .where('directory_addresses.local_folded', '=', of.localFolded),
    ),
    activeKeys: compileOnce((of: { domain: DomainName }) =>
      q
        .selectFrom('directory_dkim_keys')
        .selectAll()
        .where('domain', '=', of.domain)
        .where('state', '=', 'active')
        .orderBy('algorithm', 'desc') // RFC 8463 §3: RSA before Ed25519
        .orderBy('id'),
    ),
  };
}

// Rows were written by the methods above: their words are those of types.ts.

function toDomain(row: Row<'directory_domains'>): DomainRecord {
  const { verified_at_ms: atMs, verified_by: by } = row;
  return {
    name: row.name as DomainName,
    createdAtMs: row.created_at_ms,
    ...(atMs === null ? {} : { verified: { atMs, by: by as VerifiedBy } }),
    receives: row.receives === 1,
    ...(row.lapsed_since_ms === null ? {} : { lapse: toLapse(row, row.lapsed_since_ms) }),
  };
}

function toLapse(row: Row<'directory_domains'>, sinceMs: number): DomainLapse {
  return {
    sinceMs,
    ...(row.warned_at_ms === null ? {} : { warnedAtMs: row.warned_at_ms }),
    ...(row.stopped_at_ms === null ? {} : { stoppedAtMs: row.stopped_at_ms }),
  };
}

function toKey(row: Omit<Row<'directory_dkim_keys'>, 'sealed_private_key'>): DkimKeyRecord {
  return {
    id: row.id as KeyId,
    domain: row.domain as DomainName,
    selector: row.selector,
    algorithm: row.algorithm as SigningAlgorithm,
    state: row.state as DkimKeyState,
    publicRecord: row.public_record,
    createdAtMs: row.created_at_ms,
    stateSinceMs: row.state_since_ms,
    ...(row.seen_since_ms === null ? {} : { seenSinceMs: row.seen_since_ms }),
    waitMs: row.wait_ms,
  };
}

function toMailbox(row: Row<'directory_mailboxes'>): LocalMailbox {
  return { id: row.id as MailboxId, name: row.name, role: row.role as LocalMailbox['role'] };
}
