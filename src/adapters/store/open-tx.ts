/** What the work of one write gets (`group-commit.ts`): its statements, and no longer than its turn of the event loop. */
import { Bug } from '../../base/outcome.ts';
import type { Statement, Tx } from '../../base/port/db.ts';
import { OpenReader, settled } from './reader-pool.ts';

export class OpenTx extends OpenReader implements Tx {
  readonly hooks: (() => void)[] = [];
  /** Whether a statement ran that may have changed something; `INSERT ... RETURNING` comes through `first`. */
  isChange = false;

  override all<Row>(statement: Statement<Row>): Promise<Row[]> {
    this.isChange ||= !isSelect(statement.sql);
    return super.all(statement);
  }

  override first<Row>(statement: Statement<Row>): Promise<Row | undefined> {
    this.isChange ||= !isSelect(statement.sql);
    return super.first(statement);
  }

  run(statement: Statement): Promise<number> {
    return settled(() => {
      this.demandOpen();
      this.isChange = true;
      return this.connection.run(statement.sql, statement.parameters);
    });
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

/** No other statement of ours begins with that letter; what begins with a blank counts as a change. */
function isSelect(sql: string): boolean {
  return (sql.charCodeAt(0) | 0x20) === 0x73;
}
