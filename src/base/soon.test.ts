import assert from 'node:assert/strict';
import test from 'node:test';
import { whenAllThere, whenThere } from './soon.ts';

test('what is there is used at once, what is on its way when it comes', async () => {
  assert.equal(
    whenThere(2, (one) => one + 1),
    3,
  );
  const later = whenThere(Promise.resolve(2), (one) => one + 1);
  assert.ok(later instanceof Promise);
  assert.equal(await later, 3);
});

test('of several, the last one that is on its way decides', async () => {
  const sum = (all: readonly number[]) => all.reduce((one, other) => one + other, 0);
  assert.equal(whenAllThere([1, 2], sum), 3);
  assert.equal(whenAllThere([], sum), 0);
  const later = whenAllThere([1, Promise.resolve(2)], sum);
  assert.ok(later instanceof Promise);
  assert.equal(await later, 3);
});
