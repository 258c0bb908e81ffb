import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Holdings, OctetBudget, RateWindow } from './limits.ts';

test('holdings: per key and in all', () => {
  const holdings = new Holdings();
  const first = holdings.take('a', 2, 3);
  const second = holdings.take('a', 2, 3);
  assert.ok(first && second);
  assert.equal(holdings.take('a', 2, 3), undefined);
  assert.ok(holdings.take('b', 2, 3));
  assert.equal(holdings.take('c', 2, 3), undefined);
  assert.deepEqual([holdings.of('a'), holdings.of('b'), holdings.of('c'), holdings.total], [2, 1, 0, 3]);
  first();
  assert.ok(holdings.take('c', 2, 3));
  assert.deepEqual([holdings.of('a'), holdings.of('c'), holdings.total], [1, 1, 3]);
});

test('holdings: giving back twice gives back once', () => {
  const holdings = new Holdings();
  const giveBack = holdings.take('a', 5, 5);
  holdings.take('a', 5, 5);
  giveBack?.();
  giveBack?.();
  assert.deepEqual([holdings.of('a'), holdings.total], [1, 1]);
});

test('property: holdings count what is held, whatever the order', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom('a', 'b', '__proto__'), fc.boolean())), (steps) => {
      const holdings = new Holdings();
      const held: { key: string; giveBack: () => void }[] = [];
      for (const [key, take] of steps) {
        const giveBack = take ? holdings.take(key, 3, 5) : undefined;
        if (giveBack) held.push({ key, giveBack });
        else if (!take) held.pop()?.giveBack();
        assert.equal(holdings.total, held.length);
        assert.equal(holdings.of(key), held.filter((one) => one.key === key).length);
        assert.ok(holdings.of(key) <= 3 && holdings.total <= 5);
      }
    }),
    { numRuns: 200 },
  );
});

function windowAt(startMs: number, keysMax?: number) {
  const time = { nowMs: startMs };
  const window = new RateWindow({ nowMs: () => time.nowMs }, { windowMs: 1_000, ...(keysMax && { keysMax }) });
  return { time, window };
}

test('a rate window counts per key and starts anew when it is over', () => {
  const { time, window } = windowAt(50_000);
  assert.equal(window.count('a'), 0);
  assert.equal(window.add('a'), 1);
  assert.equal(window.add('a'), 2);
  assert.equal(window.add('b'), 1);
  time.nowMs += 999;
  assert.equal(window.count('a'), 2);
  time.nowMs += 1;
  assert.equal(window.count('a'), 0);
  assert.equal(window.add('a'), 1);
});

test('a rate window starts anew when the clock steps back', () => {
  const { time, window } = windowAt(50_000);
  window.add('a');
  time.nowMs -= 10_000;
  assert.equal(window.count('a'), 0);
  window.add('a');
  time.nowMs += 999;
  assert.equal(window.count('a'), 1);
});

test('a flood of keys is no flood of memory: strangers then count as heavy, those known count on', () => {
  const { window } = windowAt(0, 3);
  for (const key of ['a', 'b', 'c']) window.add(key);
  assert.equal(window.add('d'), 3);
  assert.equal(window.count('d'), 0);
  assert.equal(window.add('a'), 2);
});

test('octets in memory: small ones always, large ones while there is room, one however large', () => {
  const budget = new OctetBudget({ most: 100, small: 10 });
  const giant = budget.take(500);
  assert.ok(giant);
  assert.equal(budget.take(11), undefined);
  assert.ok(budget.take(10));
  giant();
  giant(); // once
  const [one, two] = [budget.take(60), budget.take(40)];
  assert.ok(one && two);
  assert.equal(budget.take(11), undefined);
  two();
  assert.ok(budget.take(40));
});
