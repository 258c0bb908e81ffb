/** The `Blobs` contract beside SQLite, and what only files can show: where they lie, what a kill or damage leaves behind. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { blobsContract, spool } from '../../../test/contracts/blobs-contract.ts';
import { isFault } from '../../../test/contracts/db-contract.ts';
import { tempOffice } from '../../../test/support/temp-office.ts';
import { systemClock } from '../../base/clock.ts';
import { Fault } from '../../base/outcome.ts';
import type { BlobId, Spooled } from '../../base/port/blobs.ts';
import { plentyOfMemory } from '../../base/port/memory.ts';
import { openBlobs, orphanAgeMs } from './blobs.ts';
import { spoolFolder } from './blobs-schema.ts';
import { arrivingBytesMax, inlineBytesMax, SpooledFile } from './spool.ts';

blobsContract(tempOffice, [inlineBytesMax, inlineBytesMax + 1, 3 * inlineBytesMax]);

const large = new Uint8Array(inlineBytesMax + 1).fill(7);

test('a small body is a row, a large one a file that only we can read', async (t) => {
  const { folder, db, blobs } = await tempOffice(t);
  const small = await spool(blobs, Uint8Array.of(1));
  await db.write((tx) => blobs.keep(tx, small));
  assert.deepEqual(filesOf(folder), []);
  await spool(blobs, large);
  const [name] = filesOf(folder);
  assert.match(name ?? '', /^[0-9a-z]{32}$/);
  assert.equal(statSync(join(spoolFolder(folder), name ?? '')).mode & 0o777, 0o600);
  assert.equal(statSync(spoolFolder(folder)).mode & 0o777, 0o700);
});

test('many that arrive at once go to files also when they are small, until others are in', async (t) => {
  const { folder, blobs } = await tempOffice(t);
  const part = new Uint8Array(inlineBytesMax);
  const slow = Array.from({ length: arrivingBytesMax / inlineBytesMax }, () => blobs.open());
  for (const each of slow) await each.write(part);
  assert.deepEqual(filesOf(folder), []);
  const late = blobs.open();
  await late.write(Uint8Array.of(1));
  await late.write(Uint8Array.of(2));
  assert.equal(filesOf(folder).length, 1);
  assert.deepEqual([...(await (await late.finish()).read())], [1, 2]);
  await slow[0]?.finish();
  await slow[1]?.discard();
  const more = [blobs.open(), blobs.open()];
  for (const each of more) await each.write(part);
  assert.equal(filesOf(folder).length, 1, 'what was finished or thrown away counts no more');
});

test('octets that go by in a file, coming and going, are told, so that their buffers are freed', async (t) => {
  const office = await tempOffice(t);
  let wentBy = 0;
  const memory = {
    ...plentyOfMemory,
    wentBy: (octets: number) => {
      wentBy += octets;
    },
  };
  const blobs = await openBlobs(office.folder, { ...office, clock: office.timers, memory });
  const large = blobs.open();
  await large.write(new Uint8Array(inlineBytesMax + 1));
  const body = await large.finish();
  assert.equal(wentBy, inlineBytesMax + 1);
  for await (const piece of body.chunks()) assert.ok(piece.length > 0);
  assert.equal(wentBy, 2 * (inlineBytesMax + 1));
  await body.discard();
});

test('where memory is small, fewer are held while they arrive', async (t) => {
  const office = await tempOffice(t);
  const memory = { ...plentyOfMemory, limitBytes: 16 * 1_000 };
  const blobs = await openBlobs(office.folder, { ...office, clock: office.timers, memory });
  const first = blobs.open();
  await first.write(new Uint8Array(1_000));
  assert.deepEqual(filesOf(office.folder), []);
  await first.write(Uint8Array.of(1));
  assert.equal(filesOf(office.folder).length, 1);
  const body = await first.finish();
  assert.deepEqual([body.size, body.inMemory], [1_001, false]);
  assert.equal((await spool(blobs, Uint8Array.of(1))).inMemory, true);
});

test('of a body that comes octet by octet not every octet is kept in memory of its own', async (t) => {
  const { blobs } = await tempOffice(t);
  const body = Uint8Array.from({ length: 1_000 }, (_, at) => at % 251);
  const source = Uint8Array.from(body);
  const writer = blobs.open();
  for (let at = 0; at < body.length; at++) await writer.write(source.subarray(at, at + 1));
  source.fill(0xff, 0, body.length - 128); // what was gathered is a copy
  assert.deepEqual([...(await (await writer.finish()).read())], [...body]);
});

test('discarding takes the file away, at any stage', async (t) => {
  const { folder, blobs } = await tempOffice(t);
  const unfinished = blobs.open();
  await unfinished.write(large);
  assert.equal(filesOf(folder).length, 1);
  await unfinished.discard();
  assert.deepEqual(filesOf(folder), []);
  const finished = await spool(blobs, large);
  await finished.discard();
  assert.deepEqual(filesOf(folder), []);
});

test('a body whose commit failed can be discarded, and its file goes', async (t) => {
  const { folder, db, blobs } = await tempOffice(t);
  const spooled = await spool(blobs, large);
  const failing = db.write(async (tx) => {
    await blobs.keep(tx, spooled);
    throw new Error('no');
  });
  await assert.rejects(failing, /no/);
  await spooled.discard();
  assert.deepEqual(filesOf(folder), []);
});

test('dropping removes the file after the commit', async (t) => {
  const { folder, db, blobs } = await tempOffice(t);
  const id = await keepLarge({ db, blobs });
  await db.write(async (tx) => {
    await blobs.drop(tx, id);
    assert.equal(filesOf(folder).length, 1);
  });
  while (filesOf(folder).length > 0) await new Promise((resolve) => setImmediate(resolve));
});

test('a flipped bit in a row or a file is damage, a lost file is missing', async (t) => {
  const { folder, db, blobs } = await tempOffice(t);
  const small = await db.write((tx) => blobs.keep(tx, Uint8Array.of(1, 2, 3)));
  const file = await keepLarge({ db, blobs });
  const [name = ''] = filesOf(folder);
  const path = join(spoolFolder(folder), name);
  await db.write((tx) => tx.run({ sql: "UPDATE blobs SET body = x'010203ff' WHERE id = ?", parameters: [small] }));
  writeFileSync(path, flipped(readFileSync(path)));
  await assert.rejects(
    db.read((reader) => blobs.read(reader, small)),
    isFault('BLOB_DAMAGED'),
  );
  await assert.rejects(
    db.read((reader) => blobs.read(reader, file)),
    isFault('BLOB_DAMAGED'),
  );
  rmSync(path);
  await assert.rejects(
    db.read((reader) => blobs.read(reader, file)),
    isFault('BLOB_MISSING'),
  );
});

test('read in pieces, damage shows before the last one: nobody takes it for the whole', async (t) => {
  const { folder, db, blobs } = await tempOffice(t);
  const small = await db.write((tx) => blobs.keep(tx, Uint8Array.of(1, 2, 3)));
  const file = await keepLarge({ db, blobs });
  const [name = ''] = filesOf(folder);
  const path = join(spoolFolder(folder), name);
  const find = (id: BlobId) => db.read((reader) => blobs.find(reader, id));
  const whole = readFileSync(path);
  for (const [octets, fault] of [
    [flipped(Buffer.from(whole)), 'BLOB_DAMAGED'],
    [whole.subarray(0, -1), 'BLOB_DAMAGED'],
    [Buffer.concat([whole, whole]), 'BLOB_DAMAGED'],
    [Buffer.alloc(0), 'BLOB_DAMAGED'],
    [undefined, 'BLOB_MISSING'],
  ] as const) {
    if (octets) writeFileSync(path, octets);
    else rmSync(path);
    const pieces: Uint8Array[] = [];
    const reading = async () => {
      for await (const piece of (await find(file)).chunks()) pieces.push(piece);
    };
    await assert.rejects(reading, isFault(fault));
    const came = Buffer.concat(pieces).length;
    assert.ok(came < Math.max(octets?.length ?? 0, 1), `${came} octets came`);
  }
  await db.write((tx) => tx.run({ sql: "UPDATE blobs SET body = x'010203ff' WHERE id = ?", parameters: [small] }));
  await assert.rejects(find(small), isFault('BLOB_DAMAGED'));
});

test('the start sweeps what a kill left between file and commit, and nothing else', async (t) => {
  const { folder, db, blobs } = await tempOffice(t);
  await keepLarge({ db, blobs });
  const [owned = ''] = filesOf(folder);
  const spooledFolder = spoolFolder(folder);
  const old = (Date.now() - orphanAgeMs - 10_000) / 1000;
  for (const name of ['0'.repeat(32), '1'.repeat(32), 'README']) writeFileSync(join(spooledFolder, name), '');
  for (const name of ['0'.repeat(32), 'README', owned]) utimesSync(join(spooledFolder, name), old, old);
  assert.equal(await blobs.sweepOrphans(), 1);
  assert.deepEqual(filesOf(folder).sort(), ['1'.repeat(32), 'README', owned].sort());
});

test('a sweep while mail comes in leaves what arrives and what waits for its row, even when the clock jumps', async (t) => {
  const { folder, db, blobs } = await tempOffice(t, {
    timers: { ...systemClock, nowMs: () => Date.now() + 2 * orphanAgeMs },
  });
  const arriving = blobs.open();
  await arriving.write(large);
  const waiting = await spool(blobs, large);
  const kept = await spool(blobs, large);
  await db.write((tx) => blobs.keep(tx, kept));
  const gone = await spool(blobs, large);
  await gone.discard();
  assert.equal(await blobs.sweepOrphans(), 0);
  await db.write((tx) => blobs.keep(tx, waiting));
  await arriving.discard();
  assert.equal(await blobs.sweepOrphans(), 0);
  assert.equal(filesOf(folder).length, 2);
  writeFileSync(join(spoolFolder(folder), '0'.repeat(32)), '');
  assert.equal(await blobs.sweepOrphans(), 1, 'what nobody holds goes');
});

test('a spool folder that is gone is a fault at the first large chunk, not an unhandled rejection', async (t) => {
  const { folder, blobs } = await tempOffice(t);
  rmSync(spoolFolder(folder), { recursive: true });
  const writer = blobs.open();
  await assert.rejects(async () => writer.write(large), isFault('ENOENT'));
  await assert.rejects(async () => writer.write(large), isFault('ENOENT'));
  await assert.rejects(writer.finish(), isFault('ENOENT'));
  await writer.discard();
  assert.ok(!existsSync(spoolFolder(folder)));
});

test('a disk that fails to sync a spool file gets nothing more: a later sync would prove nothing', async (t) => {
  const { folder, db, blobs } = await tempOffice(t);
  const handle = await open(folder, 'r');
  const files = Object.getPrototypeOf(handle) as FileHandle;
  await handle.close();
  const failing = t.mock.method(files, 'datasync', async () => {
    throw Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' });
  });
  await assert.rejects(spool(blobs, large), isFault('EIO'));
  failing.mock.restore();
  assert.match(db.refusal?.message ?? '', /no further writes until restart: syncing a spool file: EIO/);
  await assert.rejects(keepLarge({ db, blobs }), isFault('STORE_IO'));
});

test('once nothing is written any more, only a file that a row may name stays: clients who try again do not fill the disk', async (t) => {
  const { folder, db, blobs } = await tempOffice(t);
  const [named, unnamed] = [await spool(blobs, large), await spool(blobs, large)];
  const failing = db.write(async (tx) => {
    await blobs.keep(tx, named);
    throw new Error('and then');
  });
  await assert.rejects(failing, /and then/);
  db.endWriting(new Fault('EIO', 'the disk failed'));
  const later = await spool(blobs, large);
  await assert.rejects(
    db.write((tx) => blobs.keep(tx, later)),
    isFault('STORE_IO'),
  );
  for (const body of [named, unnamed, later]) await body.discard();
  assert.deepEqual(filesOf(folder), [nameOf(named)]);
});

for (const [call, code, ends] of [
  ['datasync', 'ENOSPC', false],
  ['sync', 'ENOSPC', true],
] as const) {
  const what = ends ? 'ends the writing: it holds the names of others too' : 'costs that body, and nothing else';
  test(`${code} at the ${call} of a ${call === 'sync' ? 'spool folder' : 'spool file'} ${what}`, async (t) => {
    const { folder, db, blobs } = await tempOffice(t);
    const handle = await open(folder, 'r');
    const files = Object.getPrototypeOf(handle) as FileHandle;
    await handle.close();
    const failing = t.mock.method(files, call, async () => {
      throw Object.assign(new Error(`${code}: no space left on device`), { code });
    });
    await assert.rejects(spool(blobs, large), isFault(code));
    failing.mock.restore();
    assert.equal(db.refusal !== undefined, ends);
    if (!ends) assert.deepEqual(filesOf(folder), []);
  });
}

async function keepLarge(store: Pick<Awaited<ReturnType<typeof tempOffice>>, 'db' | 'blobs'>): Promise<BlobId> {
  const spooled = await spool(store.blobs, large);
  return store.db.write((tx) => store.blobs.keep(tx, spooled));
}

function filesOf(folder: string): string[] {
  return readdirSync(spoolFolder(folder));
}

function flipped(bytes: Buffer): Buffer {
  bytes[100] = (bytes[100] ?? 0) ^ 1;
  return bytes;
}

function nameOf(body: Spooled): string {
  assert.ok(body instanceof SpooledFile);
  return body.name;
}
