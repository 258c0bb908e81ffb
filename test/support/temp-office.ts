/** A store, and the services every office begins with, in a folder that is gone after the test. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { openFileSecrets } from '../../src/adapters/secrets/file-secrets.ts';
import { openBlobs, type StoredBlobs } from '../../src/adapters/store/blobs.ts';
import { blobMigrations } from '../../src/adapters/store/blobs-schema.ts';
import { openSqlite, type SqliteDb } from '../../src/adapters/store/sqlite-db.ts';
import { systemClock, type Timers } from '../../src/base/clock.ts';
import { createIds, type Ids } from '../../src/base/id.ts';
import type { Migration } from '../../src/base/port/db.ts';
import type { Secrets } from '../../src/base/port/secrets.ts';
import { type Random, systemRandom } from '../../src/base/random.ts';
import { type DomainName, parseDomainName } from '../../src/format/domain-name.ts';
import { Directory } from '../../src/services/directory/directory.ts';
import { directoryMigrations } from '../../src/services/directory/directory-migrations.ts';
import { Events } from '../../src/services/events/events.ts';
import { eventsMigrations } from '../../src/services/events/events-migrations.ts';
import { makeTestDkimKey } from './dkim-test-keys.ts';

/** @param close runs before the folder goes */
export function tempFolder(t: TestContext, close?: () => Promise<void>): string {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-test-'));
  t.after(async () => {
    await close?.();
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

export async function tempDb(t: TestContext, migrations: readonly Migration[]): Promise<SqliteDb> {
  const folder = tempFolder(t, () => db.close());
  const db = await openSqlite(folder, { migrations, office: 'take' });
  return db;
}

/** Of every office; services under test bring theirs. */
export const officeMigrations: readonly Migration[] = [...blobMigrations, ...eventsMigrations, ...directoryMigrations];

export type TempOffice = {
  readonly folder: string;
  readonly db: SqliteDb;
  readonly blobs: StoredBlobs;
  readonly secrets: Secrets;
  readonly ids: Ids;
  readonly timers: Timers;
  readonly random: Random;
  readonly events: Events;
  readonly directory: Directory;
};

/** @param migrations of the services under test, besides those of store, events and directory; `close` ends them, before the store */
export async function tempOffice(
  t: TestContext,
  options: {
    readonly migrations?: readonly Migration[];
    readonly timers?: Timers;
    readonly random?: Random;
    readonly close?: () => Promise<void>;
  } = {},
): Promise<TempOffice> {
  const folder = tempFolder(t, async () => {
    await options.close?.();
    await db.close();
  });
  const { timers = systemClock, random = systemRandom } = options;
  const migrations = [...officeMigrations, ...(options.migrations ?? [])];
  // The store asks for writes of other processes twice a second: in its own time, not in a test's that flies.
  const db = await openSqlite(folder, { migrations, office: 'take' });
  const ids = createIds(timers, random);
  const blobs = await openBlobs(folder, { db, clock: timers, ids, random });
  const secrets = openFileSecrets(join(folder, 'secret.key'), random);
  const events = new Events({ db, timers, ids });
  const directory = new Directory(
    { db, clock: timers, ids, random, secrets, events, makeDkimKey: makeTestDkimKey },
    { hashCost: { memoryKiB: 8, passes: 1 } },
  );
  return { folder, db, blobs, secrets, ids, timers, random, events, directory };
}

export function domain(name: string): DomainName {
  const parsed = parseDomainName(name);
  if (parsed === undefined) throw new Error(`not a domain name: ${name}`);
  return parsed;
}
