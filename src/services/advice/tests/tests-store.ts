/** All SQL of the test addresses. */
import type { Kysely } from 'kysely';
import { compileOnce } from '../../../base/port/compile-once.ts';
import type { Db, Reader, Statement, Tx } from '../../../base/port/db.ts';

export type TestRow = {
  token: string;
  address: string;
  created_at_ms: number;
  expires_at_ms: number;
  arrived_at_ms: number | null;
  /** JSON of `Arrival`. */
  arrival: string | null;
};

type Tables = { advice_tests: TestRow };

export class TestsStore {
  readonly #q: Kysely<Tables>;
  /** Strangers ask it with each recipient that looks like a test address. */
  readonly #find: (of: { token: string }) => Statement<TestRow>;

  constructor(db: Db) {
    const q = db.queries<Tables>();
    this.#q = q;
    this.#find = compileOnce((of) => q.selectFrom('advice_tests').selectAll().where('token', '=', of.token));
  }

  async insert(tx: Tx, row: TestRow): Promise<void> {
    await tx.run(this.#q.insertInto('advice_tests').values(row).compile());
  }

  async forgetOver(tx: Tx, nowMs: number): Promise<void> {
    await tx.run(this.#q.deleteFrom('advice_tests').where('expires_at_ms', '<=', nowMs).compile());
  }

  /** Of those that wait for a message or keep one. */
  async count(reader: Reader): Promise<number> {
    const row = await reader.first(
      this.#q
        .selectFrom('advice_tests')
        .select((e) => e.fn.countAll().as('count'))
        .compile(),
    );
    return Number(row?.count);
  }

  find(reader: Reader, token: string): Promise<TestRow | undefined> {
    return reader.first(this.#find({ token }));
  }

  async keepArrival(tx: Tx, token: string, arrivedAtMs: number, arrival: string): Promise<void> {
    await tx.run(
      this.#q
        .updateTable('advice_tests')
        .set({ arrived_at_ms: arrivedAtMs, arrival })
        .where('token', '=', token)
        .compile(),
    );
  }
}
