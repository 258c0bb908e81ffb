/** Schema of the directory's tables, in the SQL that SQLite and PostgreSQL share. Released steps never change. */
import type { Migration } from '../../base/port/db.ts';

export const directoryMigrations: readonly Migration[] = [
  {
    id: 'directory-1',
    statements: [
      `CREATE TABLE directory_domains (
        name TEXT NOT NULL PRIMARY KEY,
        created_at_ms BIGINT NOT NULL,
        verified_at_ms BIGINT,
        verified_by TEXT,
        receives INTEGER NOT NULL
      )`,
      `CREATE TABLE directory_dkim_keys (
        id TEXT NOT NULL PRIMARY KEY,
        domain TEXT NOT NULL REFERENCES directory_domains (name),
        selector TEXT NOT NULL,
        algorithm TEXT NOT NULL,
        state TEXT NOT NULL,
        public_record TEXT NOT NULL,
        sealed_private_key BYTEA,
        created_at_ms BIGINT NOT NULL,
        state_since_ms BIGINT NOT NULL,
        UNIQUE (domain, selector)
      )`,
      `CREATE TABLE directory_mailboxes (
        id TEXT NOT NULL PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        role TEXT NOT NULL,
        created_at_ms BIGINT NOT NULL
      )`,
      `CREATE UNIQUE INDEX directory_mailboxes_operator ON directory_mailboxes (role) WHERE role = 'operator'`,
      `CREATE TABLE directory_addresses (
        domain TEXT NOT NULL REFERENCES directory_domains (name),
        local_folded TEXT NOT NULL,
        mailbox_id TEXT NOT NULL REFERENCES directory_mailboxes (id),
        written TEXT NOT NULL,
        created_at_ms BIGINT NOT NULL,
        PRIMARY KEY (domain, local_folded)
      )`,
      'CREATE INDEX directory_addresses_by_mailbox ON directory_addresses (mailbox_id)',
      `CREATE TABLE directory_api_keys (
        id TEXT NOT NULL PRIMARY KEY,
        name TEXT NOT NULL,
        mode TEXT NOT NULL,
        token_sha256 TEXT NOT NULL UNIQUE,
        scopes TEXT NOT NULL,
        domains TEXT,
        created_at_ms BIGINT NOT NULL,
        last_used_at_ms BIGINT,
        revoked_at_ms BIGINT
      )`,
      `CREATE TABLE directory_users (
        id TEXT NOT NULL PRIMARY KEY,
        login TEXT NOT NULL UNIQUE,
        domains TEXT NOT NULL,
        created_at_ms BIGINT NOT NULL
      )`,
      `CREATE TABLE directory_passwords (
        id TEXT NOT NULL PRIMARY KEY,
        user_id TEXT NOT NULL REFERENCES directory_users (id),
        kind TEXT NOT NULL,
        hash TEXT NOT NULL,
        created_at_ms BIGINT NOT NULL,
        last_used_at_ms BIGINT
      )`,
      'CREATE INDEX directory_passwords_by_user ON directory_passwords (user_id)',
      `CREATE INDEX directory_passwords_chosen ON directory_passwords (kind) WHERE kind = 'chosen'`,
    ],
  },
  {
    // Domains are looked at again from time to time: is the proof still there, is a new key published everywhere?
    id: 'directory-2',
    statements: [
      'ALTER TABLE directory_domains ADD COLUMN look_at_ms BIGINT',
      'ALTER TABLE directory_domains ADD COLUMN lapsed_since_ms BIGINT',
      'ALTER TABLE directory_domains ADD COLUMN warned_at_ms BIGINT',
      'ALTER TABLE directory_domains ADD COLUMN stopped_at_ms BIGINT',
      'UPDATE directory_domains SET look_at_ms = 0',
      'CREATE INDEX directory_domains_by_look ON directory_domains (look_at_ms) WHERE look_at_ms IS NOT NULL',
      'ALTER TABLE directory_dkim_keys ADD COLUMN seen_since_ms BIGINT',
      'ALTER TABLE directory_dkim_keys ADD COLUMN wait_ms BIGINT NOT NULL DEFAULT 0',
    ],
  },
  {
    id: 'directory-3',
    statements: [
      `CREATE TABLE directory_streams (
        name TEXT NOT NULL PRIMARY KEY,
        kind TEXT NOT NULL,
        min_score_tenths INTEGER,
        when_unscored TEXT NOT NULL,
        created_at_ms BIGINT NOT NULL
      )`,
    ],
  },
];
