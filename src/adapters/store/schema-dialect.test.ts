/** Shared schema text in SQLite's spelling. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { forSqlite } from './schema-dialect.ts';

for (const [shared, sqlite] of [
  ['CREATE TABLE t (a BIGINT NOT NULL, b BYTEA)', 'CREATE TABLE t (a INTEGER NOT NULL, b BLOB) STRICT'],
  [
    'CREATE TABLE t (\n  n BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY\n)\n',
    'CREATE TABLE t (\n  n INTEGER PRIMARY KEY AUTOINCREMENT\n) STRICT',
  ],
  ['ALTER TABLE t ADD COLUMN c BIGINT', 'ALTER TABLE t ADD COLUMN c INTEGER'],
  ['CREATE TABLE t (a INTEGER) STRICT', 'CREATE TABLE t (a INTEGER) STRICT'],
  ['CREATE INDEX bigint_a ON t (a)', 'CREATE INDEX bigint_a ON t (a)'],
] as const) {
  test(`${shared.slice(0, 40)}...`, () => assert.equal(forSqlite(shared), sqlite));
}
