/** What the work of one write gets (`group-commit.ts`): its statements, weighed for the log, and no longer than its turn of the event loop. */
import { Bug } from '../../base/outcome.ts';
import type { Statement, Tx } from '../../base/port/db.ts';
import { OpenReader, settled } from './reader-pool.ts';

/** Pages a changing statement dirties besides its values: the table's and about one index's. */
const bytesPerStatement = 2 * 4096;

export class OpenTx extends OpenReader implements Tx {
  readonly hooks: (() => void)[] = [];
  bytesWritten = 0;

  override all<Row>(statement: Statement<Row>): Promise<Row[]> {
    this.#weigh(statement);
    return super.all(statement);
  }

  override first<Row>(statement: Statement<Row>): Promise<Row | undefined> {
    this.#weigh(statement);
    return super.first(statement);
  }

  run(statement: Statement): Promise<number> {
    return settled(() => {
      this.demandOpen();
      this.#weigh(statement);
      return this.connection.run(statement.sql, statement.parameters);
    });
  }

  /** Roughly what the log grows by; `INSERT ... RETURNING` comes through `first`. */
  #weigh({ sql, parameters }: Statement): void {
    if (isSelect(sql)) return;
    this.bytesWritten += bytesPerStatement;
    for (const value of parameters)
      if (value instanceof Uint8Array || typeof value === 'string') this.bytesWritten += value.length;
  }

  afterCommit(run: () => void): void {
    this.demandOpen();
    this.hooks.push(run);
  }
}

/**
 * A work that awaits only its transaction ends within this turn of the event loop, as everything it awaits is settled
 * already. One that awaits anything else would hold up all writes of the office, perhaps for ever: it is a bug and is cut off.
 */
export class Turn {
  #over: NodeJS.Immediate;
  #cutOff: (() => void) | undefined;

  constructor() {
    this.#over = this.#begin();
  }

  #begin(): NodeJS.Immediate {
    return setImmediate(() => {
      this.#over = this.#begin(); // for the works after the one that is cut off
      this.#cutOff?.();
    });
  }

  hold<T>(work: (tx: Tx) => Promise<T>, tx: Tx): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#cutOff = () => reject(new Bug('a write awaited something else than its transaction'));
      work(tx).then(resolve, reject);
    });
  }

  end(): void {
    clearImmediate(this.#over);
  }
}

/** No other statement of ours begins with that letter; what begins with a blank is weighed in vain. */
function isSelect(sql: string): boolean {
  return (sql.charCodeAt(0) | 0x20) === 0x73;
}
