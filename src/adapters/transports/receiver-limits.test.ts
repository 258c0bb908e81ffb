/** RFC 9422: what the receiver says it takes on a connection and in a transaction is what it gets. */
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import type { BadMxOptions } from '../../../test/support/bad-mx.ts';
import { type JobWish, jobFor, mailHosts, only, watched } from '../../../test/support/mail-hosts.ts';
import { createDirectMx } from './direct-mx.ts';

async function open(t: TestContext, limits: string, script: BadMxOptions['script'] = {}) {
  const zone = 'example.net MX 10 mx.test\nsecond.test MX 10 mx.test\nmx.test A 192.0.2.1';
  const offers = ['PIPELINING', 'CHUNKING', `LIMITS ${limits}`];
  const world = await mailHosts(t, zone, { '192.0.2.1': { offers, script } });
  const transport = createDirectMx(world.ports, { ehloName: 'mx.sender.test' });
  t.after(() => transport.close());
  const mx = world.mx('192.0.2.1');
  return {
    send: (wish?: JobWish, domain = 'example.net') => transport.deliver(jobFor(domain, wish), watched()),
    mx,
    /** Per connection: M for each MAIL, r for each RCPT. */
    shape: () =>
      mx.sessions.map(({ lines }) =>
        lines.flatMap((line) => (line.startsWith('MAIL') ? ['M'] : line.startsWith('RCPT') ? ['r'] : [])).join(''),
      ),
  };
}

const to = (count: number) => Array.from({ length: count }, (_, at) => `u${at}@example.net`);

test('RFC 9422 §4.2: no transaction has more recipients than RCPTMAX', async (t) => {
  const { send, shape } = await open(t, 'RCPTMAX=3');
  const attempts = await send({ to: to(7) });
  assert.ok(attempts.every(({ kind }) => kind === 'delivered'));
  assert.deepEqual(shape(), ['MrrrMrrrMr']);
});

test('a generous RCPTMAX does not raise our own measure', async (t) => {
  const { send, shape } = await open(t, 'RCPTMAX=5000');
  await send({ to: to(101) });
  assert.deepEqual(shape(), [`M${'r'.repeat(100)}Mr`]);
});

test('RFC 9422 §4.1: no connection carries more messages than MAILMAX; the others go on further ones', async (t) => {
  const { send, shape, mx } = await open(t, 'MAILMAX=2 RCPTMAX=2');
  const attempts = await send({ to: to(9) });
  assert.ok(attempts.every(({ kind }) => kind === 'delivered'));
  assert.deepEqual(shape(), ['MrrMrr', 'MrrMrr', 'Mr']);
  assert.equal(mx.received().length, 5);
});

test('a connection whose measure is full is not kept for the next message; one with room is', async (t) => {
  const one = await open(t, 'MAILMAX=1');
  await one.send();
  assert.equal(only(await one.send()).via?.reused, false);
  assert.deepEqual(one.shape(), ['Mr', 'Mr']);
  assert.ok(one.mx.sessions[0]?.lines.includes('QUIT'));
  const two = await open(t, 'MAILMAX=2');
  await two.send();
  assert.equal(only(await two.send()).via?.reused, true);
  assert.equal(only(await two.send()).via?.reused, false);
  assert.deepEqual(two.shape(), ['MrMr', 'Mr']);
});

test('a kept connection with room for one message takes what it can', async (t) => {
  const { send, shape } = await open(t, 'MAILMAX=2 RCPTMAX=2');
  await send();
  const attempts = await send({ to: to(3) });
  assert.ok(attempts.every(({ kind }) => kind === 'delivered'));
  assert.deepEqual(shape(), ['MrMrr', 'Mr']);
});

test('MAIL that is put off counts, and nobody is asked twice in one delivery', async (t) => {
  const { send, shape } = await open(t, 'MAILMAX=1 RCPTMAX=1', { mail: '450 4.3.2 not now\r\n' });
  const attempts = await send({ to: to(3) });
  assert.ok(attempts.every(({ kind }) => kind === 'deferred'));
  assert.deepEqual(shape(), ['Mr', 'Mr', 'Mr']);
});

test('recipients that were too many all the same follow on further connections', async (t) => {
  const rcpt = (_: string, nth: number) => (nth % 2 === 1 ? '452 4.5.3 too many\r\n' : '250 ok\r\n');
  const { send, shape } = await open(t, 'MAILMAX=1', { rcpt });
  const attempts = await send({ to: to(2) });
  assert.ok(attempts.every(({ kind }) => kind === 'delivered'));
  assert.deepEqual(shape(), ['Mrr', 'Mr']);
});

test('RFC 9422 §4.3: where domains are counted a connection is for one', async (t) => {
  const { send, shape } = await open(t, 'RCPTDOMAINMAX=1 RCPTMAX=1');
  await send({ to: to(2) });
  assert.equal(only(await send({}, 'second.test')).via?.reused, false);
  assert.deepEqual(shape(), ['MrMr', 'Mr']);
});
