/** What every adapter of the `Blobs` port promises. An adapter's test calls this with a way to open an empty store. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import test, { type TestContext } from 'node:test';
import { concat } from '../../src/base/bytes.ts';
import { Bug, Fault } from '../../src/base/outcome.ts';
import type { BlobId, Blobs, Spooled } from '../../src/base/port/blobs.ts';
import type { Db } from '../../src/base/port/db.ts';
import { seededRandom } from '../../src/base/random.ts';
import { isFault } from './db-contract.ts';

export type BlobStore = { readonly db: Db; readonly blobs: Blobs };

/** @param sizes around the border between what is kept in rows and what in files */
export function blobsContract(open: (t: TestContext) => Promise<BlobStore>, sizes: readonly number[]): void {
  for (const size of [0, 1, ...sizes]) {
    test(`a body of ${size} octets comes back as it was spooled`, async (t) => {
      const { db, blobs } = await open(t);
      const bytes = seededRandom(size).bytes(size);
      const spooled = await spool(blobs, bytes);
      assert.equal(spooled.size, size);
      assert.equal(spooled.sha256, createHash('sha256').update(bytes).digest('hex'));
      assert.deepEqual(sha(await spooled.read()), sha(bytes));
      assert.deepEqual(sha(await collect(spooled.chunks())), sha(bytes));
      const id = await db.write((tx) => blobs.keep(tx, spooled));
      await spooled.discard(); // too late, and harmless
      assert.deepEqual(sha(await db.read((reader) => blobs.read(reader, id))), sha(bytes));
      const stored = await db.read((reader) => blobs.find(reader, id));
      assert.equal(stored.size, size);
      for (let nth = 0; nth < 2; nth++) assert.deepEqual(sha(await collect(stored.chunks())), sha(bytes));
    });

    test(`of a spooled body of ${size} octets the pieces from any octet on are there`, async (t) => {
      const { blobs } = await open(t);
      const bytes = seededRandom(size).bytes(size);
      const spooled = await spool(blobs, bytes);
      for (const from of [1, size >> 1, size - 1, size, size + 1].filter((at) => at >= 0))
        assert.deepEqual(sha(await collect(spooled.chunks(from))), sha(bytes.subarray(from)));
      await spooled.discard();
    });
  }

  test('bytes in hand are kept without a spool', async (t) => {
    const { db, blobs } = await open(t);
    const id = await db.write((tx) => blobs.keep(tx, Uint8Array.of(1, 2, 3)));
    assert.deepEqual([...(await db.read((reader) => blobs.read(reader, id)))], [1, 2, 3]);
    assert.match(id, /^blob_/);
  });

  for (const size of [10, ...sizes]) {
    test(`a dropped body of ${size} octets is gone`, async (t) => {
      const { db, blobs } = await open(t);
      const spooled = await spool(blobs, new Uint8Array(size));
      const id = await db.write((tx) => blobs.keep(tx, spooled));
      await db.write((tx) => blobs.drop(tx, id));
      await assert.rejects(
        db.read((reader) => blobs.read(reader, id)),
        isFault('BLOB_MISSING'),
      );
      await assert.rejects(
        db.read((reader) => blobs.find(reader, id)),
        isFault('BLOB_MISSING'),
      );
    });

    test(`a body of ${size} octets stays when the transaction that dropped it failed`, async (t) => {
      const { db, blobs } = await open(t);
      const spooled = await spool(blobs, new Uint8Array(size));
      const id = await db.write((tx) => blobs.keep(tx, spooled));
      const failing = db.write(async (tx) => {
        await blobs.drop(tx, id);
        throw new Error('no');
      });
      await assert.rejects(failing, /no/);
      assert.equal((await db.read((reader) => blobs.read(reader, id))).length, size);
    });
  }

  test('a body whose transaction failed is not stored', async (t) => {
    const { db, blobs } = await open(t);
    const spooled = await spool(blobs, Uint8Array.of(1));
    let id: BlobId = 'blob_';
    const failing = db.write(async (tx) => {
      id = await blobs.keep(tx, spooled);
      throw new Error('no');
    });
    await assert.rejects(failing, /no/);
    await assert.rejects(
      db.read((reader) => blobs.read(reader, id)),
      isFault('BLOB_MISSING'),
    );
  });

  test('dropping twice, or what never was, is no error', async (t) => {
    const { db, blobs } = await open(t);
    await db.write((tx) => blobs.drop(tx, 'blob_never'));
  });

  test('a finished or discarded spool takes nothing more', async (t) => {
    const { blobs } = await open(t);
    const finished = blobs.open();
    await finished.write(Uint8Array.of(1));
    await finished.finish();
    await assert.rejects(async () => finished.write(Uint8Array.of(2)), Fault);
    await assert.rejects(finished.finish(), Fault);
    const discarded = blobs.open();
    await discarded.discard();
    await discarded.discard();
    await assert.rejects(discarded.finish(), Fault);
  });

  test('chunks that were not waited for keep their order', async (t) => {
    const { blobs } = await open(t);
    const writer = blobs.open();
    const chunks = Array.from({ length: 200 }, (_, at) => new Uint8Array(4_096).fill(at));
    await Promise.all(chunks.map((chunk) => writer.write(chunk)));
    const spooled = await writer.finish();
    assert.equal(sha(await spooled.read()), sha(concat(chunks)));
    await spooled.discard();
  });

  test('a body spooled by somebody else is a bug', async (t) => {
    const { db, blobs } = await open(t);
    const foreign = { size: 0, sha256: '' } as unknown as Spooled;
    await assert.rejects(
      db.write((tx) => blobs.keep(tx, foreign)),
      Bug,
    );
  });
}

/** In pieces, as it comes from a socket. */
export async function spool(blobs: Blobs, bytes: Uint8Array): Promise<Spooled> {
  const writer = blobs.open();
  for (let at = 0; at < bytes.length; at += 65_000) await writer.write(bytes.subarray(at, at + 65_000));
  return writer.finish();
}

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return concat(all);
}

function sha(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
