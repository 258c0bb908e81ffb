import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { fixedClock, systemClock } from './clock.ts';

test('a fixed clock stands still', () => {
  const clock = fixedClock(42);
  assert.deepEqual([clock.nowMs(), clock.nowMs()], [42, 42]);
});

test('sleep ends by itself and leaves no listener behind', async () => {
  const { signal } = new AbortController();
  await systemClock.sleep(1, signal);
  await systemClock.sleep(-5);
  assert.equal(getEventListeners(signal, 'abort').length, 0);
});

test('sleep ends at once when it is called off, before or meanwhile', async () => {
  await systemClock.sleep(2 ** 40, AbortSignal.abort());
  const controller = new AbortController();
  const slept = systemClock.sleep(2 ** 40, controller.signal);
  controller.abort();
  await slept;
});

test('after runs once, and not when it was cancelled', async () => {
  const ran: string[] = [];
  systemClock.after(0, () => ran.push('first'));
  const cancel = systemClock.after(0, () => ran.push('second'));
  cancel();
  cancel();
  await systemClock.sleep(5);
  assert.deepEqual(ran, ['first']);
});

test('monotonic time does not run back', () => {
  const before = systemClock.monotonicMs();
  assert.ok(systemClock.monotonicMs() >= before);
});
