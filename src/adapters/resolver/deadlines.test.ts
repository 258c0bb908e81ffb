import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createManualTimers } from '../../../test/support/manual-timers.ts';
import { Deadlines } from './deadlines.ts';

test('each is called when its own time is over, unless it was cancelled, and one timer is enough', async () => {
  const timers = createManualTimers();
  const armed: number[] = [];
  const counting = {
    ...timers,
    after: (ms: number, run: () => void) => {
      armed.push(ms);
      return timers.after(ms, run);
    },
  };
  const deadlines = new Deadlines(counting, 1_000);
  const called: string[] = [];
  const note = (word: string) => () => void called.push(`${word} ${timers.monotonicMs()}`);
  deadlines.add(note('first'));
  const cancel = deadlines.add(note('never'));
  await timers.pass(400);
  deadlines.add(note('second'));
  cancel();
  await timers.pass(599);
  assert.deepEqual(called, []);
  await timers.pass(5_000);
  assert.deepEqual(called, ['first 1000', 'second 1400']);
  assert.deepEqual(armed, [1_000, 400]);
  deadlines.add(note('third'));
  await timers.pass(1_000);
  assert.deepEqual(called.at(-1), 'third 6999');
});
