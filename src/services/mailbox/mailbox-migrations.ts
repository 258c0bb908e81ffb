/** Schema of the mailbox's tables, in the SQL that SQLite and PostgreSQL share. Released steps never change. */
import type { Migration } from '../../base/port/db.ts';

export const mailboxMigrations: readonly Migration[] = [
  {
    id: 'mailbox-1',
    statements: [
      `CREATE TABLE mailbox_messages (
        id TEXT NOT NULL PRIMARY KEY,
        mailbox TEXT NOT NULL,
        folder TEXT NOT NULL,
        uid BIGINT NOT NULL,
        received_at_ms BIGINT NOT NULL,
        envelope_from TEXT NOT NULL,
        recipient TEXT NOT NULL,
        header_from TEXT,
        subject TEXT NOT NULL,
        verdicts TEXT NOT NULL,
        size_bytes BIGINT NOT NULL,
        blob_id TEXT NOT NULL
      )`,
      'CREATE UNIQUE INDEX mailbox_messages_by_uid ON mailbox_messages (mailbox, folder, uid)',
      'CREATE INDEX mailbox_messages_by_age ON mailbox_messages (mailbox, id)',
      `CREATE TABLE mailbox_uids (
        mailbox TEXT NOT NULL,
        folder TEXT NOT NULL,
        next_uid BIGINT NOT NULL,
        PRIMARY KEY (mailbox, folder)
      )`,
    ],
  },
];
