/**
 * Brings a database to the schema of this version: every migration not yet applied, in the order of the list, each in a
 * transaction of its own, so that a kill in the middle leaves a state from which the next start goes on.
 */
import type { Clock } from '../../base/clock.ts';
import { Fault, invariant } from '../../base/outcome.ts';
import type { Migration } from '../../base/port/db.ts';
import { forSqlite } from './schema-dialect.ts';
import type { SqliteConnection } from './sqlite-connection.ts';
import { faultFrom } from './sqlite-faults.ts';

/** "PHOR": tells our file from any other SQLite database. */
const applicationId = 0x50484f52;

const createTable =
  'CREATE TABLE IF NOT EXISTS schema_migrations (id TEXT PRIMARY KEY, applied_ms INTEGER NOT NULL) STRICT';

/** The migrations still to apply. Throws `STORE_NEWER` when the database knows steps that this version does not. */
export function pendingMigrations(connection: SqliteConnection, migrations: readonly Migration[]): Migration[] {
  const known = new Set(migrations.map((migration) => migration.id));
  invariant(known.size === migrations.length, 'two migrations share an id');
  const applied = appliedIds(connection);
  const unknown = [...applied].filter((id) => !known.has(id));
  if (unknown.length > 0)
    throw new Fault(
      'STORE_NEWER',
      `the data folder was written by a newer version (it has the step ${unknown.join(', ')}); start that version`,
    );
  return migrations.filter((migration) => !applied.has(migration.id));
}

function appliedIds(connection: SqliteConnection): Set<string> {
  const { application_id } = connection.first('PRAGMA application_id', []) ?? {};
  const tables = connection.all("SELECT name FROM sqlite_schema WHERE type = 'table'", []);
  if (tables.length === 0) return new Set();
  if (application_id !== applicationId) throw new Fault('STORE_BROKEN', 'the file is not a database of Posthorn');
  return new Set(connection.all('SELECT id FROM schema_migrations', []).map((row) => String(row.id)));
}

export function applyMigrations(connection: SqliteConnection, pending: readonly Migration[], clock: Clock): void {
  transaction(connection, () => {
    connection.exec(`PRAGMA application_id = ${applicationId}`);
    connection.exec(createTable);
  });
  for (const migration of pending) transaction(connection, () => applyOne(connection, migration, clock));
}

function applyOne(connection: SqliteConnection, migration: Migration, clock: Clock): void {
  // Two commands may start in a fresh folder at once; the second one finds the step done.
  if (connection.first('SELECT id FROM schema_migrations WHERE id = ?', [migration.id]) !== undefined) return;
  for (const statement of migration.statements) {
    // A violation noticed only at COMMIT would take the other writes of its batch with it.
    invariant(!/\bINITIALLY\s+DEFERRED\b/i.test(statement), `${migration.id}: deferred constraints break group commit`);
    connection.exec(forSqlite(statement));
  }
  connection.run('INSERT INTO schema_migrations (id, applied_ms) VALUES (?, ?)', [migration.id, clock.nowMs()]);
}

function transaction(connection: SqliteConnection, work: () => void): void {
  try {
    connection.exec('BEGIN IMMEDIATE');
    work();
    connection.exec('COMMIT');
  } catch (error) {
    if (connection.isTransaction) connection.exec('ROLLBACK');
    throw faultFrom(error);
  }
}
