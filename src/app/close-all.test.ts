import assert from 'node:assert/strict';
import test from 'node:test';
import { closeAll } from './close-all.ts';

test('the last opened closes first, and a failure stops nothing: the queue must still be put away', async () => {
  const closed: string[] = [];
  const closer = (name: string, error?: Error) => async () => {
    closed.push(name);
    if (error) throw error;
  };
  const closers = [closer('store'), closer('queue'), closer('door', new Error('stuck')), closer('bell')];
  await assert.rejects(closeAll(closers), /stuck/);
  assert.deepEqual(closed, ['bell', 'door', 'queue', 'store']);
});
