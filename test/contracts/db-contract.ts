/** What every adapter of the `Db` port promises. An adapter's test calls this with a way to open an empty database. */
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import fc from 'fast-check';
import { Bug, Fault } from '../../src/base/outcome.ts';
import type { Db, Migration, Tx } from '../../src/base/port/db.ts';

export const contractMigrations: readonly Migration[] = [
  {
    id: 'contract-1',
    statements: [
      `CREATE TABLE notes (
        id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        body BYTEA,
        weight BIGINT
      )`,
      'CREATE TABLE leaves (note TEXT NOT NULL REFERENCES notes (name))',
    ],
  },
];

type NoteTables = {
  notes: { id?: number; name: string; body: Uint8Array | null; weight: number | null };
  leaves: { note: string };
};

export function dbContract(open: (t: TestContext) => Promise<Db>): void {
  test('what was written is read, with its types, as plain objects', async (t) => {
    const db = await open(t);
    const row = { name: 'é', body: Uint8Array.of(0, 255), weight: 2 ** 40 };
    assert.equal(await db.write((tx) => insert(db, tx, row)), 1);
    const found = await db.read((reader) => reader.first(notes(db).select(['name', 'body', 'weight']).compile()));
    assert.deepEqual({ ...found, body: [...(found?.body ?? [])] }, { ...row, body: [0, 255] });
    assert.equal(Object.getPrototypeOf(found), Object.prototype);
  });

  test('first answers undefined when there is no row', async (t) => {
    const db = await open(t);
    assert.equal(await db.read((reader) => reader.first(notes(db).selectAll().compile())), undefined);
  });

  test('a write sees its own rows before it is committed, and answers what its work answers', async (t) => {
    const db = await open(t);
    const seen = await db.write(async (tx) => {
      await insert(db, tx, { name: 'a' });
      return names(db, tx);
    });
    assert.deepEqual(seen, ['a']);
  });

  test('a write that throws leaves nothing and rejects with what it threw', async (t) => {
    const db = await open(t);
    const reason = new Error('no');
    const failing = db.write(async (tx) => {
      await insert(db, tx, { name: 'a' });
      throw reason;
    });
    await assert.rejects(failing, reason);
    assert.deepEqual(await committed(db), []);
  });

  test('a write that throws does not touch those that share its moment', async (t) => {
    const db = await open(t);
    const done = await Promise.allSettled([
      db.write((tx) => insert(db, tx, { name: 'a' })),
      db.write((tx) => insert(db, tx, { name: 'a' })),
      db.write((tx) => insert(db, tx, { name: 'b' })),
    ]);
    assert.deepEqual(
      done.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled'],
    );
    assert.deepEqual(await committed(db), ['a', 'b']);
  });

  test('breaking a constraint is a fault with a name', async (t) => {
    const db = await open(t);
    await db.write((tx) => insert(db, tx, { name: 'a' }));
    await assert.rejects(
      db.write((tx) => insert(db, tx, { name: 'a' })),
      isFault('UNIQUE'),
    );
    const orphan = db.queries<NoteTables>().insertInto('leaves').values({ note: 'nobody' }).compile();
    await assert.rejects(
      db.write((tx) => tx.run(orphan)),
      isFault('FOREIGN_KEY'),
    );
  });

  test('a text does not get into a column of numbers', async (t) => {
    const db = await open(t);
    const wrong = { sql: `INSERT INTO notes (name, weight) VALUES ('a', 'heavy')`, parameters: [] };
    await assert.rejects(
      db.write((tx) => tx.run(wrong)),
      Fault,
    );
  });

  test('afterCommit runs once the rows can be read, and not at all for a write that threw', async (t) => {
    const db = await open(t);
    const ran: string[] = [];
    const failing = db.write(async (tx) => {
      tx.afterCommit(() => ran.push('failed'));
      throw new Error('no');
    });
    const passing = db.write(async (tx) => {
      await insert(db, tx, { name: 'a' });
      tx.afterCommit(() => ran.push('passed'));
      assert.deepEqual(ran, []);
    });
    await Promise.allSettled([failing, passing]);
    assert.deepEqual(ran, ['passed']);
    assert.deepEqual(await committed(db), ['a']);
  });

  test('a hook that throws does not make its write fail', async (t) => {
    const db = await open(t);
    const written = db.write(async (tx) => {
      tx.afterCommit(() => {
        throw new Error('a listener’s mistake');
      });
      return insert(db, tx, { name: 'a' });
    });
    assert.equal(await written, 1);
  });

  test('one read sees one state, whatever is committed meanwhile', async (t) => {
    const db = await open(t);
    await db.write((tx) => insert(db, tx, { name: 'a' }));
    const [before, after] = await db.read(async (reader) => {
      const first = await names(db, reader);
      await db.write((tx) => insert(db, tx, { name: 'b' }));
      return [first, await names(db, reader)];
    });
    assert.deepEqual([before, after], [['a'], ['a']]);
    assert.deepEqual(await committed(db), ['a', 'b']);
  });

  test('reads that begin behind a commit see it, whatever older ones see', async (t) => {
    const db = await open(t);
    const states = await db.read(async (old) => {
      const before = await names(db, old);
      const beside = await db.read((reader) => names(db, reader));
      await db.write((tx) => insert(db, tx, { name: 'a' }));
      const behind = await Promise.all([committed(db), db.read((reader) => names(db, reader))]);
      return [before, beside, ...behind, await names(db, old)];
    });
    assert.deepEqual(states, [[], [], ['a'], ['a'], []]);
  });

  test('a read cannot write', async (t) => {
    const db = await open(t);
    await assert.rejects(
      db.read((reader) => reader.all({ sql: `INSERT INTO notes (name) VALUES ('a')`, parameters: [] })),
    );
    assert.deepEqual(await committed(db), []);
  });

  test('reader and transaction end with their work', async (t) => {
    const db = await open(t);
    const kept = await db.write(async (tx) => ({ tx }));
    await assert.rejects(insert(db, kept.tx, { name: 'late' }), Bug);
    const { reader } = await db.read(async (reader) => ({ reader }));
    await assert.rejects(names(db, reader), Bug);
  });

  test('a write that waits for anything but its transaction is cut off, and the others go on', async (t) => {
    const db = await open(t);
    const [stuck, next] = await Promise.allSettled([
      db.write(async (tx) => {
        await insert(db, tx, { name: 'stuck' });
        await new Promise(() => {});
      }),
      db.write((tx) => insert(db, tx, { name: 'next' })),
    ]);
    assert.equal(stuck.status, 'rejected');
    assert.ok(stuck.status === 'rejected' && stuck.reason instanceof Bug);
    assert.equal(next.status, 'fulfilled');
    assert.deepEqual(await committed(db), ['next']);
  });

  test('an identity never comes again', async (t) => {
    const db = await open(t);
    await db.write((tx) => insert(db, tx, { name: 'a' }));
    const idOf = (reader: Pick<Tx, 'first'>) => reader.first(notes(db).select('id').compile());
    const first = await db.read(idOf);
    await db.write((tx) => tx.run(db.queries<NoteTables>().deleteFrom('notes').compile()));
    await db.write((tx) => insert(db, tx, { name: 'b' }));
    assert.notEqual((await db.read(idOf))?.id, first?.id);
  });

  test('notify wakes the listeners of its channel until they leave', async (t) => {
    const db = await open(t);
    const heard: string[] = [];
    const stop = db.onNotify('one', () => heard.push('one'));
    db.onNotify('two', () => heard.push('two'));
    db.notify('one');
    stop();
    db.notify('one');
    db.notify('two');
    db.notify('nobody');
    assert.deepEqual(heard, ['one', 'two']);
  });

  test('any interleaving of passing and failing writes leaves exactly the passing ones', async (t) => {
    const db = await open(t);
    let round = 0;
    const plan = fc.array(fc.record({ fails: fc.boolean(), rows: fc.integer({ min: 0, max: 3 }), turn: fc.nat(2) }), {
      maxLength: 30,
    });
    await fc.assert(
      fc.asyncProperty(plan, async (writes) => {
        const prefix = `r${round++}-`;
        const results = await Promise.allSettled(writes.map((write, at) => runPlanned(db, `${prefix}${at}-`, write)));
        assert.deepEqual(
          results.map(({ status }) => status === 'rejected'),
          writes.map(({ fails }) => fails),
        );
        const expected = writes.flatMap(({ fails, rows }, at) =>
          fails ? [] : Array.from({ length: rows }, (_, row) => `${prefix}${at}-${row}`),
        );
        const stored = (await committed(db)).filter((name) => name.startsWith(prefix));
        assert.deepEqual(new Set(stored), new Set(expected));
      }),
      { numRuns: 60 },
    );
  });
}

/** `turn`: how many turns of the event loop pass before the write is asked for. */
async function runPlanned(
  db: Db,
  prefix: string,
  write: { fails: boolean; rows: number; turn: number },
): Promise<void> {
  for (let turn = 0; turn < write.turn; turn++) await new Promise((resolve) => setImmediate(resolve));
  await db.write(async (tx) => {
    for (let row = 0; row < write.rows; row++) await insert(db, tx, { name: `${prefix}${row}` });
    if (write.fails) throw new Error('planned');
  });
}

function notes(db: Db) {
  return db.queries<NoteTables>().selectFrom('notes');
}

function insert(db: Db, tx: Tx, row: { name: string; body?: Uint8Array; weight?: number }): Promise<number> {
  const values = { body: null, weight: null, ...row };
  return tx.run(db.queries<NoteTables>().insertInto('notes').values(values).compile());
}

async function names(db: Db, reader: Pick<Tx, 'all'>): Promise<string[]> {
  return (await reader.all(notes(db).select('name').orderBy('id').compile())).map((row) => row.name);
}

function committed(db: Db): Promise<string[]> {
  return db.read((reader) => names(db, reader));
}

export function isFault(code: string): (error: unknown) => boolean {
  return (error) => error instanceof Fault && error.code === code;
}
