/** What a step of the wall clock means to whoever waits by it. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { flowingTime } from '../../../test/support/flowing-time.ts';
import { ClockWatch } from './clock-watch.ts';

const second = 1_000;
const hour = 3_600_000;

function open() {
  const time = flowingTime(Date.UTC(2026, 10, 22));
  const watch = new ClockWatch(time, hour);
  return { time, watch, set: (byMs: number) => time.setWall(time.nowMs() + byMs) };
}

test('after a start the clock has to go on for a while before anything ends by it', () => {
  const { time, watch } = open();
  assert.equal(watch.doubtMs, hour);
  time.advance(45 * 60 * second);
  assert.equal(watch.doubtMs, hour / 4);
  time.advance(hour);
  assert.equal(watch.doubtMs, 0);
});

test('a step ahead begins the wait anew, a small one does not', () => {
  const { time, watch, set } = open();
  time.advance(2 * hour);
  set(30 * second);
  assert.equal(watch.doubtMs, 0);
  set(40 * 24 * hour);
  assert.equal(watch.doubtMs, hour);
  assert.equal(watch.setBackMs, 0);
});

test('a step back is told until somebody has allowed for it; two of them add up', () => {
  const { watch, set } = open();
  set(-2 * hour);
  assert.equal(watch.setBackMs, 2 * hour);
  assert.equal(watch.setBackMs, 2 * hour);
  set(-3 * hour);
  watch.allowedFor(2 * hour);
  assert.equal(watch.setBackMs, 3 * hour);
  watch.allowedFor(3 * hour);
  assert.equal(watch.setBackMs, 0);
});

test('a clock that is led back in small steps sets nothing back', () => {
  const { time, watch, set } = open();
  for (let nth = 0; nth < 100; nth++) {
    time.advance(10 * second);
    set(-second);
    assert.equal(watch.setBackMs, 0);
  }
});

test('what it says is whole milliseconds, though the monotonic clock counts parts of them', () => {
  const { time, watch, set } = open();
  time.advance(0.25);
  set(-2 * hour);
  time.setWall(Math.floor(time.nowMs()));
  assert.equal(watch.setBackMs, 2 * hour);
  assert.equal(watch.doubtMs, hour);
});
