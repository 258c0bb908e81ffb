/** What strangers make the store look up. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { domain, tempOffice } from '../../../test/support/temp-office.ts';
import type { Reader } from '../../base/port/db.ts';
import { AccountStore } from './account-store.ts';
import { DirectoryStore } from './directory-store.ts';

test('what strangers ask walks indexes, and no plan waits for its values', async (t) => {
  const { db } = await tempOffice(t);
  const seen: string[] = [];
  const noting = <S extends { readonly sql: string }>(statement: S): S => {
    seen.push(statement.sql);
    return statement;
  };
  const [directory, accounts] = [new DirectoryStore(db), new AccountStore(db)];
  await db.read(async (reader) => {
    const watched: Reader = {
      all: (statement) => reader.all(noting(statement)),
      first: (statement) => reader.first(noting(statement)),
    };
    await directory.domain(watched, domain('example.com'));
    await directory.operator(watched);
    await directory.owner(watched, domain('example.com'), 'ann');
    await accounts.user(watched, 'ann');
    await accounts.passwordsOf(watched, 'usr_1');
    await accounts.hasChosenPasswords(watched);
    await accounts.apiKeyByHash(watched, '0');
  });
  assert.equal(seen.length, 7);
  for (const sql of seen) {
    // Without values: an index over part of a table then serves only a literal.
    const parameters = Array.from(sql.matchAll(/\?/g), () => null);
    const plan = await db.read((reader) =>
      reader.all<{ detail: string }>({ sql: `EXPLAIN QUERY PLAN ${sql}`, parameters }),
    );
    const tables = plan.map(({ detail }) => detail).filter((detail) => detail !== 'USE TEMP B-TREE FOR ORDER BY');
    assert.ok(tables.length > 0 && tables.every((detail) => /^SEARCH .* USING /.test(detail)), `${sql}: ${tables}`);
    assert.doesNotMatch(sql, /limit \?/);
  }
});
