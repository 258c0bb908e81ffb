import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decideRenewal, type RenewalFacts } from './decide-renewal.ts';

const day = 86_400_000;
const held = { names: ['mx.example.com'], notBeforeMs: 0, notAfterMs: 90 * day };
const facts: RenewalFacts = { nowMs: day, wanted: ['mx.example.com'], held, failures: 0, triedAtMs: 0 };
const decide = (change: Partial<RenewalFacts>) => decideRenewal({ ...facts, ...change });

test('asked for at once where there is none, a name is missing, or it has run out; else at two thirds of its life', () => {
  assert.deepEqual(decide({ held: undefined }), { do: 'ask', why: 'there is none' });
  assert.equal(decide({ wanted: ['mx.example.com', 'mta-sts.example.com'] }).do, 'ask');
  assert.deepEqual(decide({ nowMs: 90 * day }), { do: 'ask', why: 'it has expired' });
  assert.deepEqual(decide({}), { do: 'wait', untilMs: 60 * day });
  assert.equal(decide({ nowMs: 60 * day }).do, 'ask');
});

test('what failed is tried again after ever longer pauses, never sooner, and not for ever later', () => {
  const after = (failures: number, minutes: number) =>
    decide({ held: undefined, failures, triedAtMs: day, nowMs: day + minutes * 60_000 }).do;
  assert.deepEqual([after(1, 9), after(1, 10), after(3, 39), after(3, 40)], ['wait', 'ask', 'wait', 'ask']);
  assert.deepEqual([after(50, 719), after(50, 720)], ['wait', 'ask']);
  assert.equal(after(1, -60), 'ask'); // the clock was set back
});
