import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { type Room, type Share, shareSlots, type WaitingQueue } from './share-slots.ts';

/** `a/x` -> lane a, domain x */
function queue(text: string): WaitingQueue {
  const [lane = '', domain = ''] = text.split('/');
  return { lane, domain };
}
function share(queues: readonly string[], room: Partial<Omit<Room, 'held'>> & { readonly held?: readonly string[] }) {
  const { held = [], ...rest } = room;
  const shares = shareSlots(queues.map(queue), { slots: 100, perDomain: 100, ...rest, held: held.map(queue) });
  return Object.fromEntries(shares.map(({ lane, domain, slots }) => [`${lane}/${domain}`, slots]));
}
const times = (count: number, text: string) => Array.from({ length: count }, () => text);

test('nobody waits, nothing is shared; nothing is free, nobody gets any', () => {
  assert.deepEqual(share([], {}), {});
  assert.deepEqual(share(['a/x'], { slots: 2, held: ['b/y', 'b/z'] }), {});
});

test('lanes share evenly, whatever number of domains each sends to', () => {
  assert.deepEqual(share(['a/x', 'a/y', 'a/z', 'b/x'], { slots: 13 }), { 'a/x': 2, 'a/y': 2, 'a/z': 2, 'b/x': 6 });
});

test('who holds many waits for who holds few', () => {
  assert.deepEqual(share(['a/x', 'b/x'], { slots: 10, held: times(7, 'a/x') }), { 'b/x': 2 });
  assert.deepEqual(share(['a/x', 'a/y'], { slots: 10, held: times(4, 'a/x') }), { 'a/x': 1, 'a/y': 4 });
});

test('between equals the first in turn begins', () => {
  assert.deepEqual(share(['b/x', 'a/x'], { slots: 1 }), { 'b/x': 1 });
  assert.deepEqual(share(['a/x', 'b/x'], { slots: 1 }), { 'a/x': 1 });
});

test('a destination holds no more than its slots', () => {
  assert.deepEqual(share(['a/x', 'b/x', 'a/y'], { perDomain: 4 }), { 'a/x': 1, 'b/x': 2, 'a/y': 3 });
  assert.deepEqual(share(['a/x'], { perDomain: 2, held: ['b/x', 'c/x'] }), {});
});

test('MAIL_RULES 24: one lane cannot own all slots of a site, nor all there are', () => {
  assert.deepEqual(share(['a/x'], { perDomain: 10 }), { 'a/x': 9 });
  assert.deepEqual(share(['a/x'], { perDomain: 10, held: times(9, 'a/x') }), {});
  assert.deepEqual(share(['a/x', 'b/x'], { perDomain: 10, held: times(9, 'a/x') }), { 'b/x': 1 });
  assert.deepEqual(share(['a/x', 'a/y'], { slots: 6 }), { 'a/x': 3, 'a/y': 2 });
  assert.deepEqual(share(['a/y', 'b/x'], { slots: 6, held: times(5, 'a/x') }), { 'b/x': 1 });
});

test('a single slot still serves', () => {
  assert.deepEqual(share(['a/x'], { slots: 1 }), { 'a/x': 1 });
  assert.deepEqual(share(['a/x'], { perDomain: 1 }), { 'a/x': 1 });
});

const anyQueue = fc.record({ lane: fc.constantFrom('a', 'b', 'c', 'd'), domain: fc.constantFrom('x', 'y', 'z') });
const anyRoom = fc.record({
  slots: fc.integer({ min: 1, max: 40 }),
  perDomain: fc.integer({ min: 1, max: 15 }),
  held: fc.array(anyQueue, { maxLength: 30 }),
});
const anyQueues = fc.uniqueArray(anyQueue, { maxLength: 12, selector: ({ lane, domain }) => `${lane}/${domain}` });
const count = <T>(list: readonly T[], fits: (one: T) => boolean) => list.filter(fits).length;
const sum = (shares: readonly Share[], fits: (one: Share) => boolean) =>
  shares.filter(fits).reduce((total, { slots }) => total + slots, 0);

test('no limit is broken, whatever is held and whoever waits', () => {
  fc.assert(
    fc.property(anyQueues, anyRoom, (queues, room) => {
      const shares = shareSlots(queues, room);
      assert.ok(sum(shares, () => true) <= Math.max(room.slots - room.held.length, 0));
      for (const name of ['x', 'y', 'z']) {
        const given = sum(shares, ({ domain }) => domain === name);
        assert.ok(given <= Math.max(room.perDomain - count(room.held, ({ domain }) => domain === name), 0));
      }
      assert.ok(shares.every(({ slots }) => slots > 0));
    }),
    { numRuns: 300 },
  );
});

test('nothing stays free that somebody could use, but the last one of a domain and of all', () => {
  fc.assert(
    fc.property(anyQueues, anyRoom, (queues, room) => {
      const shares = shareSlots(queues, room);
      const free = room.slots - room.held.length - sum(shares, () => true);
      for (const { domain: name } of queues) {
        const heldThere =
          count(room.held, ({ domain }) => domain === name) + sum(shares, ({ domain }) => domain === name);
        assert.ok(free <= 1 || room.perDomain - heldThere <= 1, `${name}: ${free} free`);
      }
    }),
    { numRuns: 300 },
  );
});

test('no lane gets a slot while one that could use it holds two fewer', () => {
  fc.assert(
    fc.property(anyQueues, anyRoom, (queues, room) => {
      const shares = shareSlots(queues, room);
      const given = (lane: string) => sum(shares, (one) => one.lane === lane);
      const holds = (lane: string) => given(lane) + count(room.held, (one) => one.lane === lane);
      // with room at every domain, only fairness decides
      if (['x', 'y', 'z'].some((name) => room.perDomain - count(room.held, (one) => one.domain === name) <= room.slots))
        return;
      const lanes = new Set(queues.map(({ lane }) => lane));
      for (const rich of lanes)
        for (const poor of lanes) if (given(rich) > 0) assert.ok(holds(rich) <= holds(poor) + 1, `${rich} and ${poor}`);
    }),
    { numRuns: 500 },
  );
});

test('turn by turn everybody is served: nobody starves behind a lane that never ends', () => {
  // one slot, three lanes that always have work: whoever was served last goes to the end of the line
  const served: string[] = [];
  let line = ['a/x', 'b/x', 'c/x'];
  for (let round = 0; round < 9; round++) {
    const [first] = shareSlots(line.map(queue), { slots: 1, perDomain: 1, held: [] });
    assert.ok(first);
    served.push(first.lane);
    line = [...line.filter((text) => !text.startsWith(first.lane)), `${first.lane}/x`];
  }
  assert.equal(served.join(''), 'abcabcabc');
});
