import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createIds, isId } from './id.ts';
import { seededRandom, systemRandom } from './random.ts';

test('ids sort by time, within a millisecond and when the clock steps back too, and are unique', () => {
  let nowMs = 1_700_000_000_000;
  const ids = createIds({ nowMs: () => nowMs }, systemRandom);
  const made: string[] = [];
  for (const step of [0, 1, 0, -5_000, 1_000_000, -1]) {
    nowMs += step;
    for (let i = 0; i < 6_000; i++) made.push(ids.next('msg')); // more than 4,096: borrows the next millisecond
  }
  assert.deepEqual([...made].sort(), made);
  assert.equal(new Set(made).size, made.length);
});

test('property: whatever the clock does, the next id is greater', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 2 ** 47 }), { minLength: 2 }), fc.nat(), (moments, seed) => {
      let at = 0;
      const ids = createIds({ nowMs: () => moments[at++] ?? 0 }, seededRandom(seed));
      const made = moments.map(() => ids.next('x'));
      assert.deepEqual([...made].sort(), made);
      assert.equal(new Set(made).size, made.length);
    }),
    { numRuns: 200 },
  );
});

test('RFC 9562 §5.7: time, version and variant stand where they belong', () => {
  const id = createIds({ nowMs: () => 0x0123456789ab }, seededRandom(1)).next('evt');
  const digits = '0123456789abcdefghjkmnpqrstvwxyz';
  const bits = [...id.slice('evt_'.length)].map((digit) => digits.indexOf(digit).toString(2).padStart(5, '0')).join('');
  assert.equal(Number.parseInt(bits.slice(0, 48), 2), 0x0123456789ab);
  assert.equal(bits.slice(48, 52), '0111');
  assert.equal(bits.slice(64, 66), '10');
});

test('an id is known by its prefix and shape', () => {
  const id = createIds({ nowMs: () => 5 }, seededRandom(2)).next('msg');
  assert.ok(isId('msg', id));
  assert.ok(!isId('dlv', id));
  for (const text of [
    'msg_',
    `${id}0`,
    id.slice(0, -1),
    id.toUpperCase(),
    `msg_${'u'.repeat(26)}`,
    ` ${id}`,
    `${id}\n`,
  ]) {
    assert.ok(!isId('msg', text), JSON.stringify(text));
  }
});
