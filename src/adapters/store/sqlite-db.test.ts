/** The `Db` contract on SQLite, and what only a file on one machine can show: locks, versions, damage, a full disk, kills. */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import test, { type TestContext } from 'node:test';
import { contractMigrations, dbContract, isFault } from '../../../test/contracts/db-contract.ts';
import { tempDb, tempFolder } from '../../../test/support/temp-office.ts';
import { systemClock } from '../../base/clock.ts';
import { Bug } from '../../base/outcome.ts';
import type { Db, Migration } from '../../base/port/db.ts';
import { databaseFile, openSqlite, type SqliteOptions } from './sqlite-db.ts';

const migrations: readonly Migration[] = [
  { id: 'test-1', statements: ['CREATE TABLE rows_of_test (name TEXT NOT NULL PRIMARY KEY, body BYTEA)'] },
];
const serving: SqliteOptions = { migrations, office: 'take' };
const beside: SqliteOptions = { migrations, office: 'beside' };

dbContract((t) => tempDb(t, contractMigrations));

test('the log is write-ahead, and SQLite leaves the sync of each commit to us (log-sync.ts)', async (t) => {
  const db = await tempDb(t, migrations);
  const { rows } = await db.write(async (tx) => ({
    rows: [
      await tx.first({ sql: 'PRAGMA journal_mode', parameters: [] }),
      await tx.first({ sql: 'PRAGMA synchronous', parameters: [] }),
      await tx.first({ sql: 'PRAGMA foreign_keys', parameters: [] }),
    ],
  }));
  assert.deepEqual(rows, [{ journal_mode: 'wal' }, { synchronous: 1 }, { foreign_keys: 1 }]);
});

test('every table is STRICT', async (t) => {
  const db = await tempDb(t, contractMigrations);
  const sql = `SELECT name FROM pragma_table_list WHERE schema = 'main' AND strict = 0 AND name NOT LIKE 'sqlite_%'`;
  assert.deepEqual(await db.read((reader) => reader.all({ sql, parameters: [] })), []);
});

test('a forgotten value is a bug, not NULL', async (t) => {
  const db = await tempDb(t, migrations);
  await assert.rejects(
    db.write((tx) => tx.run({ sql: 'SELECT ?', parameters: [undefined] })),
    Bug,
  );
});

test('more reads at a time than connections wait their turn', async (t) => {
  const db = await tempDb(t, migrations);
  const turnOver = () => new Promise((resolve) => setImmediate(resolve));
  const reads: Promise<number | undefined>[] = [];
  const all = Promise.withResolvers<void>();
  for (let at = 0; at < 30; at++) {
    const counted = db.read(async (reader) => {
      const row = await reader.first<{ n: number }>({ sql: 'SELECT count(*) AS n FROM rows_of_test', parameters: [] });
      await all.promise;
      return row?.n;
    });
    reads.push(counted);
    await turnOver(); // or they would share one connection
    await turnOver();
  }
  await insert(db, 'a');
  all.resolve();
  const counts = await Promise.all(reads);
  assert.deepEqual([counts.slice(0, 8), counts.slice(8)], [Array(8).fill(0), Array(22).fill(1)]);
});

test('closing waits for what was asked for before and refuses what comes after', async (t) => {
  const db = await tempDb(t, migrations);
  const written = insert(db, 'before');
  const closed = db.close();
  await assert.rejects(insert(db, 'after'), isFault('STORE_CLOSED'));
  await assert.rejects(count(db), isFault('STORE_CLOSED'));
  assert.equal(await written, 1);
  await closed;
  assert.ok(!existsSync(`${db.file}-wal`), 'the last one out folds the log back into the file');
});

test('the log is folded back as it grows and then used again from its start', async (t) => {
  const db = await tempDb(t, migrations);
  for (let at = 0; at < 80; at++) await insert(db, `row ${at}`, new Uint8Array(200_000));
  const logBytes = statSync(`${db.file}-wal`).size;
  assert.ok(logBytes < 8 * 1024 * 1024, `${logBytes} octets of log for 16 MB of rows`);
});

test('what one process writes wakes the listeners of another', async (t) => {
  const folder = tempFolder(t, () => Promise.all([office?.close(), command?.close()]).then(() => {}));
  const rings = manualTimers();
  const office = await openSqlite(folder, { ...serving, timers: rings.timers });
  const command = await openSqlite(folder, beside);
  let heard = 0;
  office.onNotify('queue', () => heard++);
  rings.ring();
  assert.equal(heard, 0);
  await insert(office, 'own');
  rings.ring();
  assert.equal(heard, 0, 'own writes are announced by those who make them');
  await insert(command, 'foreign');
  rings.ring();
  assert.equal(heard, 1);
});

test('one office per folder: a second one is told who has it, a command may work beside it', async (t) => {
  const folder = tempFolder(t, () => office.close());
  const office = await openSqlite(folder, serving);
  await assert.rejects(openSqlite(folder, serving), (error) => {
    assert.ok(isFault('STORE_IN_USE')(error));
    return String(error).includes(`process ${process.pid}`);
  });
  await using command = await openSqlite(folder, beside);
  await insert(command, 'a');
  await insert(office, 'b');
  assert.equal(await count(command), 2);
});

test('a command of a newer version does not change the schema under a running office', async (t) => {
  const folder = tempFolder(t, () => office.close());
  const office = await openSqlite(folder, serving);
  const newer = [...migrations, { id: 'test-2', statements: ['CREATE TABLE more (a BIGINT)'] }];
  await assert.rejects(openSqlite(folder, { ...beside, migrations: newer }), isFault('STORE_IN_USE'));
});

test('the schema grows step by step, and an older version refuses the folder', async (t) => {
  const folder = tempFolder(t);
  await (await openSqlite(folder, serving)).close();
  const newer = [...migrations, { id: 'test-2', statements: ['ALTER TABLE rows_of_test ADD COLUMN weight BIGINT'] }];
  await (await openSqlite(folder, { ...serving, migrations: newer })).close();
  await assert.rejects(openSqlite(folder, serving), isFault('STORE_NEWER'));
  await (await openSqlite(folder, { ...serving, migrations: newer })).close();
});

test('a step that fails leaves nothing of itself and can be tried again', async (t) => {
  const folder = tempFolder(t);
  const broken = [...migrations, { id: 'test-2', statements: ['CREATE TABLE half (a BIGINT)', 'NONSENSE'] }];
  await assert.rejects(openSqlite(folder, { ...serving, migrations: broken }), isFault('STORE_SQL'));
  const mended = [...migrations, { id: 'test-2', statements: ['CREATE TABLE half (a BIGINT)'] }];
  await (await openSqlite(folder, { ...serving, migrations: mended })).close();
});

test('deferred constraints are not let in: they would fail at COMMIT, together with their neighbours', async (t) => {
  const statements = ['CREATE TABLE d (a TEXT REFERENCES rows_of_test (name) DEFERRABLE INITIALLY DEFERRED)'];
  await assert.rejects(openSqlite(tempFolder(t), { ...serving, migrations: [{ id: 'd-1', statements }] }), Bug);
});

for (const [what, bytes] of [
  ['text', Buffer.from('this is no database. '.repeat(500))],
  ['zeros', Buffer.alloc(8192, 1)],
] as const) {
  test(`a file of ${what} is a broken store, and stays as it is`, async (t) => {
    const folder = tempFolder(t);
    writeFileSync(databaseFile(folder), bytes);
    await assert.rejects(openSqlite(folder, serving), isFault('STORE_BROKEN'));
    assert.deepEqual(readFileSync(databaseFile(folder)), bytes);
    await assert.rejects(openSqlite(folder, serving), isFault('STORE_BROKEN'), 'the lock was given back');
  });
}

test('somebody else’s SQLite database is not taken over', async (t) => {
  const folder = tempFolder(t);
  await (await openSqlite(folder, serving)).close();
  using foreign = new DatabaseSync(databaseFile(folder));
  foreign.exec('PRAGMA application_id = 7');
  await assert.rejects(openSqlite(folder, serving), isFault('STORE_BROKEN'));
});

test('damaged pages end the writing with STORE_BROKEN, until a restart', async (t) => {
  const folder = tempFolder(t);
  const first = await openSqlite(folder, serving);
  for (let at = 0; at < 20; at++) await insert(first, `row ${at}`, new Uint8Array(100_000));
  await first.close();
  overwritePages(databaseFile(folder), { from: 6, to: 60 });
  await using db = await openSqlite(folder, serving);
  const reading = db.read((reader) => reader.all({ sql: 'SELECT * FROM rows_of_test', parameters: [] }));
  await assert.rejects(reading, isFault('STORE_BROKEN'));
  const writing = db.write((tx) => tx.run({ sql: 'DELETE FROM rows_of_test', parameters: [] }));
  await assert.rejects(writing, isFault('STORE_BROKEN'));
  await assert.rejects(insert(db, 'more'), /no further writes until restart/);
});

test('a full disk refuses what does not fit, keeps what was acknowledged, and goes on once there is room', async (t) => {
  const db = await tempDb(t, migrations);
  await insert(db, 'kept');
  await limitPages(db, 40);
  const [small, large, next] = await Promise.allSettled([
    insert(db, 'small'),
    insert(db, 'large', new Uint8Array(1_000_000)),
    insert(db, 'next'),
  ]);
  assert.ok(large.status === 'rejected' && isFault('ENOSPC')(large.reason));
  assert.equal(next.status, 'fulfilled', 'what had not begun when the disk was full is tried afresh');
  const expected = ['kept', ...(small.status === 'fulfilled' ? ['small'] : []), 'next'];
  assert.deepEqual(new Set(await names(db)), new Set(expected));
  assert.equal(db.refusal, undefined);
  await limitPages(db, 100_000);
  await insert(db, 'large', new Uint8Array(1_000_000));
});

test('after an I/O error nothing is written until a restart, and what was acknowledged before is there', async (t) => {
  const folder = tempFolder(t);
  // Files of the child may not grow beyond 256 blocks of the shell (512 octets or 1 KB each): EFBIG, an I/O error to SQLite.
  const said = JSON.parse(
    execFileSync(
      'sh',
      [
        '-c',
        'ulimit -f 256; exec "$0" --input-type=module-typescript -e "$1"',
        process.execPath,
        ioErrorScript(folder),
      ],
      {
        encoding: 'utf8',
      },
    ),
  );
  assert.equal(said.failed, 'STORE_IO');
  assert.equal(said.afterwards, 'STORE_IO');
  assert.equal(said.refusal, 'STORE_IO');
  assert.ok(said.read >= said.acknowledged, 'reading goes on');
  await using db = await openSqlite(folder, serving);
  assert.ok((await count(db)) >= said.acknowledged);
  await insert(db, 'again');
});

function ioErrorScript(folder: string): string {
  return `
    import { openSqlite } from ${JSON.stringify(new URL('./sqlite-db.ts', import.meta.url).href)};
    const db = await openSqlite(${JSON.stringify(folder)}, ${JSON.stringify(serving)});
    const sql = 'INSERT INTO rows_of_test (name, body) VALUES (?, ?)';
    const write = (name) => db.write((tx) => tx.run({ sql, parameters: [name, new Uint8Array(20_000)] }));
    let acknowledged = 0;
    let failed;
    while (failed === undefined) await write('row ' + acknowledged).then(() => acknowledged++, (error) => (failed = error.code));
    const afterwards = await write('more').then(() => 'written', (error) => error.code);
    const rows = await db.read((reader) => reader.all({ sql: 'SELECT name FROM rows_of_test', parameters: [] }));
    process.stdout.write(JSON.stringify({ acknowledged, failed, afterwards, refusal: db.refusal?.code, read: rows.length }));
    process.exit(0);
  `;
}

test('kill -9 while writing: every acknowledged row is there, and the folder can be had at once', async (t) => {
  const folder = tempFolder(t);
  const acknowledged = await writeUntilKilled(t, folder);
  assert.ok(acknowledged.length > 0);
  await using db = await openSqlite(folder, serving);
  const stored = new Set(await names(db));
  assert.deepEqual(
    acknowledged.filter((name) => !stored.has(name)),
    [],
  );
  const check = await db.read((reader) => reader.first({ sql: 'PRAGMA integrity_check', parameters: [] }));
  assert.deepEqual(check, { integrity_check: 'ok' });
});

/** A child opens the store as the office and prints each row's name once its write has resolved; killed after 200 of them. */
async function writeUntilKilled(t: TestContext, folder: string): Promise<string[]> {
  const script = `
    import { openSqlite } from ${JSON.stringify(new URL('./sqlite-db.ts', import.meta.url).href)};
    import { writeSync } from 'node:fs';
    const db = await openSqlite(${JSON.stringify(folder)}, ${JSON.stringify(serving)});
    const sql = 'INSERT INTO rows_of_test (name, body) VALUES (?, ?)';
    async function lane(lane) {
      for (let at = 0; ; at++) {
        const name = lane + '-' + at;
        await db.write((tx) => tx.run({ sql, parameters: [name, new Uint8Array(2000)] }));
        writeSync(1, name + '\\n');
      }
    }
    await Promise.all(['a', 'b', 'c', 'd'].map(lane));
  `;
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  let printed = '';
  const ended = once(child, 'close');
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
    if (printed.split('\n').length > 200) child.kill('SIGKILL');
  });
  await ended;
  return printed.slice(0, printed.lastIndexOf('\n')).split('\n');
}

function insert(db: Db, name: string, body: Uint8Array | null = null): Promise<number> {
  const sql = 'INSERT INTO rows_of_test (name, body) VALUES (?, ?)';
  return db.write((tx) => tx.run({ sql, parameters: [name, body] }));
}

async function names(db: Db): Promise<string[]> {
  const rows = await db.read((reader) =>
    reader.all<{ name: string }>({ sql: 'SELECT name FROM rows_of_test', parameters: [] }),
  );
  return rows.map((row) => row.name);
}

async function count(db: Db): Promise<number> {
  return (await names(db)).length;
}

function overwritePages(file: string, pages: { from: number; to: number }): void {
  const descriptor = openSync(file, 'r+');
  writeSync(descriptor, Buffer.alloc((pages.to - pages.from) * 4096, 0xff), 0, undefined, pages.from * 4096);
  closeSync(descriptor);
}

/** SQLite answers "full" at this size, as it does on a disk without room. */
function limitPages(db: Db, pages: number): Promise<unknown> {
  return db.write((tx) => tx.first({ sql: `PRAGMA max_page_count = ${pages}`, parameters: [] }));
}

function manualTimers() {
  const due: (() => void)[] = [];
  const after = (_: number, run: () => void) => {
    due.push(run);
    return () => {};
  };
  return {
    timers: { ...systemClock, after },
    ring: () => {
      for (const run of due.splice(0)) run();
    },
  };
}
