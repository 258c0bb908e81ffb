/** The tables of publishing. Released steps never change. */
import type { Migration } from '../../../base/port/db.ts';

export const publishMigrations: readonly Migration[] = [
  {
    id: 'setup-publish-1',
    statements: [
      `CREATE TABLE setup_publications (
        sequence BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        domain TEXT NOT NULL,
        at_ms BIGINT NOT NULL,
        line TEXT NOT NULL
      )`,
      'CREATE INDEX setup_publications_of_domain ON setup_publications (domain, sequence)',
    ],
  },
  {
    id: 'setup-publish-2',
    statements: [
      `CREATE TABLE setup_credentials (
        kind TEXT NOT NULL,
        name TEXT NOT NULL,
        sealed BYTEA NOT NULL,
        PRIMARY KEY (kind, name)
      )`,
    ],
  },
];
