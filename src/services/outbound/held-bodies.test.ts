import assert from 'node:assert/strict';
import test from 'node:test';
import type { BlobId } from '../../base/port/blobs.ts';
import { HeldBodies } from './held-bodies.ts';

const small = 1_000;
const large = 1_000_000;
const blob = (name: string, size: number) => ({ id: `blob_${name}` as BlobId, size });

async function turns(): Promise<void> {
  for (let i = 0; i < 10; i++) await new Promise((resolve) => setImmediate(resolve));
}

function open() {
  const reads: string[] = [];
  const read = async (id: BlobId) => {
    reads.push(id.slice('blob_'.length));
    if (id === 'blob_gone') throw new Error('gone');
    return new Uint8Array(1);
  };
  const find = async (id: BlobId) => {
    reads.push(`pieces of ${id.slice('blob_'.length)}`);
    return { size: large, chunks: async function* () {} };
  };
  const bodies = new HeldBodies({ read, find });
  /** Begins to work with a body; `end` ends it. */
  const begin = (name: string, size: number) => {
    const going = Promise.withResolvers<void>();
    const done = bodies.with(blob(name, size), () => going.promise);
    return { end: () => going.resolve(), done };
  };
  return { reads, bodies, begin };
}

test('a small body is read once for all who work with it at the same time, and again later', async () => {
  const { reads, begin } = open();
  const [one, two] = [begin('a', small), begin('a', small)];
  await turns();
  assert.deepEqual(reads, ['a']);
  one.end();
  two.end();
  await Promise.all([one.done, two.done]);
  const three = begin('a', small);
  three.end();
  await three.done;
  assert.deepEqual(reads, ['a', 'a']);
});

test('a large body is never held: each reads its own pieces', async () => {
  const { reads, begin } = open();
  const [one, two] = [begin('b', large), begin('b', large)];
  await turns();
  assert.deepEqual(reads, ['pieces of b', 'pieces of b']);
  one.end();
  two.end();
  await Promise.all([one.done, two.done]);
});

test('what cannot be read, or breaks while it is used, is not held on to', async () => {
  const { reads, bodies, begin } = open();
  await assert.rejects(begin('gone', small).done, /gone/);
  await assert.rejects(begin('gone', small).done, /gone/);
  const breaks = bodies.with(blob('torn', small), () => Promise.reject(new Error('torn')));
  await assert.rejects(breaks, /torn/);
  const next = begin('torn', small);
  next.end();
  await next.done;
  assert.deepEqual(reads, ['gone', 'gone', 'torn', 'torn']);
});
