/** All SQL of the mailbox: stored mail and the next UID of each folder. */
import type { Kysely } from 'kysely';
import type { BlobId } from '../../base/port/blobs.ts';
import { columnsOf, compileOnce } from '../../base/port/compile-once.ts';
import type { Db, Reader, Tx } from '../../base/port/db.ts';
import type { FolderName, StoredId, StoredMail } from './types.ts';

type MessageRow = {
  id: StoredId;
  mailbox: string;
  folder: FolderName;
  uid: number;
  received_at_ms: number;
  envelope_from: string;
  recipient: string;
  header_from: string | null;
  subject: string;
  /** JSON object of words. */
  verdicts: string;
  size_bytes: number;
  blob_id: BlobId;
};

type Tables = {
  mailbox_messages: MessageRow;
  mailbox_uids: { mailbox: string; folder: FolderName; next_uid: number };
};

export class MailboxStore {
  readonly #q: Kysely<Tables>;
  readonly #hot: ReturnType<typeof hotQueries>;

  constructor(db: Db) {
    this.#q = db.queries<Tables>();
    this.#hot = hotQueries(this.#q);
  }

  /** UIDs only grow and are never given twice. RFC 9051 §2.3.1.1 */
  async takeUid(tx: Tx, mailbox: string, folder: FolderName): Promise<number> {
    const row = await tx.first(this.#hot.takeUid({ mailbox, folder }));
    return Number(row?.next_uid) - 1;
  }

  async insert(tx: Tx, mail: StoredMail, blobId: BlobId): Promise<void> {
    await tx.run(this.#hot.insert(rowOf(mail, blobId)));
  }

  /** Newest first. */
  async list(
    reader: Reader,
    filter: {
      readonly mailbox?: string;
      readonly folder?: FolderName;
      readonly before?: StoredId;
      readonly limit: number;
    },
  ): Promise<StoredMail[]> {
    let query = this.#q.selectFrom('mailbox_messages').selectAll().orderBy('id', 'desc').limit(filter.limit);
    if (filter.mailbox !== undefined) query = query.where('mailbox', '=', filter.mailbox);
    if (filter.folder !== undefined) query = query.where('folder', '=', filter.folder);
    if (filter.before !== undefined) query = query.where('id', '<', filter.before);
    return (await reader.all(query.compile())).map(mailOf);
  }

  async find(
    reader: Reader,
    id: StoredId,
  ): Promise<{ readonly mail: StoredMail; readonly blobId: BlobId } | undefined> {
    const row = await reader.first(this.#q.selectFrom('mailbox_messages').selectAll().where('id', '=', id).compile());
    return row && { mail: mailOf(row), blobId: row.blob_id };
  }
}

/** What every message that arrives asks, compiled once. */
function hotQueries(q: Kysely<Tables>) {
  return {
    takeUid: compileOnce((of: { mailbox: string; folder: FolderName }) =>
      q
        .insertInto('mailbox_uids')
        .values({ mailbox: of.mailbox, folder: of.folder, next_uid: 2 })
        .onConflict((conflict) =>
          conflict
            .columns(['mailbox', 'folder'])
            .doUpdateSet((e) => ({ next_uid: e('mailbox_uids.next_uid', '+', 1) })),
        )
        .returning('next_uid'),
    ),
    insert: compileOnce((row: MessageRow) => q.insertInto('mailbox_messages').values(columnsOf(row, messageColumns))),
  };
}

const messageColumns = {
  id: true,
  mailbox: true,
  folder: true,
  uid: true,
  received_at_ms: true,
  envelope_from: true,
  recipient: true,
  header_from: true,
  subject: true,
  verdicts: true,
  size_bytes: true,
  blob_id: true,
} as const satisfies Record<keyof MessageRow, true>;

function rowOf(mail: StoredMail, blobId: BlobId): MessageRow {
  return {
    id: mail.id,
    mailbox: mail.mailbox,
    folder: mail.folder,
    uid: mail.uid,
    received_at_ms: mail.receivedAtMs,
    envelope_from: mail.envelopeFrom,
    recipient: mail.recipient,
    header_from: mail.headerFrom,
    subject: mail.subject,
    verdicts: JSON.stringify(mail.verdicts),
    size_bytes: mail.sizeBytes,
    blob_id: blobId,
  };
}

function mailOf(row: MessageRow): StoredMail {
  return {
    id: row.id,
    mailbox: row.mailbox,
    folder: row.folder,
    uid: row.uid,
    receivedAtMs: row.received_at_ms,
    envelopeFrom: row.envelope_from,
    recipient: row.recipient,
    headerFrom: row.header_from,
    subject: row.subject,
    verdicts: JSON.parse(row.verdicts) as Record<string, string>,
    sizeBytes: row.size_bytes,
  };
}
