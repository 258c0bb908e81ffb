/** Who waits for a destination that does not answer, and who does not. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { flowingTime } from '../../../test/support/flowing-time.ts';
import { patience, postOffice, submit } from '../../../test/support/post-office.ts';
import type { Sender } from './types.ts';

test('MAIL_RULES 24: more accounts than one round looks at wait for a hung domain, and hide nobody else', async (t) => {
  const time = flowingTime(Date.UTC(2026, 0, 1));
  const office = await postOffice(t, {
    timers: time,
    perDomain: 1,
    answer: async (job, { signal }) => {
      const aborted = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
      if (job.domain === 'hung.test') await aborted;
      return { kind: 'delivered' };
    },
  });
  const account = (name: string): Sender => ({ kind: 'key', account: name });
  for (let i = 0; i < 200; i++) await submit(office, { to: ['bob@hung.test'] }, account(`key_a${i}`));
  const id = await submit(office, { to: ['bob@b.test'] }, account('key_z'));
  await office.outbound.start();
  const startedMs = time.monotonicMs();
  const view = await time.flowUntil(office.outbound.settled(id, patience()), 60_000);
  assert.equal(view?.settled, true);
  assert.ok(time.monotonicMs() - startedMs < 2_000, 'no round waited for the next poll');
  await time.flowUntil(office.outbound.stop());
});
