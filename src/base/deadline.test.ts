/** A limit that moves. */
import assert from 'node:assert/strict';
import test from 'node:test';
import type { Timers } from './clock.ts';
import { Deadline } from './deadline.ts';

test('a limit that is moved on is reached at its last place, with one timer at a time', () => {
  const time = steppedTime();
  const reached: string[] = [];
  const deadline = new Deadline(time.timers);
  deadline.set(100, () => reached.push('first'));
  time.step(60);
  deadline.set(100, () => reached.push('second'));
  assert.equal(time.made(), 1);
  time.step(99);
  assert.deepEqual(reached, []);
  time.step(1);
  assert.deepEqual(reached, ['second']);
  time.step(1_000);
  assert.deepEqual(reached, ['second']);
});

test('a shorter limit does not wait for the timer of a longer one', () => {
  const time = steppedTime();
  const reached: string[] = [];
  const deadline = new Deadline(time.timers);
  deadline.set(100, () => reached.push('long'));
  deadline.set(10, () => reached.push('short'));
  time.step(10);
  assert.deepEqual(reached, ['short']);
  time.step(1_000);
  assert.deepEqual(reached, ['short']);
});

test('a cleared limit is never reached; a closed one leaves no timer', () => {
  const time = steppedTime();
  const deadline = new Deadline(time.timers);
  deadline.set(10, () => assert.fail('cleared'));
  deadline.clear();
  time.step(10);
  deadline.set(10, () => assert.fail('closed'));
  deadline.close();
  assert.equal(time.armed(), 0);
});

function steppedTime() {
  let nowMs = 0;
  let made = 0;
  const armed = new Set<{ readonly atMs: number; readonly run: () => void }>();
  const timers: Timers = {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    sleep: () => assert.fail('nobody sleeps'),
    after: (ms, run) => {
      const timer = { atMs: nowMs + ms, run };
      made++;
      armed.add(timer);
      return () => armed.delete(timer);
    },
  };
  const step = (ms: number) => {
    nowMs += ms;
    for (const timer of [...armed]) if (timer.atMs <= nowMs && armed.delete(timer)) timer.run();
  };
  return { timers, step, made: () => made, armed: () => armed.size };
}
