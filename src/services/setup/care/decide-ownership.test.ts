import assert from 'node:assert/strict';
import test from 'node:test';
import type { DomainLapse } from '../../directory/types.ts';
import { decideOwnership, type OwnershipFacts } from './decide-ownership.ts';
import type { Sighting } from './types.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const startMs = Date.UTC(2026, 10, 22);

const waiting: OwnershipFacts = { createdAtMs: startMs };
const proven: OwnershipFacts = { createdAtMs: startMs, verified: { atMs: startMs, by: 'txt' } };

type Seen = Sighting['seen'];

/** Looks when it is told to, for days, and says at which hour what happened. */
function live(seenAt: (hour: number) => Seen, days: number, from: OwnershipFacts = proven): string[] {
  let facts = from;
  let lookAtMs: number | undefined = startMs;
  const told: string[] = [];
  while (lookAtMs !== undefined && lookAtMs <= startMs + days * dayMs) {
    const nowMs: number = lookAtMs;
    const hour = Math.floor((nowMs - startMs) / hourMs);
    const { change, lookAtMs: next } = decideOwnership(facts, seenAt(hour), nowMs);
    if (change) {
      const stops = 'stopsAtMs' in change ? `, ends ${Math.round((change.stopsAtMs - startMs) / hourMs)} h` : '';
      told.push(`${hour} h ${change.kind}${stops}`);
      facts = afterwards(facts, change.kind, nowMs);
    }
    assert.ok(next === undefined || next > nowMs, 'time goes on');
    lookAtMs = next;
  }
  return told;
}

function afterwards({ lapse, ...facts }: OwnershipFacts, kind: string, atMs: number): OwnershipFacts {
  if (kind === 'proven') return { ...facts, verified: { atMs, by: 'txt' } };
  const next: DomainLapse = {
    ...(lapse ?? { sinceMs: atMs }),
    ...(kind === 'warned' ? { warnedAtMs: atMs } : {}),
    ...(kind === 'stopped' ? { stoppedAtMs: atMs } : {}),
  };
  return { ...facts, lapse: next };
}

test('a proof that stays away: told at once, warned a day before, stopped after three days, and back alone', () => {
  assert.deepEqual(
    live((hour) => (hour >= 24 && hour < 200 ? 'nowhere' : 'everywhere'), 30),
    ['24 h lapsed, ends 96 h', '72 h warned, ends 96 h', '96 h stopped, ends 96 h', '204 h proven'],
  );
});

test('a proof that comes back before the end: sending never stopped', () => {
  assert.deepEqual(
    live((hour) => (hour >= 24 && hour < 80 ? 'nowhere' : 'everywhere'), 10),
    ['24 h lapsed, ends 96 h', '72 h warned, ends 96 h', '80 h proven'],
  );
});

test('a DNS that does not answer takes nothing away, and one server that shows it is enough to stay', () => {
  assert.deepEqual(
    live((hour) => (hour >= 24 ? 'unclear' : 'everywhere'), 30),
    [],
  );
  assert.deepEqual(
    live(() => 'somewhere', 30),
    [],
  );
  // Warned, and then the DNS fails over the moment at which sending would have stopped.
  assert.deepEqual(
    live((hour) => (hour < 24 ? 'everywhere' : hour < 90 ? 'nowhere' : hour < 120 ? 'unclear' : 'nowhere'), 10),
    ['24 h lapsed, ends 96 h', '72 h warned, ends 96 h', '120 h stopped, ends 120 h'],
  );
});

test('an office that was away warns first, and gives the day it promised', () => {
  const away: OwnershipFacts = { ...proven, lapse: { sinceMs: startMs - 10 * dayMs } };
  assert.deepEqual(
    live(() => 'nowhere', 3, away),
    ['0 h warned, ends 24 h', '24 h stopped, ends 24 h'],
  );
});

test('a new domain is verified when every server shows the proof, not before', () => {
  assert.deepEqual(decideOwnership(waiting, 'somewhere', startMs).change, undefined);
  assert.deepEqual(decideOwnership(waiting, 'nowhere', startMs).change, undefined);
  assert.deepEqual(decideOwnership(waiting, 'everywhere', startMs).change, { kind: 'proven' });
});

test('what is waited for is looked for often at first, and once a day in the end', () => {
  const nextAfter = (ageMs: number) =>
    (decideOwnership(waiting, 'nowhere', startMs + ageMs).lookAtMs ?? 0) - startMs - ageMs;
  assert.equal(nextAfter(0), 60_000);
  assert.equal(nextAfter(10 * hourMs), hourMs);
  assert.equal(nextAfter(100 * dayMs), dayMs);
});

test('a person’s word is not looked after', () => {
  const facts: OwnershipFacts = { createdAtMs: startMs, verified: { atMs: startMs, by: 'operator' } };
  assert.deepEqual(decideOwnership(facts, 'nowhere', startMs), { lookAtMs: undefined });
});
