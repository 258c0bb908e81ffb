import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DummyDriver, Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from 'kysely';
import { Bug } from '../outcome.ts';
import { columnsOf, compileOnce } from './compile-once.ts';

type Letter = { id: string; state: string; tries: number; due: number | null };

const queries = new Kysely<{ letters: Letter }>({
  dialect: {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  },
});

test('a query compiled once is the query compiled anew, whatever the values', () => {
  const change = (value: { readonly id: string; readonly tries: number; readonly most: number }) =>
    queries
      .updateTable('letters')
      .set((e) => ({ state: 'delayed', due: null, tries: e('tries', '+', value.tries) }))
      .where('id', '=', value.id)
      .where((e) => e('tries', '>', e.lit(0)))
      .limit(value.most);
  const once = compileOnce(change);
  for (const values of [
    { id: 'a', tries: 1, most: 9 },
    { most: 0, id: '', tries: -1 },
  ]) {
    const { sql, parameters } = change(values).compile();
    assert.deepEqual(once(values), { sql, parameters });
  }
});

test('one value may stand in several places', () => {
  const once = compileOnce((value: { readonly atMs: number }) =>
    queries.selectFrom('letters').select('id').where('due', '<', value.atMs).where('tries', '<', value.atMs),
  );
  assert.deepEqual(once({ atMs: 5 }).parameters, [5, 5]);
});

test('a whole row, in whatever order its members stand', () => {
  const once = compileOnce((row: Letter) =>
    queries.insertInto('letters').values(columnsOf(row, { id: true, state: true, tries: true, due: true })),
  );
  const { sql, parameters } = once({ due: null, tries: 0, state: 'queued', id: 'a' });
  assert.equal(sql, 'insert into "letters" ("id", "state", "tries", "due") values (?, ?, ?, ?)');
  assert.deepEqual(parameters, ['a', 'queued', 0, null]);
});

test('a value that was looked at instead of passed on is a mistake', () => {
  const build = (value: { readonly id: string }) =>
    queries
      .selectFrom('letters')
      .select('id')
      .where('id', '=', `<${String(value.id)}>`);
  assert.throws(() => compileOnce(build), Bug);
});
