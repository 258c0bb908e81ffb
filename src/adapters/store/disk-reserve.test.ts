/** How much of a disk stays free. */
import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import test from 'node:test';
import { systemClock } from '../../base/clock.ts';
import { createDiskReserve, reserveBytes } from './disk-reserve.ts';

const mb = 1024 * 1024;

test('5 % of a large disk, 64 MB of a middling one, a quarter of a tiny one', () => {
  assert.equal(reserveBytes(100_000 * mb), 5_000 * mb);
  assert.equal(reserveBytes(1_000 * mb), 64 * mb);
  assert.equal(reserveBytes(10 * mb), 2.5 * mb);
});

test('a folder that cannot be asked about is not called full', () => {
  assert.equal(createDiskReserve('/nowhere at all', systemClock).isLow(), false);
  assert.equal(typeof createDiskReserve(tmpdir(), systemClock).isLow(), 'boolean');
});
