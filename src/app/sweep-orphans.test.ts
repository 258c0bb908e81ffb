/** When it sweeps; what it takes is shown in `adapters/store/blobs.test.ts`. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { createManualTimers } from '../../test/support/manual-timers.ts';
import { Fault } from '../base/outcome.ts';
import { OrphanSweep } from './sweep-orphans.ts';

const hourMs = 60 * 60 * 1000;

test('at the start, then every hour, also after one that failed; never once it is stopped', async () => {
  const timers = createManualTimers();
  const said: string[] = [];
  const answers = [2, 0, new Fault('EIO', 'no'), 1, 5];
  let nth = 0;
  const sweep = new OrphanSweep({
    timers,
    signals: { emit: (_, name, fields) => said.push(`${name} ${fields?.files ?? fields?.code}`) },
    blobs: {
      sweepOrphans: async () => {
        const answer = answers[nth++] ?? 0;
        if (answer instanceof Fault) throw answer;
        return answer;
      },
    },
  });
  await sweep.start();
  assert.deepEqual(said, ['store.orphans_removed 2']);
  for (let hour = 0; hour < 3; hour++) await timers.pass(hourMs);
  assert.deepEqual(said, ['store.orphans_removed 2', 'store.sweep_failed EIO', 'store.orphans_removed 1']);
  assert.equal(nth, 4);
  await sweep.stop();
  await timers.pass(2 * hourMs);
  assert.equal(nth, 4);
});
