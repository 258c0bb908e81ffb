/**
 * One connection to the SQLite file: settings, a bounded cache of prepared statements, values in and out. Everything here is
 * synchronous; who may use a connection when is decided by `group-commit.ts` (the writer) and `reader-pool.ts`.
 */
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { Bug } from '../../base/outcome.ts';
import { faultFrom } from './sqlite-faults.ts';

/** Statements kept prepared per connection. The office knows some 150; lists of variable length (`IN`) make up the rest. */
const statementsMax = 512;

/**
 * How long SQLite itself may wait for a lock, which blocks the thread. Short: the writer tries again without blocking
 * (`group-commit.ts`), and readers of a write-ahead log meet a lock only while another process opens or closes the file.
 */
const busyTimeoutMs = 100;

export type SqlRow = Record<string, unknown>;

type Prepared = { readonly statement: StatementSync; readonly columns: readonly string[] };

export class SqliteConnection {
  readonly #database: DatabaseSync;
  readonly #prepared = new Map<string, Prepared>();

  constructor(file: string, options: { readonly readOnly: boolean; readonly busyTimeoutMs?: number }) {
    try {
      this.#database = new DatabaseSync(file, {
        readOnly: options.readOnly,
        timeout: options.busyTimeoutMs ?? busyTimeoutMs,
        enableForeignKeyConstraints: true,
        enableDoubleQuotedStringLiterals: false,
        defensive: true,
      });
    } catch (error) {
      throw faultFrom(error);
    }
  }

  get isTransaction(): boolean {
    return this.#database.isTransaction;
  }

  /** Statements of ours without parameters: settings, schema. Throws SQLite's own error. */
  exec(sql: string): void {
    this.#database.exec(sql);
  }

  /** One statement that every write needs (`SAVEPOINT`): prepared once, where `exec` parses each time. Throws SQLite's own error. */
  step(sql: string): void {
    this.#prepare(sql).statement.run();
  }

  all(sql: string, parameters: readonly unknown[]): SqlRow[] {
    try {
      const { statement, columns } = this.#prepare(sql);
      return statement.all(...bindable(parameters)).map((values) => rowOf(columns, values));
    } catch (error) {
      throw faultFrom(error);
    }
  }

  first(sql: string, parameters: readonly unknown[]): SqlRow | undefined {
    try {
      const { statement, columns } = this.#prepare(sql);
      const values = statement.get(...bindable(parameters));
      return values === undefined ? undefined : rowOf(columns, values);
    } catch (error) {
      throw faultFrom(error);
    }
  }

  run(sql: string, parameters: readonly unknown[]): number {
    try {
      return Number(this.#prepare(sql).statement.run(...bindable(parameters)).changes);
    } catch (error) {
      throw faultFrom(error);
    }
  }

  /** Least recently used statements leave first; one that left is finalized by the garbage collector. */
  #prepare(sql: string): Prepared {
    const known = this.#prepared.get(sql);
    if (known !== undefined) {
      if (this.#prepared.size > statementsMax / 2) {
        this.#prepared.delete(sql);
        this.#prepared.set(sql, known);
      }
      return known;
    }
    const statement = this.#database.prepare(sql);
    statement.setReturnArrays(true);
    const prepared = { statement, columns: statement.columns().map(({ name }) => name) };
    if (this.#prepared.size >= statementsMax) {
      for (const oldest of this.#prepared.keys()) {
        this.#prepared.delete(oldest);
        break;
      }
    }
    this.#prepared.set(sql, prepared);
    return prepared;
  }

  close(): void {
    this.#prepared.clear();
    if (this.#database.isOpen) this.#database.close();
  }
}

/** A plain object as every other adapter answers it: built from a list in a tenth of the time that copying node's own rows took. */
function rowOf(columns: readonly string[], values: unknown): SqlRow {
  const row: SqlRow = {};
  const list = values as readonly unknown[];
  for (let at = 0; at < columns.length; at++) row[columns[at] as string] = list[at];
  return row;
}

/** The list itself, where every value can be bound as it is. */
function bindable(parameters: readonly unknown[]): readonly SQLInputValue[] {
  return parameters.every(isBindable) ? (parameters as readonly SQLInputValue[]) : parameters.map(toSqlite);
}

function isBindable(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'number' || value === null || value instanceof Uint8Array;
}

/** `undefined` is a forgotten value, never NULL. */
function toSqlite(value: unknown): SQLInputValue {
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint')
    return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (value instanceof Uint8Array) return value;
  throw new Bug(`not a value for a database: ${typeof value}`);
}
