import assert from 'node:assert/strict';
import test from 'node:test';
import type { BlobId } from '../../base/port/blobs.ts';
import { HeldBodies } from './held-bodies.ts';

const limits = { most: 100, small: 10 };
const blob = (name: string, size: number) => ({ id: `blob_${name}` as BlobId, size });

async function turns(): Promise<void> {
  for (let i = 0; i < 10; i++) await new Promise((resolve) => setImmediate(resolve));
}

function open() {
  const reads: string[] = [];
  const bodies = new HeldBodies(async (id) => {
    reads.push(id.slice('blob_'.length));
    if (id === 'blob_gone') throw new Error('gone');
    return new Uint8Array(1);
  }, limits);
  /** Begins to work with a body; `end` ends it. */
  const begin = (name: string, size: number) => {
    const going = Promise.withResolvers<void>();
    const done = bodies.with(blob(name, size), () => going.promise);
    return { end: () => going.resolve(), done };
  };
  return { reads, bodies, begin };
}

test('a body is read once for all who work with it at the same time, and again later', async () => {
  const { reads, begin } = open();
  const [one, two] = [begin('a', 50), begin('a', 50)];
  await turns();
  assert.deepEqual(reads, ['a']);
  one.end();
  two.end();
  await Promise.all([one.done, two.done]);
  const three = begin('a', 50);
  three.end();
  await three.done;
  assert.deepEqual(reads, ['a', 'a']);
});

test('large bodies wait for room in their order; small ones do not wait', async () => {
  const { reads, begin } = open();
  const first = begin('first', 90);
  const second = begin('second', 80);
  const third = begin('third', 15);
  const small = begin('small', 10);
  await turns();
  assert.deepEqual(reads, ['small', 'first']);
  first.end();
  await turns();
  assert.deepEqual(reads, ['small', 'first', 'second', 'third']);
  for (const each of [second, third, small]) each.end();
  await Promise.all([first.done, second.done, third.done, small.done]);
});

test('what cannot be read, or breaks while it is used, gives its room back', async () => {
  const { reads, bodies, begin } = open();
  await assert.rejects(begin('gone', 100).done, /gone/);
  const breaks = bodies.with(blob('torn', 100), () => Promise.reject(new Error('torn')));
  await assert.rejects(breaks, /torn/);
  const next = begin('next', 100);
  await turns();
  assert.deepEqual(reads, ['gone', 'torn', 'next']);
  next.end();
  await next.done;
});
