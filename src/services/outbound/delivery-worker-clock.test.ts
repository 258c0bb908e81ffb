/** What a wall clock that jumps may not do to deliveries under way. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { flowingTime } from '../../../test/support/flowing-time.ts';
import { deliveriesOf, eventsOf, happened, postOffice, submit } from '../../../test/support/post-office.ts';

const hour = 3_600_000;

for (const [jump, byMs] of Object.entries({
  'an hour ahead': hour,
  'forty days ahead': 40 * 24 * hour,
  back: -2 * hour,
})) {
  test(`a clock set ${jump} while the answer is awaited makes no second try`, async (t) => {
    const time = flowingTime(Date.UTC(2026, 0, 1));
    const dotted = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<void>();
    const office = await postOffice(t, {
      timers: time,
      answer: async (job, context) => {
        await context.beforeFinalDot();
        if (job.domain !== 'b.test') return { kind: 'delivered' };
        dotted.resolve();
        await answer.promise;
        return { kind: 'delivered' };
      },
      start: true,
    });
    const id = await submit(office, { to: ['bob@b.test'] });
    await dotted.promise;
    time.setWall(time.nowMs() + byMs);
    const other = await submit(office, { to: ['eve@e.test'] }); // wakes the worker, which looks for what is due
    await happened(office, other, 'email.delivered');
    answer.resolve();
    await happened(office, id, 'email.delivered');
    assert.deepEqual(
      office.outside.sent.map(({ job }) => job.domain),
      ['b.test', 'e.test'],
    );
    assert.equal((await deliveriesOf(office, id))[0]?.state, 'delivered');
    assert.equal((await eventsOf(office, id)).length, 2);
  });
}
