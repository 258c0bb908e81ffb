import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { type AttemptKind, type DeliveryFacts, decideNext, type RetryPolicy } from './decide-next.ts';

const minute = 60_000;
const hour = 60 * minute;
const acceptedAtMs = Date.UTC(2026, 10, 22, 9, 55, 6);
/** MAIL_RULES 21, without jitter. */
const policy: RetryPolicy = {
  backoff: {
    delaysMs: [minute, 5 * minute, 15 * minute, 30 * minute, hour, 2 * hour, 4 * hour, 6 * hour],
    jitter: 0,
  },
  giveUpAfterMs: 5 * 24 * hour,
};

const plainDeferral = { kind: 'deferred', uniform: 0, nonsenseAfterDot: false } as const;

function decide(kind: AttemptKind, facts: Partial<DeliveryFacts> = {}, afterMs = 0, uniform = 0) {
  const all = { tries: 1, unsureEnds: kind === 'unsure' ? 1 : 0, nonsenseAfterDot: false, acceptedAtMs, ...facts };
  return decideNext(kind, all, acceptedAtMs + afterMs, policy, uniform);
}

test('delivered is an end, and so is a refusal, however old or young the delivery is', () => {
  for (const afterMs of [-hour, 0, 10 * 24 * hour]) {
    assert.deepEqual(decide('delivered', {}, afterMs), { kind: 'settle', state: 'delivered' });
    assert.deepEqual(decide('refused', {}, afterMs), { kind: 'settle', state: 'bounced' }); // RFC 5321 §4.2.1
  }
});

test('MAIL_RULES 21: a deferral waits longer each time, the last gap repeats', () => {
  const gaps = [1, 2, 3, 4, 5, 6, 7, 8, 9, 20].map((tries) => {
    const next = decide('deferred', { tries });
    assert.ok(next.kind === 'retry');
    return (next.atMs - acceptedAtMs) / minute;
  });
  assert.deepEqual(gaps, [1, 5, 15, 30, 60, 120, 240, 360, 360, 360]);
});

test('chance makes a gap longer, never shorter', () => {
  const jittered = { ...policy, backoff: { ...policy.backoff, jitter: 0.2 } };
  const facts = { tries: 2, unsureEnds: 0, nonsenseAfterDot: false, acceptedAtMs };
  const at = (uniform: number) => decideNext('deferred', facts, acceptedAtMs, jittered, uniform);
  assert.deepEqual(at(0), { kind: 'retry', atMs: acceptedAtMs + 5 * minute });
  assert.deepEqual(at(0.5), { kind: 'retry', atMs: acceptedAtMs + 5.5 * minute });
});

test('MAIL_RULES 22: unsure is tried once more, later than a deferral would be, and then ends', () => {
  assert.deepEqual(decide('unsure', { tries: 1, unsureEnds: 1 }), { kind: 'retry', atMs: acceptedAtMs + 5 * minute });
  assert.deepEqual(decide('unsure', { tries: 2, unsureEnds: 2 }), { kind: 'settle', state: 'unsure' });
  assert.deepEqual(decide('unsure', { tries: 9, unsureEnds: 2 }), { kind: 'settle', state: 'unsure' });
});

test('MAIL_RULES 19: nonsense after the final dot is deferred like any other, one gap longer, for it may have been taken', () => {
  const at = (tries: number) => decide('deferred', { tries, nonsenseAfterDot: true });
  assert.deepEqual(at(1), { kind: 'retry', atMs: acceptedAtMs + 5 * minute });
  assert.deepEqual(at(8), { kind: 'retry', atMs: acceptedAtMs + 6 * hour });
});

test('a deferral after an unsure end goes on as usual', () => {
  assert.deepEqual(decide('deferred', { tries: 2, unsureEnds: 1 }), { kind: 'retry', atMs: acceptedAtMs + 5 * minute });
  assert.deepEqual(decide('deferred', { tries: 2, unsureEnds: 2 }), { kind: 'retry', atMs: acceptedAtMs + 5 * minute });
});

test('RFC 5321 §4.5.4.1: given up when time is up, not before, after one last try at the very end', () => {
  const end = policy.giveUpAfterMs;
  assert.deepEqual(decide('deferred', { tries: 8 }, end - 7 * hour), {
    kind: 'retry',
    atMs: acceptedAtMs + end - hour,
  });
  assert.deepEqual(decide('deferred', { tries: 8 }, end - 2 * hour), { kind: 'retry', atMs: acceptedAtMs + end });
  assert.deepEqual(decide('deferred', { tries: 8 }, end), { kind: 'settle', state: 'failed' });
  assert.deepEqual(decide('deferred', { tries: 8 }, end + 1), { kind: 'settle', state: 'failed' });
  assert.deepEqual(decide('unsure', { tries: 8 }, end), { kind: 'settle', state: 'failed' });
});

test('while the clock is in doubt nothing is given up by it, and the last try comes when the doubt ends', () => {
  const end = policy.giveUpAfterMs;
  const endsNotBeforeMs = acceptedAtMs + end + 3 * hour;
  const after = (ms: number) => decide('deferred', { tries: 8, endsNotBeforeMs }, ms);
  assert.deepEqual(after(end), { kind: 'retry', atMs: endsNotBeforeMs });
  assert.deepEqual(after(end + 3 * hour), { kind: 'settle', state: 'failed' });
});

test('news of a delay that is due brings a try of its own, where one does not come before', () => {
  const delayNoticeAtMs = acceptedAtMs + 4 * hour;
  const atMinute = (tries: number, afterMinutes: number) => {
    const next = decide('deferred', { tries, delayNoticeAtMs }, afterMinutes * minute);
    assert.ok(next.kind === 'retry');
    return (next.atMs - acceptedAtMs) / minute;
  };
  assert.equal(atMinute(5, 51), 111);
  assert.equal(atMinute(7, 231), 240);
  assert.equal(atMinute(7, 239.5), 240.5, 'not on the heels of the last one');
});

test('the last try does not follow on the heels of the one before', () => {
  const justBefore = policy.giveUpAfterMs - 1;
  assert.deepEqual(decide('deferred', { tries: 8 }, justBefore), {
    kind: 'retry',
    atMs: acceptedAtMs + justBefore + minute,
  });
});

test('a clock that was set back waits the usual gap from now, not from a time long past or to come', () => {
  assert.deepEqual(decide('deferred', { tries: 1 }, -40 * 24 * hour), {
    kind: 'retry',
    atMs: acceptedAtMs - 40 * 24 * hour + minute,
  });
});

test('whatever happens, a retry lies in the future, within the longest gap, and every delivery ends', () => {
  const kinds: AttemptKind[] = ['deferred', 'unsure', 'delivered', 'refused'];
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          kind: fc.constantFrom(...kinds),
          uniform: fc.double({ min: 0, max: 0.999, noNaN: true }),
          nonsenseAfterDot: fc.boolean(),
        }),
        {
          minLength: 1,
          maxLength: 20,
        },
      ),
      fc.double({ min: 0, max: 0.5, noNaN: true }),
      (attempts, jitter) => {
        const jittered = { ...policy, backoff: { ...policy.backoff, jitter } };
        let nowMs = acceptedAtMs;
        let unsureEnds = 0;
        for (let tries = 1; tries < 200; tries++) {
          const attempt = attempts[tries % attempts.length] ?? plainDeferral;
          if (attempt.kind === 'unsure') unsureEnds++;
          const { nonsenseAfterDot } = attempt;
          const facts = { tries, unsureEnds, nonsenseAfterDot, acceptedAtMs };
          const next = decideNext(attempt.kind, facts, nowMs, jittered, attempt.uniform);
          if (next.kind === 'settle') return unsureEnds <= 2;
          const gap = next.atMs - nowMs;
          if (gap < minute || gap > 6 * hour * (1 + jitter) + 1) return false;
          nowMs = next.atMs;
        }
        return false;
      },
    ),
    { numRuns: 300 },
  );
});
