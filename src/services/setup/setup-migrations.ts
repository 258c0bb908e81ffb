/** Schema of the setup service's tables, in the SQL that SQLite and PostgreSQL share. Released steps never change. */
import type { Migration } from '../../base/port/db.ts';

export const setupMigrations: readonly Migration[] = [
  {
    id: 'setup-1',
    statements: [
      `CREATE TABLE setup_declarations (
        domain TEXT NOT NULL PRIMARY KEY,
        declaration TEXT NOT NULL,
        changed_at_ms BIGINT NOT NULL
      )`,
    ],
  },
  {
    // What was taken of the policy document of a domain, and what of it has to wait.
    id: 'setup-2',
    statements: [
      `CREATE TABLE setup_held_policies (
        domain TEXT NOT NULL PRIMARY KEY,
        held TEXT NOT NULL
      )`,
    ],
  },
];
