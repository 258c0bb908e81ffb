/**
 * Mailbox: mail that has arrived. Takes a finished message into a folder, in the transaction of whoever delivers it, and gives it
 * back octet by octet. Who may read which mailbox is decided by its callers.
 */
import type { Ids } from '../../base/id.ts';
import type { Blobs, Spooled, StoredBody } from '../../base/port/blobs.ts';
import type { Db, Tx } from '../../base/port/db.ts';
import { spoolAll } from '../../base/spool-all.ts';
import { MailboxStore } from './mailbox-store.ts';
import type { FolderName, NewMail, StoredId, StoredMail } from './types.ts';

export type MailboxPorts = { readonly db: Db; readonly blobs: Blobs; readonly ids: Ids };

export class MailboxService {
  readonly #ports: MailboxPorts;
  readonly #store: MailboxStore;

  constructor(ports: MailboxPorts) {
    this.#ports = ports;
    this.#store = new MailboxStore(ports.db);
  }

  /** Before the transaction: a large body is a synced file by the time its row is written. @param rest what follows `bytes` */
  spool(bytes: Uint8Array, rest?: AsyncIterable<Uint8Array>): Promise<Spooled> {
    return spoolAll(this.#ports.blobs, bytes, ...(rest ? [rest] : []));
  }

  async append(tx: Tx, mail: NewMail): Promise<StoredMail> {
    const { body, ...about } = mail;
    const uid = await this.#store.takeUid(tx, mail.mailbox, mail.folder);
    const stored: StoredMail = { ...about, id: this.#ports.ids.next('msg'), uid, sizeBytes: body.size };
    await this.#store.insert(tx, stored, await this.#ports.blobs.keep(tx, body));
    tx.afterCommit(() => this.#ports.db.notify(`mailbox/${mail.mailbox}`));
    return stored;
  }

  /** Newest first. */
  list(filter: {
    readonly mailbox?: string;
    readonly folder?: FolderName;
    readonly before?: StoredId;
    readonly limit: number;
  }): Promise<StoredMail[]> {
    return this.#ports.db.read((reader) => this.#store.list(reader, filter));
  }

  find(id: StoredId): Promise<StoredMail | undefined> {
    return this.#ports.db.read(async (reader) => (await this.#store.find(reader, id))?.mail);
  }

  /** The message as it was stored, to be read in pieces. */
  body(id: StoredId): Promise<StoredBody | undefined> {
    return this.#ports.db.read(async (reader) => {
      const found = await this.#store.find(reader, id);
      return found && this.#ports.blobs.find(reader, found.blobId);
    });
  }

  /** The whole of it, checked against its hash. */
  raw(id: StoredId): Promise<Uint8Array | undefined> {
    return this.#ports.db.read(async (reader) => {
      const found = await this.#store.find(reader, id);
      return found && this.#ports.blobs.read(reader, found.blobId);
    });
  }
}
