/** The schema of `events`. Released steps never change. */
import type { Migration } from '../../base/port/db.ts';

export const eventsMigrations: readonly Migration[] = [
  {
    id: 'events-1',
    statements: [
      // AUTOINCREMENT: a sequence is never given twice, even after old events were removed, so cursors stay true.
      `CREATE TABLE events_log (
         sequence INTEGER PRIMARY KEY AUTOINCREMENT,
         id TEXT NOT NULL UNIQUE,
         at_ms INTEGER NOT NULL,
         type TEXT NOT NULL,
         subject TEXT NOT NULL,
         data TEXT NOT NULL
       ) STRICT`,
      'CREATE INDEX events_log_by_subject ON events_log (subject, sequence)',
      `CREATE TABLE events_cursors (
         reader TEXT PRIMARY KEY,
         sequence INTEGER NOT NULL
       ) STRICT, WITHOUT ROWID`,
    ],
  },
];
