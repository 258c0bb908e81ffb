/** The writer on a connection and a log that fail in ways no file of a test does, and what is seen while the disk takes its time. */
import assert from 'node:assert/strict';
import { copyFileSync } from 'node:fs';
import test, { type TestContext } from 'node:test';
import { isFault } from '../../../test/contracts/db-contract.ts';
import { tempFolder } from '../../../test/support/temp-office.ts';
import { systemClock } from '../../base/clock.ts';
import { Fault } from '../../base/outcome.ts';
import { type Signals, silentSignals } from '../../base/port/signals.ts';
import { GroupCommit } from './group-commit.ts';
import { type LogSync, openLogSync } from './log-sync.ts';
import { ReaderPool } from './reader-pool.ts';
import { SqliteConnection } from './sqlite-connection.ts';

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
    first: (sql: string) => {
      if (sql === 'PRAGMA user_version') throw ioError();
    },
  } as unknown as SqliteConnection;
  const log: LogSync = { sync: async () => assert.fail('nothing to sync'), takeBack: assert.fail, close: () => {} };
  const reads = { hold: () => {}, renew: () => {} };
  const commits = new GroupCommit(connection, { timers: systemClock, signals: silentSignals, log, reads });
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

/** A database whose log syncs when and as the test says. */
function slowDisk(t: TestContext) {
  const file = `${tempFolder(t)}/slow.db`;
  const writer = new SqliteConnection(file, { readOnly: false });
  for (const sql of ['journal_mode = WAL', 'synchronous = NORMAL', 'wal_autocheckpoint = 0'])
    writer.exec(`PRAGMA ${sql}`);
  writer.exec('CREATE TABLE notes (name TEXT NOT NULL)');
  const log = openLogSync(file);
  const said: string[] = [];
  const signals: Signals = { ...silentSignals, emit: (_level, name) => void said.push(name) };
  let syncs: PromiseWithResolvers<void>[] = [];
  const reads = new ReaderPool(file);
  const slowLog: LogSync = {
    sync: () => {
      const one = Promise.withResolvers<void>();
      syncs.push(one);
      return one.promise;
    },
    takeBack: () => log.takeBack(),
    close: () => log.close(),
  };
  const commits = new GroupCommit(writer, { timers: systemClock, signals, log: slowLog, reads });
  t.after(async () => {
    await commits.close();
    await reads.close();
    writer.close();
    log.close();
  });
  const insert = (name: string) => ({ sql: 'INSERT INTO notes VALUES (?)', parameters: [name] });
  return {
    file,
    writer,
    reads,
    said,
    write: (name: string) => commits.write((tx) => tx.run(insert(name))),
    seen: async () => {
      const rows = await reads.read((reader) =>
        reader.all<{ name: string }>({ sql: 'SELECT name FROM notes', parameters: [] }),
      );
      return rows.map(({ name }) => name);
    },
    writeNothing: () => commits.write((tx) => tx.run({ sql: "DELETE FROM notes WHERE name = 'none'", parameters: [] })),
    writeBeside: (name: string) => {
      const other = new SqliteConnection(file, { readOnly: false });
      other.run('INSERT INTO notes VALUES (?)', [name]);
      other.close();
    },
    hasty: (name: string) =>
      commits.write(async (tx) => {
        const rows = await tx.all<{ name: string }>({ sql: 'SELECT name FROM notes', parameters: [] });
        await tx.run(insert(name));
        return rows.map((row) => row.name);
      }, 'committed'),
    count: () => commits.write(async (tx) => (await tx.all({ sql: 'SELECT name FROM notes', parameters: [] })).length),
    /** Waits until the disk is asked, and answers for it. */
    sync: async (fault?: Fault) => {
      while (syncs.length === 0) await new Promise((resolve) => setImmediate(resolve));
      const [one, ...others] = syncs;
      syncs = others;
      if (fault) one?.reject(fault);
      else one?.resolve();
    },
    /** As a start after a death would find it. */
    afterDeath: () => {
      const other = new SqliteConnection(copyOf(t, file), { readOnly: false });
      try {
        return other.all('SELECT name FROM notes', []).map(({ name }) => name);
      } finally {
        other.close();
      }
    },
  };
}

/** Without the log's index, which no death leaves behind in a usable state. */
function copyOf(t: TestContext, file: string): string {
  const copy = `${tempFolder(t)}/copy.db`;
  copyFileSync(file, copy);
  copyFileSync(`${file}-wal`, `${copy}-wal`);
  return copy;
}

const broken = new Fault('STORE_IO', 'the disk failed');

test('what is written is told and seen when it is synced, not before; what comes meanwhile is committed after', async (t) => {
  const disk = slowDisk(t);
  const first = disk.write('first');
  let told = false;
  void first.then(() => (told = true));
  await disk.sync();
  await first;
  const second = disk.write('second');
  void second.then(() => (told = true));
  told = false;
  await turns(20);
  const third = disk.write('third');
  assert.deepEqual(await disk.seen(), ['first']);
  await turns(20);
  assert.deepEqual([told, await disk.seen(), disk.afterDeath()], [false, ['first'], ['first', 'second']]);
  await disk.sync();
  await second;
  assert.deepEqual(await disk.seen(), ['first', 'second']);
  await disk.sync();
  await third;
  assert.deepEqual(await disk.seen(), ['first', 'second', 'third']);
});

test('reads that find no free connection while a commit is under way wait until it is durable', async (t) => {
  const disk = slowDisk(t);
  const over = Promise.withResolvers<void>();
  const long = Array.from({ length: 8 }, async () => {
    await turns(1); // each in a turn of its own, so each has a snapshot of its own
    return disk.reads.read(() => over.promise);
  });
  for (const one of long) void one;
  await turns(20);
  const written = disk.write('one');
  await turns(20);
  const seen = disk.seen();
  over.resolve();
  await Promise.all(long);
  let isSeen = false;
  void seen.then(() => (isSeen = true));
  await turns(20);
  const early = isSeen ? await seen : [];
  assert.deepEqual(early, [], 'not before it is durable');
  await disk.sync();
  await written;
  await seen;
  assert.deepEqual(await disk.seen(), ['one']);
});

test('a commit that is not synced is taken back: nobody sees it, no start finds it, and what was there before stays', async (t) => {
  const disk = slowDisk(t);
  for (const name of ['first', 'second']) await both(disk.write(name), disk.sync());
  await assert.rejects(both(disk.write('lost'), disk.sync(broken)), isFault('STORE_IO'));
  assert.deepEqual(await disk.seen(), ['first', 'second']);
  assert.deepEqual(disk.afterDeath(), ['first', 'second']);
  await assert.rejects(disk.write('later'), isFault('STORE_IO'));
  assert.deepEqual(disk.said, ['store.writing_ended']);
  disk.writer.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  assert.deepEqual(await disk.seen(), ['first', 'second'], 'nor does it come with a checkpoint');
});

test('a commit that wrote nothing and is not synced takes no other one with it', async (t) => {
  const disk = slowDisk(t);
  for (const name of ['first', 'second']) await both(disk.write(name), disk.sync());
  await assert.rejects(both(disk.writeNothing(), disk.sync(broken)), isFault('STORE_IO'));
  assert.deepEqual(await disk.seen(), ['first', 'second']);
  assert.deepEqual(disk.afterDeath(), ['first', 'second']);
});

test('nor does one that another process has written before', async (t) => {
  const disk = slowDisk(t);
  await both(disk.write('first'), disk.sync());
  disk.writeBeside('theirs');
  await assert.rejects(both(disk.writeNothing(), disk.sync(broken)), isFault('STORE_IO'));
  assert.deepEqual(disk.afterDeath(), ['first', 'theirs']);
  assert.deepEqual(disk.said, ['store.commit_not_taken_back', 'store.writing_ended']);
});

test('so is the first commit of a log that was begun anew', async (t) => {
  const disk = slowDisk(t);
  for (const name of ['first', 'second']) await both(disk.write(name), disk.sync());
  disk.writer.exec('PRAGMA wal_checkpoint(RESTART)');
  await assert.rejects(both(disk.write('lost'), disk.sync(broken)), isFault('STORE_IO'));
  assert.deepEqual(await disk.seen(), ['first', 'second']);
  assert.deepEqual(disk.afterDeath(), ['first', 'second']);
});

test('also where it is as long as the log was before', async (t) => {
  const disk = slowDisk(t);
  for (const name of ['first', 'second']) {
    await both(disk.write(name), disk.sync());
    disk.writer.exec('PRAGMA wal_checkpoint(RESTART)');
  }
  await assert.rejects(both(disk.write('lost'), disk.sync(broken)), isFault('STORE_IO'));
  assert.deepEqual(await disk.seen(), ['first', 'second']);
  assert.deepEqual(disk.afterDeath(), ['first', 'second']);
});

test('a commit on which another process has built stays, and that is said', async (t) => {
  const disk = slowDisk(t);
  await both(disk.write('first'), disk.sync());
  const lost = disk.write('unsure');
  await turns(20);
  disk.writeBeside('theirs');
  await assert.rejects(both(lost, disk.sync(broken)), isFault('STORE_IO'));
  assert.deepEqual(await disk.seen(), ['first', 'unsure', 'theirs']);
  assert.deepEqual(disk.said, ['store.commit_not_taken_back', 'store.writing_ended']);
});

test('a write that waits for the commit only is told before the sync, and sees nothing that is not durable', async (t) => {
  const disk = slowDisk(t);
  const lasting = disk.write('lasting');
  const sawBefore = await disk.hasty('hasty');
  assert.deepEqual(sawBefore, [], 'it came second and went first');
  let told = false;
  void lasting.then(() => (told = true));
  await turns(20);
  assert.deepEqual([told, await disk.seen(), disk.afterDeath()], [false, [], ['hasty', 'lasting']]);
  await disk.sync();
  await lasting;
  assert.deepEqual(await disk.seen(), ['hasty', 'lasting']);
});

test('a write that changes nothing waits for no disk', async (t) => {
  const disk = slowDisk(t);
  assert.equal(await disk.count(), 0);
});

async function both<T>(one: Promise<T>, other: Promise<unknown>): Promise<T> {
  await other;
  return one;
}

async function turns(count: number): Promise<void> {
  for (let nth = 0; nth < count; nth++) await new Promise((resolve) => setImmediate(resolve));
}

test('a log that a reader holds back is not tried to be moved with each commit', async (t) => {
  const disk = slowDisk(t);
  const over = Promise.withResolvers<void>();
  const reading = disk.reads.read(async (reader) => {
    await reader.all({ sql: 'SELECT name FROM notes', parameters: [] });
    await over.promise;
  });
  const exec = disk.writer.exec.bind(disk.writer);
  let tries = 0;
  disk.writer.exec = (sql) => {
    if (sql.includes('wal_checkpoint')) tries++;
    exec(sql);
  };
  const pagesOfOne = 100;
  const commits = 31;
  for (let at = 0; at < commits; at++) {
    const written = disk.write(`${at} `.padEnd(pagesOfOne * 4_090, 'x'));
    await disk.sync();
    await written;
  }
  assert.equal(tries, 2, `${commits * pagesOfOne} pages are three times 1,024 nearly`);
  over.resolve();
  await reading;
});
