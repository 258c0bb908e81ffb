import assert from 'node:assert/strict';
import test from 'node:test';
import { Pieces } from './pieces.ts';

const octets = (length: number) => Uint8Array.from({ length }, (_, at) => at % 251);

test('what came in pieces of any size is whole again, and then gone', () => {
  const pieces = new Pieces();
  const whole = octets(200_000);
  for (let at = 0, size = 0; at < whole.length; at += size, size = (size * 7 + 1) % 40_001)
    pieces.add(whole.subarray(at, at + size));
  assert.deepEqual(Buffer.from(pieces.take()), Buffer.from(whole));
  assert.equal(pieces.take().length, 0);
});

test('of small pieces only the last few are held by themselves; a large one is not copied', () => {
  const pieces = new Pieces();
  const source = octets(1_000);
  for (let at = 0; at < source.length; at++) pieces.add(source.subarray(at, at + 1));
  source.fill(0xff, 0, source.length - 128); // what was joined is a copy
  assert.deepEqual([...pieces.take()], [...octets(1_000)]);
  const large = octets(65_536);
  pieces.add(large);
  assert.equal(pieces.take(), large);
});
