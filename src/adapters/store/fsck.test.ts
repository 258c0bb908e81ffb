/** What `fsck` finds, one kind of harm per test. */
import assert from 'node:assert/strict';
import { closeSync, openSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import test, { type TestContext } from 'node:test';
import { spool } from '../../../test/contracts/blobs-contract.ts';
import { officeMigrations, type TempOffice, tempOffice } from '../../../test/support/temp-office.ts';
import { systemClock } from '../../base/clock.ts';
import { orphanAgeMs } from './blobs.ts';
import { spoolFolder } from './blobs-schema.ts';
import { checkStore } from './fsck.ts';
import { inlineBytesMax } from './spool.ts';
import { openSqlite } from './sqlite-db.ts';

type Filled = TempOffice & { readonly small: string; readonly large: string; readonly path: string };

test('a sound store has no problems', async (t) => {
  const office = await filled(t);
  assert.deepEqual(await check(office), { blobs: 2, bytes: 3 + inlineBytesMax + 1, problems: [] });
});

test('a flipped byte is found in a row and in a file, though SQLite sees nothing', async (t) => {
  const office = await filled(t);
  await sql(office, `UPDATE blobs SET body = x'010204' WHERE id = '${office.small}'`);
  const bytes = readFileSync(office.path);
  bytes[5] = 1;
  writeFileSync(office.path, bytes);
  assert.deepEqual(await found(office), [
    ['blob-damaged', office.small, 'its SHA-256 differs'],
    ['blob-damaged', office.large, 'its SHA-256 differs'],
  ]);
});

test('a body that was cut off', async (t) => {
  const office = await filled(t);
  writeFileSync(office.path, 'short');
  assert.deepEqual(await found(office), [
    ['blob-damaged', office.large, `it has 5 octets instead of ${inlineBytesMax + 1}`],
  ]);
});

test('a row whose file is gone', async (t) => {
  const office = await filled(t);
  rmSync(office.path);
  const [[kind, subject, say] = []] = await found(office);
  assert.deepEqual([kind, subject], ['blob-missing', office.large]);
  assert.match(say ?? '', /is gone$/);
});

test('an old file without a row; a young one may still get its row', async (t) => {
  const office = await filled(t);
  const old = (Date.now() - orphanAgeMs - 10_000) / 1000;
  for (const name of ['a'.repeat(32), 'b'.repeat(32)]) writeFileSync(join(spoolFolder(office.folder), name), 'x');
  utimesSync(join(spoolFolder(office.folder), 'a'.repeat(32)), old, old);
  assert.deepEqual(await found(office), [
    ['file-without-row', 'a'.repeat(32), '1 octets that no row names; the next start removes it'],
  ]);
});

test('a row that names what does not exist', async (t) => {
  const office = await filled(t);
  await office.db.close();
  const raw = new DatabaseSync(office.db.file, { enableForeignKeyConstraints: false });
  raw.exec(`INSERT INTO directory_addresses VALUES ('nowhere.example', 'a', 'mbx_none', 'a@nowhere.example', 0)`);
  raw.close();
  await using db = await openSqlite(office.folder, { migrations: officeMigrations, office: 'beside' });
  const kinds = (await checkStore(db, office.folder, systemClock)).problems.map(({ kind, subject }) => [kind, subject]);
  assert.deepEqual(kinds, [
    ['foreign-key', 'directory_addresses'],
    ['foreign-key', 'directory_addresses'],
  ]);
});

test('damaged pages are reported, and nothing is concluded from what they hid', async (t) => {
  const office = await filled(t);
  for (let at = 0; at < 50; at++) await office.db.write((tx) => office.blobs.keep(tx, new Uint8Array(50_000)));
  await office.db.close();
  overwrite(office.db.file);
  await using db = await openSqlite(office.folder, { migrations: officeMigrations, office: 'beside' });
  const { problems } = await checkStore(db, office.folder, systemClock);
  assert.ok(problems.some(({ kind }) => kind === 'database'));
  assert.ok(problems.every(({ kind }) => kind !== 'file-without-row'));
});

test('a page that cannot be read: the bodies on it are named, the others are still looked at', async (t) => {
  const office = await filled(t);
  const ids: string[] = [];
  for (let at = 0; at < 30; at++) ids.push(await office.db.write((tx) => office.blobs.keep(tx, new Uint8Array(1_000))));
  await sql(office, `UPDATE blobs SET body = zeroblob(1000), sha256 = 'x' WHERE id = '${ids[29]}'`);
  await office.db.close();
  const [leaf = {}] = new DatabaseSync(office.db.file)
    .prepare("SELECT pageno FROM dbstat WHERE name = 'blobs' AND pagetype = 'leaf' ORDER BY pageno LIMIT 1 OFFSET 2")
    .all();
  overwrite(office.db.file, { from: Number(leaf.pageno) - 1, pages: 1 });
  await using db = await openSqlite(office.folder, { migrations: officeMigrations, office: 'beside' });
  const { blobs, problems } = await checkStore(db, office.folder, systemClock);
  const unreadable = problems.filter(({ kind }) => kind === 'blob-unreadable').map(({ subject }) => subject);
  assert.ok(unreadable.length > 0 && unreadable.length < 6, `${unreadable.length} on a page of 4 KB`);
  assert.ok(unreadable.every((id) => ids.includes(id)));
  assert.equal(blobs, 32 - unreadable.length);
  assert.ok(problems.some(({ kind, subject }) => kind === 'blob-damaged' && subject === ids[29]));
});

async function filled(t: TestContext): Promise<Filled> {
  const office = await tempOffice(t);
  const small = await office.db.write((tx) => office.blobs.keep(tx, Uint8Array.of(1, 2, 3)));
  const spooled = await spool(office.blobs, new Uint8Array(inlineBytesMax + 1));
  const large = await office.db.write((tx) => office.blobs.keep(tx, spooled));
  const [name = ''] = readdirSync(spoolFolder(office.folder));
  return { ...office, small, large, path: join(spoolFolder(office.folder), name) };
}

function check(office: TempOffice) {
  return checkStore(office.db, office.folder, systemClock);
}

async function found(office: TempOffice): Promise<string[][]> {
  return (await check(office)).problems.map(({ kind, subject, say }) => [kind, subject, say]);
}

function sql(office: TempOffice, text: string): Promise<number> {
  return office.db.write((tx) => tx.run({ sql: text, parameters: [] }));
}

/** Leaves the first pages (schema) alone, if not told otherwise. */
function overwrite(file: string, { from, pages } = { from: 60, pages: 200 }): void {
  const descriptor = openSync(file, 'r+');
  writeSync(descriptor, Buffer.alloc(pages * 4096, 0xff), 0, undefined, from * 4096);
  closeSync(descriptor);
}
