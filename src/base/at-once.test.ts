import assert from 'node:assert/strict';
import test from 'node:test';
import { eachAtOnce } from './at-once.ts';

/** Works that end when the test says so. */
function works() {
  const begun: number[] = [];
  const ends = new Map<number, PromiseWithResolvers<string>>();
  const work = (item: number) => {
    begun.push(item);
    const end = Promise.withResolvers<string>();
    ends.set(item, end);
    return end.promise;
  };
  const turn = () => new Promise(setImmediate);
  const end = async (item: number) => {
    ends.get(item)?.resolve(`end of ${item}`);
    await turn();
  };
  const fail = async (item: number, say: string) => {
    ends.get(item)?.reject(new Error(say));
    await turn();
  };
  return { begun, work, end, fail };
}

test('so many are under way at a time, and the answers come in the order of the items', async () => {
  const { begun, work, end } = works();
  const all = eachAtOnce([1, 2, 3, 4], 2, work);
  assert.deepEqual(begun, [1, 2]);
  await end(2);
  assert.deepEqual(begun, [1, 2, 3]);
  await end(3);
  assert.deepEqual(begun, [1, 2, 3, 4]);
  await end(4);
  await end(1);
  assert.deepEqual(await all, ['end of 1', 'end of 2', 'end of 3', 'end of 4']);
});

test('fewer items than may be under way, and none at all', async () => {
  assert.deepEqual(await eachAtOnce(['a', 'b'], 8, async (item) => item.toUpperCase()), ['A', 'B']);
  assert.deepEqual(await eachAtOnce([], 8, () => assert.fail('there is nothing to do')), []);
});

test('after a fault no other work is begun, those under way end, and the first fault is thrown', async () => {
  const { begun, work, end, fail } = works();
  let isOver = false;
  const all = eachAtOnce([1, 2, 3, 4, 5], 3, work).finally(() => {
    isOver = true;
  });
  const thrown = assert.rejects(all, { message: 'the first' });
  await fail(2, 'the first');
  assert.equal(isOver, false);
  await fail(1, 'the second');
  assert.equal(isOver, false);
  await end(3);
  assert.deepEqual(begun, [1, 2, 3]);
  await thrown;
});

test('a work that throws before it waits is a fault like any other', async () => {
  const begun: number[] = [];
  const work = (item: number): Promise<never> => {
    begun.push(item);
    throw new Error(`no ${item}`);
  };
  await assert.rejects(eachAtOnce([1, 2, 3], 2, work), { message: 'no 1' });
  assert.deepEqual(begun, [1]);
});
