import assert from 'node:assert/strict';
import test from 'node:test';
import { cutAttempt, cutStep } from './cut-foreign-text.ts';
import type { Attempt, TranscriptStep } from './transport.ts';

const endless = 'x'.repeat(65_000);

function attempt(words: string): Attempt {
  return {
    recipient: 'bob@b.test',
    kind: 'deferred',
    scope: 'host',
    enhanced: '4.0.0',
    reply: { code: 450, text: words, stage: 'rcpt' },
    afterFinalDot: false,
    route: { source: 'mx', candidates: [], passedOver: [{ host: 'mx.b.test', why: `said: 450 ${words}` }] },
    startedAtMs: 0,
    tookMs: 1,
    say: `mx.b.test said: 450 ${words}`,
  };
}

test('a receiver that talks without end costs little; what receivers really say stays whole', () => {
  const heard: TranscriptStep = { atMs: 0, step: 'heard', stage: 'rcpt', code: 450, text: endless };
  const told = JSON.stringify([cutAttempt(attempt(endless)), ...Array.from({ length: 60 }, () => cutStep(heard))]);
  assert.ok(told.length < 100_000);
  const real = attempt('4.2.1 The user you are trying to contact is receiving mail at a rate that prevents'.repeat(10));
  assert.deepEqual(cutAttempt(real), real);
});

test('a character is not cut in two', () => {
  const { say } = cutAttempt(attempt('\u{1f4ef}'.repeat(5_000)));
  assert.ok(say.isWellFormed());
});
