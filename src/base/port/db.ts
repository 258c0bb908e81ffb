/**
 * The port to the database: SQLite in one process, PostgreSQL for many nodes. Services build their queries with the
 * builder of `queries()` (dialect comes from the adapter, nothing runs through it) and hand the compiled statements to
 * `read` or `write`.
 *
 * `write` is durable when its promise resolves, and reads see only what is. Writes of a moment may share one commit; each runs alone
 * in a savepoint, so one that throws undoes itself only. Inside `work` await nothing but the `tx` itself: a write that waits for
 * anything else is cut off with a `Bug`.
 *
 * What fails throws a `Fault`. Try again later: `ENOSPC` (disk full), `STORE_BUSY`. Not before a restart: `STORE_IO` (after a
 * failed fsync nothing is written any more), `STORE_BROKEN`. Ours to avoid: `UNIQUE`, `FOREIGN_KEY`, `CONSTRAINT`, `STORE_SQL`.
 */
import type { CompiledQuery, Kysely } from 'kysely';

export type Statement<Row = unknown> = {
  readonly sql: string;
  readonly parameters: readonly unknown[];
  /** Carries the row type of a compiled Kysely query; never present at run time. */
  readonly __row?: Row;
};

export interface Reader {
  all<Row>(statement: Statement<Row> | CompiledQuery<Row>): Promise<Row[]>;
  first<Row>(statement: Statement<Row> | CompiledQuery<Row>): Promise<Row | undefined>;
}

export interface Tx extends Reader {
  /** Answers the number of rows changed. */
  run(statement: Statement | CompiledQuery): Promise<number>;
  /** Runs when the promise of this write resolves, before whoever waits for it (waking a worker, notifying a reader). */
  afterCommit(run: () => void): void;
}

/**
 * When a write's promise resolves. `committed`: no death of the process undoes it, a failure of power or disk still may; for leases
 * and their like, which a start gives up anyway. All that such a write sees is durable.
 */
export type WriteEnd = 'durable' | 'committed';

export interface Db {
  queries<Tables>(): Kysely<Tables>;
  read<T>(work: (reader: Reader) => Promise<T>): Promise<T>;
  /** @param until `durable` where nothing is said */
  write<T>(work: (tx: Tx) => Promise<T>, until?: WriteEnd): Promise<T>;
  /** Wakes the listeners of `channel`, in every process that shares the database. A hint: whoever waits polls as well. */
  notify(channel: string): void;
  onNotify(channel: string, listener: () => void): () => void;
}

/** One step of a service's schema. `id` is `<service>-<number>`; released steps never change. */
export type Migration = { readonly id: string; readonly statements: readonly string[] };
