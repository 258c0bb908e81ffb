/**
 * Read-only connections, one per running `read`, so that each sees one unchanging state of the database from its first to
 * its last statement. A read that awaits only its reader never meets another one, so one connection serves nearly always.
 */
import { Bug } from '../../base/outcome.ts';
import type { Reader, Statement } from '../../base/port/db.ts';
import { SqliteConnection } from './sqlite-connection.ts';
import { faultFrom } from './sqlite-faults.ts';

/** Reads at the same moment (one that loads a large body from its file awaits the disk); the others wait their turn. */
const readersMax = 8;

export class ReaderPool {
  readonly #file: string;
  readonly #idle: SqliteConnection[] = [];
  readonly #waiting: ((connection: SqliteConnection) => void)[] = [];
  #open = 0;
  #closing = false;
  #closed: (() => void) | undefined;

  constructor(file: string) {
    this.#file = file;
  }

  async read<T>(work: (reader: Reader) => Promise<T>): Promise<T> {
    const connection = await this.#take();
    const reader = new OpenReader(connection);
    try {
      begin(connection);
      return await work(reader);
    } finally {
      reader.end();
      if (connection.isTransaction) connection.exec('ROLLBACK');
      this.#giveBack(connection);
    }
  }

  #take(): SqliteConnection | Promise<SqliteConnection> {
    const idle = this.#idle.pop();
    if (idle !== undefined) return idle;
    if (this.#open < readersMax) {
      const connection = new SqliteConnection(this.#file, { readOnly: true });
      this.#open++;
      return connection;
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
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
    for (const connection of this.#idle.splice(0)) {
      connection.close();
      this.#open--;
    }
    if (this.#open > 0) await new Promise<void>((resolve) => (this.#closed = resolve));
  }
}

function begin(connection: SqliteConnection): void {
  try {
    connection.exec('BEGIN');
  } catch (error) {
    throw faultFrom(error);
  }
}

/** Usable until its `read` or `write` is over. */
export class OpenReader implements Reader {
  protected readonly connection: SqliteConnection;
  #over = false;

  constructor(connection: SqliteConnection) {
    this.connection = connection;
  }

  protected demandOpen(): void {
    if (this.#over) throw new Bug('a reader or transaction was used after its end');
  }

  async all<Row>(statement: Statement<Row>): Promise<Row[]> {
    this.demandOpen();
    return this.connection.all(statement.sql, statement.parameters) as Row[];
  }

  async first<Row>(statement: Statement<Row>): Promise<Row | undefined> {
    this.demandOpen();
    return this.connection.first(statement.sql, statement.parameters) as Row | undefined;
  }

  end(): void {
    this.#over = true;
  }
}
