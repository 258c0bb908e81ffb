/** When it looks, when it lets go of something, and what it finds on this machine. */
import assert from 'node:assert/strict';
import { totalmem } from 'node:os';
import test from 'node:test';
import { systemClock } from '../../base/clock.ts';
import { silentSignals } from '../../base/port/signals.ts';
import { createGiveBack } from './give-back.ts';
import type { Measure } from './judge-memory.ts';
import { createMemoryGuard } from './memory-guard.ts';

function makeGuard(giveBack?: (state: { used: number }) => void) {
  const state = { nowMs: 0, used: 0, looked: 0, gaveBack: 0 };
  const said: string[] = [];
  const guard = createMemoryGuard({
    timers: { ...systemClock, monotonicMs: () => state.nowMs },
    signals: { emit: (_, name) => said.push(name) },
    measures: (): readonly Measure[] => {
      state.looked++;
      return [{ limitBytes: 100, usedBytes: state.used }];
    },
    giveBack: () => {
      state.gaveBack++;
      giveBack?.(state);
    },
  });
  state.looked = 0; // the limit was asked for
  const at = (nowMs: number, used: number) => {
    Object.assign(state, { nowMs, used });
    return guard.isShort();
  };
  return { state, said, guard, at };
}

test('near a limit it looks ten times a second at most, and says when things change', () => {
  const { state, said, at } = makeGuard();
  assert.deepEqual(
    [at(0, 10), at(99, 90), at(100, 90), at(150, 10), at(200, 72), at(300, 69)],
    [false, false, true, true, true, false],
  );
  assert.equal(state.looked, 5); // twice where it was short: after giving back too
  assert.deepEqual(said, ['memory.short', 'memory.well_again']);
});

test('the more room there is, the later it looks again, up to a second', () => {
  const megabyte = 1024 * 1024;
  const state = { nowMs: 0, looked: 0 };
  const limitBytes = 1_000 * megabyte;
  const looksIn10s = (usedBytes: number) => {
    const guard = createMemoryGuard({
      timers: { ...systemClock, monotonicMs: () => state.nowMs },
      signals: silentSignals,
      measures: () => {
        state.looked++;
        return [{ limitBytes, usedBytes }];
      },
    });
    state.looked = 0;
    for (state.nowMs = 0; state.nowMs < 10_000; state.nowMs += 10) guard.isShort();
    return state.looked;
  };
  assert.deepEqual(
    [10, 650, 725].map((used) => looksIn10s(used * megabyte)),
    [10, 25, 100],
  );
});

test('what can be given back is given back before anybody is turned away, but not all the time', () => {
  const helped = makeGuard((state) => {
    state.used = 50;
  });
  assert.equal(helped.at(0, 90), false);
  assert.deepEqual(helped.said, []);
  const vain = makeGuard();
  for (let nowMs = 0; nowMs < 4_100; nowMs += 100) assert.equal(vain.at(nowMs, 90), true);
  assert.equal(vain.state.gaveBack, 3);
  vain.at(4_200, 96);
  assert.equal(vain.state.gaveBack, 3);
  vain.at(4_300, 97);
  assert.equal(vain.state.gaveBack, 4, 'what has grown since the last time is worth a try at once');
});

test('buffers are freed each time so many octets went by in them', () => {
  let freed = 0;
  const guard = createMemoryGuard({ timers: systemClock, signals: silentSignals, freeBuffers: () => freed++ });
  const pieces = 100;
  for (let at = 0; at < pieces; at++) guard.wentBy(1024 * 1024);
  assert.equal(freed, Math.floor(pieces / 6));
});

test('on this machine the least limit is the machine at most, and giving back does not hurt', () => {
  const guard = createMemoryGuard({ timers: systemClock, signals: silentSignals });
  assert.ok(guard.limitBytes > 0 && guard.limitBytes <= totalmem(), String(guard.limitBytes));
  assert.equal(typeof guard.isShort(), 'boolean');
  createGiveBack().all();
});

test('what is free within the allocator is given back every twenty seconds, until it is stopped', () => {
  const due: (() => void)[] = [];
  const cancelled: number[] = [];
  const timers = {
    ...systemClock,
    after: (_: number, run: () => void) => {
      const nth = due.push(run);
      return () => void cancelled.push(nth);
    },
  };
  const stop = createGiveBack().regularly(timers);
  due[0]?.();
  assert.equal(due.length, 2);
  stop();
  assert.deepEqual(cancelled, [2]);
});
