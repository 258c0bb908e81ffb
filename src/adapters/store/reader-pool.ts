/**
 * Read-only connections. Each `read` sees one unchanging state of the database from its first to its last statement: a
 * *snapshot*, which reads of the same turn of the event loop share as long as this process commits nothing in between. Beginning and
 * ending one costs four system calls and an empty page cache; reading a row costs 3 µs.
 *
 *   begun -reads of this turn join-> ... -a commit of ours, the end of the turn-> shut -its last read is over-> ended
 *
 * While a commit of ours is not durable yet, reads share the snapshot from before it, over as many turns as that takes.
 *
 * A read that awaits only its reader is over within its turn, so one connection serves nearly always.
 */
import { Bug } from '../../base/outcome.ts';
import type { Reader, Statement } from '../../base/port/db.ts';
import { SqliteConnection } from './sqlite-connection.ts';
import { faultFrom } from './sqlite-faults.ts';

/** Snapshots at the same moment (a read that loads a large body from its file awaits the disk); further reads wait their turn. */
const readersMax = 8;

type Snapshot = { readonly connection: SqliteConnection; readers: number; shut: boolean };

export class ReaderPool {
  readonly #file: string;
  readonly #idle: SqliteConnection[] = [];
  readonly #waiting: ((connection: SqliteConnection) => void)[] = [];
  /** The one that reads may join. */
  #current: Snapshot | undefined;
  /** Over when what has been committed is durable; until then no snapshot begins. */
  #holding: PromiseWithResolvers<void> | undefined;
  #open = 0;
  #closing = false;
  #closed: (() => void) | undefined;

  constructor(file: string) {
    this.#file = file;
  }

  read<T>(work: (reader: Reader) => Promise<T>): Promise<T> {
    let joined: Snapshot | Promise<Snapshot>;
    try {
      joined = this.#join();
    } catch (error) {
      return Promise.reject(error);
    }
    return joined instanceof Promise ? joined.then((one) => this.#readIn(one, work)) : this.#readIn(joined, work);
  }

  async #readIn<T>(snapshot: Snapshot, work: (reader: Reader) => Promise<T>): Promise<T> {
    const reader = new OpenReader(snapshot.connection);
    try {
      return await work(reader);
    } finally {
      reader.end();
      snapshot.readers--;
      if (snapshot.shut) this.#endWhenOver(snapshot);
      else if (!snapshot.connection.isTransaction) this.#shut(snapshot); // an I/O error ended it
    }
  }

  /** Until `renew` reads see what is committed now; where no connection is to be had for that, they wait. */
  hold(): void {
    this.#holding ??= Promise.withResolvers();
    try {
      this.#current ??= this.#beginAtOnce();
      this.#current?.connection.step('SELECT 1 FROM sqlite_schema LIMIT 1'); // what it sees is settled with its first read
    } catch {
      if (this.#current !== undefined) this.#shut(this.#current);
    }
  }

  /** Reads from here on see what has been committed by now. */
  renew(): void {
    if (this.#current !== undefined) this.#shut(this.#current);
    this.#holding?.resolve();
    this.#holding = undefined;
  }

  /** The answer counts as one of its readers already. */
  #join(): Snapshot | Promise<Snapshot> {
    if (this.#current !== undefined) {
      this.#current.readers++;
      return this.#current;
    }
    const connection = this.#take();
    return connection instanceof Promise ? connection.then((given) => this.#begin(given)) : this.#begin(connection);
  }

  #begin(connection: SqliteConnection): Snapshot | Promise<Snapshot> {
    if (this.#current !== undefined) {
      this.#giveBack(connection); // another read was faster
      this.#current.readers++;
      return this.#current;
    }
    if (this.#holding !== undefined) {
      this.#giveBack(connection);
      return this.#holding.promise.then(() => this.#join());
    }
    const snapshot = this.#beginOn(connection);
    snapshot.readers++;
    this.#current = snapshot;
    setImmediate(() => {
      if (this.#holding === undefined) this.#shut(snapshot);
    });
    return snapshot;
  }

  #beginAtOnce(): Snapshot | undefined {
    const connection = this.#takeFree();
    return connection && this.#beginOn(connection);
  }

  #beginOn(connection: SqliteConnection): Snapshot {
    try {
      connection.step('BEGIN');
      return { connection, readers: 0, shut: false };
    } catch (error) {
      this.#giveBack(connection);
      throw faultFrom(error);
    }
  }

  #shut(snapshot: Snapshot): void {
    if (snapshot.shut) return;
    snapshot.shut = true;
    if (this.#current === snapshot) this.#current = undefined;
    this.#endWhenOver(snapshot);
  }

  #endWhenOver({ readers, connection }: Snapshot): void {
    if (readers > 0) return;
    if (connection.isTransaction) connection.step('ROLLBACK');
    this.#giveBack(connection);
  }

  #take(): SqliteConnection | Promise<SqliteConnection> {
    return this.#takeFree() ?? new Promise((resolve) => this.#waiting.push(resolve));
  }

  #takeFree(): SqliteConnection | undefined {
    const idle = this.#idle.pop();
    if (idle !== undefined || this.#open >= readersMax) return idle;
    const connection = new SqliteConnection(this.#file, { readOnly: true });
    this.#open++;
    return connection;
  }

  #giveBack(connection: SqliteConnection): void {
    const next = this.#waiting.shift();
    if (next !== undefined) {
      next(connection);
      return;
    }
    if (!this.#closing) {
      this.#idle.push(connection);
      return;
    }
    connection.close();
    this.#open--;
    if (this.#open === 0) this.#closed?.();
  }

  /** Waits for running reads. */
  async close(): Promise<void> {
    this.#closing = true;
    this.renew();
    for (const connection of this.#idle.splice(0)) {
      connection.close();
      this.#open--;
    }
    if (this.#open > 0) await new Promise<void>((resolve) => (this.#closed = resolve));
  }
}

/** Usable until its `read` or `write` is over. Answers are there at once: no `async`, which would make three promises of one. */
export class OpenReader implements Reader {
  protected readonly connection: SqliteConnection;
  #over = false;

  constructor(connection: SqliteConnection) {
    this.connection = connection;
  }

  protected demandOpen(): void {
    if (this.#over) throw new Bug('a reader or transaction was used after its end');
  }

  all<Row>(statement: Statement<Row>): Promise<Row[]> {
    return settled(() => {
      this.demandOpen();
      return this.connection.all(statement.sql, statement.parameters) as Row[];
    });
  }

  first<Row>(statement: Statement<Row>): Promise<Row | undefined> {
    return settled(() => {
      this.demandOpen();
      return this.connection.first(statement.sql, statement.parameters) as Row | undefined;
    });
  }

  end(): void {
    this.#over = true;
  }
}

/** What `run` answers or throws, as a promise. */
export function settled<T>(run: () => T): Promise<T> {
  try {
    return Promise.resolve(run());
  } catch (error) {
    return Promise.reject(error);
  }
}
