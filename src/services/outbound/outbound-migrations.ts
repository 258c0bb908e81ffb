/** Schema of outbound's tables, in the SQL that SQLite and PostgreSQL share. Released steps never change. */
import type { Migration } from '../../base/port/db.ts';

export const outboundMigrations: readonly Migration[] = [
  {
    id: 'outbound-1',
    statements: [
      `CREATE TABLE outbound_messages (
        id TEXT NOT NULL PRIMARY KEY,
        created_at_ms BIGINT NOT NULL,
        account TEXT NOT NULL,
        origin TEXT NOT NULL,
        author TEXT NOT NULL,
        mail_from TEXT NOT NULL,
        report_to TEXT NOT NULL,
        subject TEXT NOT NULL,
        message_id_header TEXT NOT NULL,
        size_bytes BIGINT NOT NULL,
        blob_id TEXT NOT NULL,
        needs_smtp_utf8 INTEGER NOT NULL,
        eight_bit INTEGER NOT NULL,
        test INTEGER NOT NULL,
        tags TEXT NOT NULL,
        metadata TEXT NOT NULL
      )`,
      'CREATE INDEX outbound_messages_by_account ON outbound_messages (account, id)',
      `CREATE TABLE outbound_deliveries (
        id TEXT NOT NULL PRIMARY KEY,
        message_id TEXT NOT NULL REFERENCES outbound_messages (id),
        recipient TEXT NOT NULL,
        lane TEXT NOT NULL,
        domain TEXT NOT NULL,
        return_path TEXT NOT NULL,
        state TEXT NOT NULL,
        ready INTEGER NOT NULL,
        due_at_ms BIGINT,
        leased INTEGER NOT NULL,
        fence BIGINT NOT NULL,
        tries INTEGER NOT NULL,
        unsure INTEGER NOT NULL,
        unsure_ends INTEGER NOT NULL,
        accepted_at_ms BIGINT NOT NULL,
        settled_at_ms BIGINT,
        last TEXT NOT NULL
      )`,
      'CREATE INDEX outbound_deliveries_by_message ON outbound_deliveries (message_id)',
      'CREATE INDEX outbound_deliveries_ready ON outbound_deliveries (lane, domain, tries, id) WHERE ready = 1',
      'CREATE INDEX outbound_deliveries_due ON outbound_deliveries (due_at_ms) WHERE due_at_ms IS NOT NULL',
      `CREATE TABLE outbound_idempotency (
        account TEXT NOT NULL,
        idempotency_key TEXT NOT NULL,
        request_sha256 TEXT NOT NULL,
        message_id TEXT NOT NULL REFERENCES outbound_messages (id),
        created_at_ms BIGINT NOT NULL,
        PRIMARY KEY (account, idempotency_key)
      )`,
      'CREATE INDEX outbound_idempotency_by_age ON outbound_idempotency (created_at_ms)',
    ],
  },
  {
    // RFC 3461: what the sender asked to be told, and whether he was. Nobody had asked for anything before.
    id: 'outbound-2',
    statements: [
      "ALTER TABLE outbound_messages ADD COLUMN ret TEXT NOT NULL DEFAULT ''",
      "ALTER TABLE outbound_messages ADD COLUMN envid TEXT NOT NULL DEFAULT ''",
      'ALTER TABLE outbound_messages ADD COLUMN delay_told INTEGER NOT NULL DEFAULT 0',
      "ALTER TABLE outbound_deliveries ADD COLUMN notify TEXT NOT NULL DEFAULT ''",
      "ALTER TABLE outbound_deliveries ADD COLUMN orcpt TEXT NOT NULL DEFAULT ''",
      'ALTER TABLE outbound_deliveries ADD COLUMN success_told INTEGER NOT NULL DEFAULT 0',
    ],
  },
  {
    // RFC 8461: the MTA-STS policies of the domains mail goes to, until they are too old.
    id: 'outbound-3',
    statements: [
      `CREATE TABLE outbound_sts_policies (
        domain TEXT NOT NULL PRIMARY KEY,
        policy_id TEXT NOT NULL,
        policy TEXT NOT NULL,
        fetched_at_ms BIGINT NOT NULL,
        ends_at_ms BIGINT NOT NULL
      )`,
      'CREATE INDEX outbound_sts_policies_by_end ON outbound_sts_policies (ends_at_ms)',
    ],
  },
  {
    // Messages a day to receivers that count them; names from the top: com.example.news.
    id: 'outbound-4',
    statements: [
      `CREATE TABLE outbound_volumes (
        receiver TEXT NOT NULL,
        name TEXT NOT NULL,
        day INTEGER NOT NULL,
        messages BIGINT NOT NULL,
        PRIMARY KEY (receiver, name, day)
      )`,
    ],
  },
];
