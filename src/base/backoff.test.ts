import assert from 'node:assert/strict';
import { test } from 'node:test';
import { delayAfterMs } from './backoff.ts';

const backoff = { delaysMs: [60_000, 300_000, 900_000], jitter: 0.2 };

test('the gaps follow the list, the last one repeats', () => {
  assert.deepEqual(
    [1, 2, 3, 4, 1_000_000].map((tries) => delayAfterMs(backoff, tries, 0)),
    [60_000, 300_000, 900_000, 900_000, 900_000],
  );
});

test('before the first try the first gap counts', () => {
  assert.equal(delayAfterMs(backoff, 0, 0), 60_000);
  assert.equal(delayAfterMs(backoff, -3, 0), 60_000);
});

test('jitter only lengthens, by its share at most', () => {
  assert.equal(delayAfterMs(backoff, 1, 0.5), 66_000);
  assert.equal(delayAfterMs(backoff, 1, 0.999_999), 72_000);
  assert.equal(delayAfterMs({ ...backoff, jitter: 0 }, 2, 0.7), 300_000);
});

test('an empty list waits for nothing', () => {
  assert.equal(delayAfterMs({ delaysMs: [], jitter: 0.2 }, 3, 0.5), 0);
});
