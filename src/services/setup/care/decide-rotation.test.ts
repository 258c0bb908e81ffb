import assert from 'node:assert/strict';
import test from 'node:test';
import type { KeyId } from '../../directory/types.ts';
import { decideRotation, type RotationFacts, type RotationKey } from './decide-rotation.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const nowMs = Date.UTC(2026, 10, 22);

function key(id: string, more: Partial<RotationKey>): RotationKey {
  return {
    id: id as KeyId,
    algorithm: 'rsa-sha256',
    state: 'pending',
    createdAtMs: nowMs - hourMs,
    stateSinceMs: nowMs - hourMs,
    waitMs: 0,
    ...more,
  };
}

function decide(keys: readonly RotationKey[], more: Partial<RotationFacts> = {}): string[] {
  const { steps, lookAtMs } = decideRotation({ keys, maySign: true, oldestOpenMs: undefined, nowMs, ...more });
  const words = steps.map((step) =>
    step.kind === 'note'
      ? `${step.id} seen ${step.seen.sinceMs === undefined ? 'no' : (nowMs - step.seen.sinceMs) / 1000}, waits ${step.seen.waitMs / 1000}`
      : `${step.kind} ${step.id}`,
  );
  return [...words, `look in ${lookAtMs === undefined ? 'ever' : (lookAtMs - nowMs) / 60_000}`];
}

const everywhere = { seen: 'everywhere', ttlSeconds: 300, second: false } as const;
const old = key('old', { state: 'active' });

test('a first key signs as soon as every server shows it', () => {
  assert.deepEqual(decide([key('new', { sighting: everywhere })]), [
    'new seen 0, waits 300',
    'activate new',
    'look in ever',
  ]);
});

test('one server that does not show it, and the key waits', () => {
  const sighting = { seen: 'somewhere', ttlSeconds: 300, second: false } as const;
  assert.deepEqual(decide([key('new', { sighting })]), ['new seen no, waits 300', 'look in 6']);
});

test('a key that takes over waits until caches have forgotten what stood there', () => {
  const seen = { seenSinceMs: nowMs - 200_000, waitMs: 300_000 };
  assert.deepEqual(decide([old, key('new', { ...seen, sighting: everywhere })]), [`look in ${100 / 60}`]);
  const later = { ...seen, seenSinceMs: nowMs - 300_000 };
  assert.deepEqual(decide([old, key('new', { ...later, sighting: everywhere })]), ['activate new', 'look in 10080']);
});

test('what was there before decides how long, not the TTL of the new record', () => {
  const slow = { ...everywhere, ttlSeconds: 86_400 };
  const seen = { seenSinceMs: nowMs - 60_000, waitMs: 60_000 };
  assert.deepEqual(decide([old, key('new', { ...seen, sighting: slow })]), ['activate new', 'look in 10080']);
  assert.deepEqual(decide([old, key('new', { sighting: slow })]), ['new seen 0, waits 86400', 'look in 1440']);
});

test('an old key of the other algorithm is no reason to wait', () => {
  const other = key('other', { state: 'active', algorithm: 'ed25519-sha256' });
  assert.ok(decide([other, key('new', { sighting: everywhere })]).includes('activate new'));
});

test('a negative answer that lives for long is waited for, a day at most', () => {
  const missing = { seen: 'nowhere', ttlSeconds: 10 * 86_400, second: false } as const;
  assert.deepEqual(decide([old, key('new', { sighting: missing })]), ['new seen no, waits 86400', 'look in 6']);
});

test('a record that vanishes again begins its time anew', () => {
  const missing = { seen: 'nowhere', ttlSeconds: 60, second: false } as const;
  const seen = { seenSinceMs: nowMs - dayMs, waitMs: 60_000 };
  assert.deepEqual(decide([old, key('new', { ...seen, sighting: missing })]), ['new seen no, waits 60', 'look in 6']);
});

test('a DNS that does not answer changes nothing', () => {
  const unclear = { seen: 'unclear', ttlSeconds: 0, second: false } as const;
  const seen = { seenSinceMs: nowMs - dayMs, waitMs: 60_000 };
  assert.deepEqual(decide([old, key('new', { ...seen, sighting: unclear })]), ['look in 6']);
});

test('a resolver’s word counts when what it may remember is over', () => {
  const heard = { ...everywhere, second: true };
  assert.deepEqual(decide([key('new', { sighting: heard })]), ['new seen 0, waits 300', 'look in 5']);
});

test('nothing signs for a domain that is not verified', () => {
  const steps = decide([key('new', { sighting: everywhere })], { maySign: false });
  assert.deepEqual(steps, ['new seen 0, waits 300', 'look in 6']);
});

test('the old key goes after seven days, when nothing on its way carries it', () => {
  const retiring = (ageMs: number) => key('old', { state: 'retiring', stateSinceMs: nowMs - ageMs });
  assert.deepEqual(decide([retiring(6 * dayMs)]), ['look in 1440']);
  assert.deepEqual(decide([retiring(7 * dayMs)]), ['retire old', 'look in ever']);
  assert.deepEqual(decide([retiring(8 * dayMs)], { oldestOpenMs: nowMs - 9 * dayMs }), ['look in 60']);
  assert.deepEqual(decide([retiring(8 * dayMs)], { oldestOpenMs: nowMs - dayMs }), ['retire old', 'look in ever']);
});

test('keys that sign or are gone ask for nothing', () => {
  assert.deepEqual(decide([old, key('gone', { state: 'retired' })]), ['look in ever']);
});
