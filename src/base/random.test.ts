import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawnAhead, seededRandom, shuffle, systemRandom } from './random.ts';

test('the same seed gives the same sequence, another seed another one', () => {
  const draw = (seed: number) => {
    const random = seededRandom(seed);
    return [random.float(), random.float(), ...random.bytes(8)];
  };
  assert.deepEqual(draw(7), draw(7));
  assert.notDeepEqual(draw(7), draw(8));
});

test('floats lie in [0, 1), octets reach both ends', () => {
  for (const random of [seededRandom(1), systemRandom]) {
    for (let i = 0; i < 1_000; i++) {
      const float = random.float();
      assert.ok(float >= 0 && float < 1);
    }
    assert.equal(random.bytes(0).length, 0);
    assert.equal(new Set(random.bytes(10_000)).size, 256);
  }
});

test('shuffle keeps every item, leaves its input alone and depends on the seed only', () => {
  const items = Array.from({ length: 50 }, (_, i) => i);
  const one = shuffle(seededRandom(3), items);
  assert.deepEqual(shuffle(seededRandom(3), items), one);
  assert.notDeepEqual(one, items);
  assert.deepEqual(
    [...one].sort((a, b) => a - b),
    items,
  );
  assert.deepEqual(shuffle(systemRandom, []), []);
});

test('shuffle prefers no order', () => {
  const random = seededRandom(11);
  const counts = new Map<string, number>();
  for (let i = 0; i < 6_000; i++) {
    const order = shuffle(random, ['a', 'b', 'c']).join('');
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  assert.equal(counts.size, 6);
  for (const count of counts.values()) assert.ok(count > 850 && count < 1_150, String(count));
});

test('octets drawn ahead are the same ones, each given out once', () => {
  let calls = 0;
  const counted = seededRandom(5);
  const random = drawnAhead({
    ...counted,
    bytes: (count) => {
      calls++;
      return counted.bytes(count);
    },
  });
  const drawn = Array.from({ length: 200 }, (_, count) => [...random.bytes(count % 10)]);
  assert.ok(drawn.every(({ length }, count) => length === count % 10));
  assert.deepEqual(drawn.flat(), [...seededRandom(5).bytes(900)]);
  assert.equal(calls, 1);
  assert.equal(random.bytes(5_000).length, 5_000);
  assert.equal(random.bytes(0).length, 0);
});
