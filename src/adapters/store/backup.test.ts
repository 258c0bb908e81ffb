/** A backup opens elsewhere, is sound, and is of one moment, also while the office works. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { spool } from '../../../test/contracts/blobs-contract.ts';
import { isFault } from '../../../test/contracts/db-contract.ts';
import { officeMigrations, type TempOffice, tempFolder, tempOffice } from '../../../test/support/temp-office.ts';
import { systemClock } from '../../base/clock.ts';
import type { BlobId } from '../../base/port/blobs.ts';
import { backupStore } from './backup.ts';
import { openBlobs } from './blobs.ts';
import { takeFolderLock } from './folder-lock.ts';
import { checkStore } from './fsck.ts';
import { inlineBytesMax } from './spool.ts';
import { openSqlite } from './sqlite-db.ts';

const options = { migrations: officeMigrations, office: 'take' } as const;

test('everything is in the copy, checked, and the copy can be served from', async (t) => {
  const office = await tempOffice(t);
  const small = await office.db.write((tx) => office.blobs.keep(tx, Uint8Array.of(1)));
  const large = await keepLarge(office);
  const to = join(tempFolder(t), 'copy');
  assert.deepEqual(await backupStore(office.folder, to), { files: 1 });
  await using db = await openSqlite(to, options);
  const blobs = await openBlobs(to, { ...office, db, clock: systemClock });
  assert.equal((await db.read((reader) => blobs.read(reader, small))).length, 1);
  assert.equal((await db.read((reader) => blobs.read(reader, large))).length, inlineBytesMax + 1);
  assert.deepEqual((await checkStore(db, to, systemClock)).problems, []);
  assert.ok(!existsSync(join(office.folder, '.backup')));
});

test('the key to the secrets is not in it', async (t) => {
  const office = await tempOffice(t);
  const to = join(tempFolder(t), 'copy');
  await backupStore(office.folder, to);
  assert.deepEqual(readdirSync(to).sort(), ['backup.json', 'posthorn.db', 'spool']);
});

test('a backup overwrites nothing', async (t) => {
  const office = await tempOffice(t);
  const to = join(tempFolder(t), 'copy');
  mkdirSync(to);
  await assert.rejects(backupStore(office.folder, to), isFault('BACKUP_EXISTS'));
  assert.deepEqual(readdirSync(to), []);
});

test('a backup that fails leaves nothing behind', async (t) => {
  const office = await tempOffice(t);
  await keepLarge(office);
  await office.db.write((tx) => tx.run({ sql: `UPDATE blobs SET file = 'gone'`, parameters: [] }));
  const to = join(tempFolder(t), 'copy');
  await assert.rejects(backupStore(office.folder, to), isFault('BLOB_MISSING'));
  assert.ok(!existsSync(to));
  assert.ok(!existsSync(join(office.folder, '.backup')));
});

test('one backup at a time', async (t) => {
  const office = await tempOffice(t);
  const lock = takeFolderLock(office.folder, 'backup');
  t.after(() => lock.release());
  await assert.rejects(backupStore(office.folder, join(tempFolder(t), 'copy')), isFault('STORE_IN_USE'));
});

test('bodies that come and go meanwhile never leave a row without its file', async (t) => {
  const office = await tempOffice(t);
  let isOver = false;
  const traffic = (async () => {
    for (let last: BlobId | undefined; !isOver; ) {
      const next = await keepLarge(office);
      const previous = last;
      if (previous !== undefined) await office.db.write((tx) => office.blobs.drop(tx, previous));
      last = next;
    }
  })();
  for (let round = 0; round < 3; round++) {
    const to = join(tempFolder(t), 'copy');
    await backupStore(office.folder, to);
    await using db = await openSqlite(to, options);
    assert.deepEqual((await checkStore(db, to, systemClock)).problems, []);
  }
  isOver = true;
  await traffic;
});

async function keepLarge(office: TempOffice): Promise<BlobId> {
  const spooled = await spool(office.blobs, new Uint8Array(inlineBytesMax + 1));
  return office.db.write((tx) => office.blobs.keep(tx, spooled));
}
