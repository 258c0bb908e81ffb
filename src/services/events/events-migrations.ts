/** Schema of the tables of `events`, in the SQL that SQLite and PostgreSQL share. Released steps never change. */
import type { Migration } from '../../base/port/db.ts';

export const eventsMigrations: readonly Migration[] = [
  {
    id: 'events-1',
    statements: [
      // An identity is never given twice, even after old events were removed, so cursors stay true.
      `CREATE TABLE events_log (
        sequence BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        at_ms BIGINT NOT NULL,
        type TEXT NOT NULL,
        subject TEXT NOT NULL,
        data TEXT NOT NULL
      )`,
      'CREATE INDEX events_log_by_subject ON events_log (subject, sequence)',
      `CREATE TABLE events_cursors (
        reader TEXT NOT NULL PRIMARY KEY,
        sequence BIGINT NOT NULL
      )`,
    ],
  },
];
