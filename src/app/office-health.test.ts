/** What `/readyz` costs: one count of the queue a second, for however many ask. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { watchOffice } from './office-health.ts';

function makeOffice() {
  const state = { nowMs: 0, asked: 0, low: false, fails: false };
  const office = {
    outbound: {
      counts: async () => {
        state.asked++;
        if (state.fails) throw new Error('the store is gone');
        return { open: state.asked, ready: 0 };
      },
    },
    db: { refusal: undefined },
    disk: { isLow: () => state.low },
  };
  return { state, watch: watchOffice(office, { monotonicMs: () => state.nowMs }) };
}

test('the queue is counted once a second, however many ask at once; the rest of the health is always of now', async () => {
  const { state, watch } = makeOffice();
  await Promise.all([watch.health(), watch.health(), watch.counts()]);
  state.low = true;
  state.nowMs = 999;
  assert.deepEqual(
    (await watch.health()).map(({ name, ok }) => [name, ok]),
    [
      ['store', true],
      ['disk', false],
      ['memory', true],
      ['queue', true],
    ],
  );
  assert.equal(state.asked, 1);
  state.nowMs = 1_000;
  assert.equal((await watch.counts()).open, 2);
});

test('a count that failed is not kept', async () => {
  const { state, watch } = makeOffice();
  state.fails = true;
  await assert.rejects(watch.health());
  state.fails = false;
  assert.equal((await watch.counts()).open, 2);
});
