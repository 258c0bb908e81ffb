/** Who waits for a destination that does not answer, and who does not. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { flowingTime } from '../../../test/support/flowing-time.ts';
import {
  deliveriesOf,
  fromApi,
  patience,
  postOffice,
  sendRequest,
  storedMail,
  submit,
  submitRaw,
} from '../../../test/support/post-office.ts';
import { systemClock, type Timers } from '../../base/clock.ts';
import { Fault } from '../../base/outcome.ts';
import type { MessageId, Sender } from './types.ts';

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

test('MAIL_RULES 24: domains whose mail the same hosts take are one destination, and hold no more slots than one', async (t) => {
  const time = flowingTime(Date.UTC(2026, 0, 1));
  const site = {
    step: 'route',
    atMs: 0,
    source: 'mx',
    candidates: [{ host: 'mx.large.test', preference: 1 }],
  } as const;
  const never = Promise.withResolvers<void>();
  let hangs = false;
  const office = await postOffice(t, {
    timers: time,
    concurrency: 20,
    perDomain: 5,
    answer: async (job, { note, signal }) => {
      if (!job.domain.endsWith('.large.test')) return { kind: 'delivered' };
      note?.(site);
      signal.addEventListener('abort', () => never.resolve());
      if (hangs) await never.promise;
      return { kind: 'delivered' };
    },
    start: true,
  });
  const many = Array.from({ length: 30 }, (_, i) => `bob@d${i}.large.test`);
  await time.flowUntil(office.outbound.settled(await submit(office, { to: many }), patience())); // by this it is known
  hangs = true;
  await submit(office, { to: many });
  const id = await submit(office, { to: ['bob@b.test'] });
  const view = await time.flowUntil(office.outbound.settled(id, patience()), 60_000);
  assert.equal(view?.settled, true);
  await time.flowUntil(time.sleep(1_000)); // it may have left before the round that serves the others, and no more of them begin later
  assert.equal(office.outside.sent.length, 30 + 4 + 1); // the fifth slot of the site is kept for another account
  await time.flowUntil(office.outbound.stop());
});

test('who has answered makes room at once, and not when his answer is stored; as many again may wait for that and no more', async (t) => {
  const time = flowingTime(Date.UTC(2026, 0, 1));
  const office = await postOffice(t, { timers: time, concurrency: 2, perDomain: 2 });
  const append = office.events.append.bind(office.events);
  let isFull = true;
  t.mock.method(office.events, 'append', (...told: Parameters<typeof append>) =>
    isFull && told[1].type === 'email.delivered'
      ? Promise.reject(new Fault('ENOSPC', 'the disk is full'))
      : append(...told),
  );
  const to = Array.from({ length: 9 }, (_, i) => `u${i}@b.test`);
  const id = await submit(office, { to });
  await office.outbound.start();
  await time.flowUntil(time.sleep(500)); // the first try to store it again comes after a second
  assert.equal(office.outside.sent.length, 4);
  isFull = false;
  const view = await time.flowUntil(office.outbound.settled(id, patience()), 60_000);
  assert.equal(view?.settled, true);
  assert.equal(office.outside.sent.length, 9, 'none was sent twice');
  await time.flowUntil(office.outbound.stop());
});

test('a notification that comes of a delivery leaves at once', async (t) => {
  // Whoever looks only now and then never looks again.
  const timers: Timers = { ...systemClock, sleep: (ms, signal) => systemClock.sleep(ms < 1_000 ? ms : 2e9, signal) };
  const office = await postOffice(t, { timers, answer: async () => ({ kind: 'refused' }), start: true });
  await office.outbound.settled(await submitRaw(office), patience());
  const patient = patience();
  while ((await storedMail(office)).length === 0 && !patient.aborted) await systemClock.sleep(5);
  assert.equal((await storedMail(office)).length, 1);
});

test('what nobody stands before is claimed as it is stored; what is accepted where no place is free waits for its turn', async (t) => {
  const time = flowingTime(Date.UTC(2026, 0, 1));
  const go = Promise.withResolvers<void>();
  const office = await postOffice(t, {
    timers: time,
    perDomain: 3,
    start: true,
    answer: async () => {
      await go.promise;
      return { kind: 'delivered' };
    },
  });
  const accepted: MessageId[] = [];
  const stored = async () => {
    const id = await submit(office);
    accepted.push(id);
    return (await deliveriesOf(office, id))[0];
  };
  for (let nth = 0; nth < 2; nth++) assert.partialDeepStrictEqual(await stored(), { ready: 0, leased: 1, fence: 1 });
  for (let nth = 0; nth < 2; nth++) assert.partialDeepStrictEqual(await stored(), { ready: 1, leased: 0, fence: 0 }); // the last place is for another account
  go.resolve();
  for (const id of accepted) await time.flowUntil(office.outbound.settled(id, patience()));
  assert.equal(office.outside.sent.length, 4);
  assert.partialDeepStrictEqual(await stored(), { ready: 0, fence: 1 });
  await time.flowUntil(office.outbound.stop());
});

test('a place that was taken for what could not be stored is free again', async (t) => {
  const time = flowingTime(Date.UTC(2026, 0, 1));
  const office = await postOffice(t, { timers: time, concurrency: 4, start: true });
  const append = office.events.append.bind(office.events);
  let isFull = true;
  t.mock.method(office.events, 'append', (...told: Parameters<typeof append>) =>
    isFull ? Promise.reject(new Fault('ENOSPC', 'the disk is full')) : append(...told),
  );
  for (let nth = 0; nth < 10; nth++) {
    const refused = await office.outbound.submit({ kind: 'key', account: 'key_1' }, sendRequest(), fromApi);
    assert.partialDeepStrictEqual(refused, { ok: false, code: 'storage-full' });
  }
  isFull = false;
  const [row] = await deliveriesOf(office, await submit(office));
  assert.partialDeepStrictEqual(row, { ready: 0, fence: 1 });
  await time.flowUntil(office.outbound.stop());
});
