/** The writer on a connection that fails in ways no file of a test does. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { isFault } from '../../../test/contracts/db-contract.ts';
import { systemClock } from '../../base/clock.ts';
import { silentSignals } from '../../base/port/signals.ts';
import { GroupCommit } from './group-commit.ts';
import type { SqliteConnection } from './sqlite-connection.ts';

const ioError = () => Object.assign(new Error('disk I/O error'), { code: 'ERR_SQLITE_ERROR', errcode: 1034 });

test('a disk that neither takes the commit nor gives anything back: who waits hears that it failed, and nothing more is written', async () => {
  const said: string[] = [];
  const connection = {
    isTransaction: false,
    step: (sql: string) => said.push(sql),
    exec: (sql: string) => {
      said.push(sql);
      if (sql === 'COMMIT') throw ioError();
    },
    first: () => {
      throw ioError();
    },
  } as unknown as SqliteConnection;
  const commits = new GroupCommit(connection, { timers: systemClock, signals: silentSignals, committed: () => {} });
  await assert.rejects(
    commits.write(async () => 'written'),
    isFault('STORE_IO'),
  );
  assert.deepEqual(said, ['BEGIN IMMEDIATE', 'SAVEPOINT one_write', 'RELEASE one_write', 'COMMIT']);
  await assert.rejects(
    commits.write(async () => 'written'),
    isFault('STORE_IO'),
  );
  await commits.close();
});
