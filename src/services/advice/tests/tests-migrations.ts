/** Schema of the test addresses, in the SQL that SQLite and PostgreSQL share. Released steps never change. */
import type { Migration } from '../../../base/port/db.ts';

export const testsMigrations: readonly Migration[] = [
  {
    id: 'advice-tests-1',
    statements: [
      `CREATE TABLE advice_tests (
        token TEXT NOT NULL PRIMARY KEY,
        address TEXT NOT NULL,
        created_at_ms BIGINT NOT NULL,
        expires_at_ms BIGINT NOT NULL,
        arrived_at_ms BIGINT,
        arrival TEXT
      )`,
      'CREATE INDEX advice_tests_by_end ON advice_tests (expires_at_ms)',
    ],
  },
];
