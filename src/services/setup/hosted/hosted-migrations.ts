/** The tables of hosted zones. Released steps never change. */
import type { Migration } from '../../../base/port/db.ts';

export const hostedMigrations: readonly Migration[] = [
  {
    id: 'setup-hosted-1',
    statements: [
      'CREATE TABLE setup_hosted_zones (zone TEXT NOT NULL PRIMARY KEY, name_servers TEXT NOT NULL, serial BIGINT NOT NULL)',
      `CREATE TABLE setup_hosted_sets (
        zone TEXT NOT NULL REFERENCES setup_hosted_zones (zone),
        name TEXT NOT NULL,
        type TEXT NOT NULL,
        ttl BIGINT NOT NULL,
        record_values TEXT NOT NULL,
        PRIMARY KEY (zone, name, type)
      )`,
    ],
  },
  {
    id: 'setup-hosted-2',
    statements: [
      `CREATE TABLE setup_delegations (
        domain TEXT NOT NULL PRIMARY KEY,
        kind TEXT NOT NULL,
        zone TEXT NOT NULL,
        sts_mode TEXT NOT NULL,
        dmarc_before TEXT,
        made_at_ms BIGINT NOT NULL
      )`,
    ],
  },
  {
    id: 'setup-hosted-3',
    statements: ['ALTER TABLE setup_delegations ADD COLUMN spf_state TEXT'],
  },
  {
    id: 'setup-hosted-4',
    statements: [
      `CREATE TABLE setup_policies (
        domain TEXT NOT NULL PRIMARY KEY,
        url TEXT NOT NULL,
        document TEXT NOT NULL,
        sealed_seed BYTEA NOT NULL
      )`,
    ],
  },
  {
    id: 'setup-hosted-5',
    statements: ['CREATE TABLE setup_hosted_past (zone TEXT NOT NULL PRIMARY KEY, serial BIGINT NOT NULL)'],
  },
];
