/** What a wall clock that jumps may not do to deliveries under way. */
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { type FlowingTime, flowingTime } from '../../../test/support/flowing-time.ts';
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

const day = 24 * hour;

/** An office whose receiver is not there, with one delivery that has been tried once. */
async function waitingOffice(t: TestContext) {
  const time = flowingTime(Date.UTC(2026, 0, 1));
  const minute = 60_000;
  const retry = { backoff: { delaysMs: [minute, 5 * minute, hour], jitter: 0 }, giveUpAfterMs: 5 * day };
  const office = await postOffice(t, { timers: time, answer: () => ({ kind: 'deferred' }), start: true, retry });
  const id = await submit(office, { to: ['bob@b.test'] });
  await time.flowUntil(happened(office, id, 'email.deferred'));
  const tries = async () => (await deliveriesOf(office, id))[0]?.tries;
  return { time, office, id, tries };
}

/** Everything up to this moment of the monotonic clock. */
async function flow(time: FlowingTime, ms: number): Promise<void> {
  const passed = new Promise<void>((resolve) => time.after(ms, resolve));
  await time.flowUntil(passed);
}

test('a clock that is set back keeps no mail waiting longer than the gap it waits for', async (t) => {
  const { time, tries } = await waitingOffice(t);
  time.setWall(time.nowMs() - 3 * day);
  await flow(time, 2 * 60_000);
  assert.equal(await tries(), 2);
});

test('a clock that is set ahead gives nothing up: one try each, and an hour until time counts again', async (t) => {
  const { time, office, id, tries } = await waitingOffice(t);
  await flow(time, 2 * hour);
  const before = await tries();
  time.setWall(time.nowMs() + 40 * day);
  await flow(time, 60_000);
  assert.equal(await tries(), Number(before) + 1);
  assert.equal((await deliveriesOf(office, id))[0]?.state, 'delayed');
  await time.flowUntil(happened(office, id, 'email.failed'), 2 * hour);
});

test('a start after a long pause tries again before it gives up', async (t) => {
  const { time, office, id } = await waitingOffice(t);
  await office.outbound.stop();
  time.advance(6 * day);
  const again = office.again();
  t.after(() => again.stop());
  await again.start();
  await flow(time, 60_000);
  assert.equal((await deliveriesOf(office, id))[0]?.state, 'delayed');
  await time.flowUntil(happened(office, id, 'email.failed'), 2 * hour);
});

test('a start with the right clock after one with a clock years ahead finds no mail waiting for years', async (t) => {
  const { time, office, id } = await waitingOffice(t);
  await office.outbound.stop();
  const dueAtMs = time.nowMs() + 1000 * day;
  await office.db.write((tx) =>
    tx.run({ sql: 'UPDATE outbound_deliveries SET due_at_ms = ? WHERE message_id = ?', parameters: [dueAtMs, id] }),
  );
  const again = office.again();
  t.after(() => again.stop());
  await again.start();
  await flow(time, 10_000);
  assert.equal((await deliveriesOf(office, id))[0]?.tries, 2);
});

test('a clock that was set back is seen with the next message that is taken in', async (t) => {
  const { time, office, id } = await waitingOffice(t);
  office.outside.answer = () => ({ kind: 'delivered' }); // a retry would wake the worker
  time.setWall(time.nowMs() - 2 * hour);
  await submit(office, { to: ['eve@e.test'] });
  await flow(time, 1_000);
  const dueAtMs = (await deliveriesOf(office, id))[0]?.due_at_ms;
  assert.ok(typeof dueAtMs === 'number' && dueAtMs - time.nowMs() <= 60_000, `in ${Number(dueAtMs) - time.nowMs()} ms`);
  await time.flowUntil(office.outbound.stop());
});
