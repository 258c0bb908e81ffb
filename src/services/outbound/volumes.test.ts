/** Counting what goes to Gmail: what was delivered, to whom, of which domain, on which day. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { createManualTimers } from '../../../test/support/manual-timers.ts';
import { postOffice, submit } from '../../../test/support/post-office.ts';
import { domain, tempDb } from '../../../test/support/temp-office.ts';
import { outboundMigrations } from './outbound-migrations.ts';
import { Volumes } from './volumes.ts';

const dayMs = 86_400_000;

async function counting(t: TestContext) {
  const timers = createManualTimers(100 * dayMs);
  const db = await tempDb(t, outboundMigrations);
  const volumes = new Volumes({ db, timers });
  const send = (author: string, times: number, to = 'gmail.com') =>
    db.write(async (tx) => {
      for (let nth = 0; nth < times; nth++) await volumes.count(tx, { author, domain: to });
    });
  const of = (name: string) => volumes.toGmail(domain(name));
  const rows = async () =>
    (await db.read((reader) => reader.all({ sql: 'SELECT * FROM outbound_volumes', parameters: [] }))).length;
  return { timers, send, of, rows };
}

test('day by day, the names below a domain with it, today not yet', async (t) => {
  const { timers, send, of } = await counting(t);
  assert.deepEqual(await of('example.com'), []);
  await send('ann@example.com', 2);
  await send('news@News.Example.com', 3, 'googlemail.com');
  await send('x@example.com', 9, 'outlook.com');
  for (const other of ['myexample.com', 'example-x.com', 'example0.com', 'example.co']) await send(`x@${other}`, 9);
  await send('x@example.com.evil.test', 9);
  await send('', 9);
  assert.deepEqual(await of('example.com'), []);
  await timers.pass(2 * dayMs);
  await send('ann@zoo.example.com', 1);
  await timers.pass(dayMs);
  assert.deepEqual(await of('example.com'), [5, 0, 1]);
  assert.deepEqual(await of('news.example.com'), [3, 0, 0]);
  assert.deepEqual(await of('example.net'), []);
});

test('a month is shown, and what is older than two is forgotten', async (t) => {
  const { timers, send, of, rows } = await counting(t);
  await send('ann@example.com', 7);
  await timers.pass(30 * dayMs);
  assert.deepEqual(await of('example.com'), [7, ...Array(29).fill(0)]);
  await timers.pass(dayMs);
  assert.deepEqual(await of('example.com'), []);
  await send('ann@example.com', 2);
  assert.equal(await rows(), 2);
  await timers.pass(30 * dayMs);
  await send('ann@example.com', 2);
  assert.equal(await rows(), 2);
});

test('names that never write again are forgotten, too: of mail that is passed on, strangers choose them', async (t) => {
  const { timers, send, of, rows } = await counting(t);
  for (let stranger = 0; stranger < 20; stranger++) await send(`x@stranger${stranger}.example`, 1);
  assert.equal(await rows(), 20);
  await timers.pass(61 * dayMs);
  await send('ann@example.com', 1);
  await timers.pass(dayMs);
  assert.deepEqual([await rows(), await of('example.com')], [1, [1]]);
});

test('a delivery counts once it is made; a refused one and one to somebody else do not', async (t) => {
  const timers = createManualTimers(Date.UTC(2028, 0, 1, 23, 59, 50));
  const office = await postOffice(t, {
    timers,
    start: true,
    answer: ({ recipients }) =>
      recipients.map(({ address }) => ({ kind: /^no/.test(`${address}`) ? 'refused' : 'delivered' })),
  });
  for (const to of ['ann@gmail.com', 'bob@googlemail.com', 'nobody@gmail.com', 'eve@open.test']) {
    const id = await submit(office, { to: [to] });
    await office.outbound.settled(id, AbortSignal.timeout(20_000));
  }
  await timers.pass(20_000);
  assert.deepEqual(await office.outbound.volumeToGmail(domain('example.com')), [2]);
});
