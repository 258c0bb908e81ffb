import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { ask, type HttpOffice, httpOffice } from '../../../test/support/http-office.ts';
import { createManualTimers } from '../../../test/support/manual-timers.ts';
import { patience } from '../../../test/support/post-office.ts';

const hello = { from: 'ann@example.com', to: 'bob@example.net', subject: 'Hi', text: 'x' };

type Line = { readonly id?: string; readonly event?: string; readonly data?: string; readonly comment?: string };

/** Opens a stream; `next` answers its blocks one by one. */
async function stream(
  t: TestContext,
  office: HttpOffice,
  key: string,
  path: string,
  headers: Record<string, string> = {},
) {
  const leave = new AbortController();
  t.after(() => leave.abort());
  const request = new Request(`http://office.test${path}`, {
    headers: { authorization: `Bearer ${key}`, ...headers },
    signal: leave.signal,
  });
  const response = await office.app.fetch(request);
  assert.equal(response.status, 200);
  assert.equal(response.headers.get('content-type'), 'text/event-stream');
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  let held = '';
  const next = async (): Promise<Line | undefined> => {
    while (!held.includes('\n\n')) {
      const { done, value } = await reader.read();
      if (done) return undefined;
      held += Buffer.from(value).toString('utf8');
    }
    const end = held.indexOf('\n\n');
    const block = held.slice(0, end);
    held = held.slice(end + 2);
    const fields = block.split('\n').map((text) => {
      const colon = text.indexOf(':');
      return [text.slice(0, colon) || 'comment', text.slice(colon + 2)];
    });
    return Object.fromEntries(fields) as Line;
  };
  assert.deepEqual(await next(), { retry: '2000' });
  return { next, cancel: () => reader.cancel() };
}

test('events by page, by type, by subject, after an event', async (t) => {
  const office = await httpOffice(t);
  const send = await office.key(['send']);
  const key = await office.key(['read']);
  const { body: sent } = await ask(office, 'POST /v1/emails?wait=settled', { key: send, json: hello });
  const all = (await ask(office, 'GET /v1/events', { key })).body.data;
  const types = all.map((each: { type: string }) => each.type);
  assert.deepEqual(types, ['domain.verified', 'email.accepted', 'email.delivered']);
  const one = await ask(office, 'GET /v1/events?limit=1', { key });
  const two = await ask(office, `GET /v1/events?limit=2&cursor=${one.body.next_cursor}`, { key });
  assert.deepEqual([...one.body.data, ...two.body.data], all);
  assert.equal(two.body.next_cursor, null);
  const count = async (query: string) => (await ask(office, `GET /v1/events?${query}`, { key })).body.data.length;
  assert.equal(await count('types=email.accepted'), 1);
  assert.equal(await count('types=email.accepted,email.delivered'), 2);
  assert.equal(await count('types=email.accepted&types=email.delivered'), 2);
  assert.equal(await count(`subject=${sent.id}`), 2);
  assert.equal(await count('subject=example.com'), 1);
  assert.equal(await count(`after=${all[0].id}`), 2);
  assert.equal(await count(`after=${all[2].id}`), 0);
  const last = await ask(office, 'GET /v1/events?order=newest&limit=1', { key });
  const before = await ask(office, `GET /v1/events?order=newest&cursor=${last.body.next_cursor}&after=${all[0].id}`, {
    key,
  });
  assert.deepEqual([...last.body.data, ...before.body.data], [all[2], all[1]]);
});

test('a stream tells what happens from now on, in the order it happened', async (t) => {
  const office = await httpOffice(t);
  const key = await office.key(['send', 'read']);
  const { next } = await stream(t, office, key, '/v1/events/stream');
  const { body: sent } = await ask(office, 'POST /v1/emails?wait=settled', { key, json: hello });
  const events = [await next(), await next()];
  assert.deepEqual(
    events.map((each) => each?.event),
    ['email.accepted', 'email.delivered'],
  );
  const data = JSON.parse(events[1]?.data ?? '');
  assert.equal(data.id, events[1]?.id);
  assert.equal(data.subject, sent.id);
});

test('a stream goes on where the last one ended: Last-Event-ID before after', async (t) => {
  const office = await httpOffice(t);
  const key = await office.key(['send', 'read']);
  await ask(office, 'POST /v1/emails?wait=settled', { key, json: hello });
  const [verified, accepted] = (await ask(office, 'GET /v1/events', { key })).body.data;
  const fromAfter = await stream(t, office, key, `/v1/events/stream?after=${verified.id}`);
  assert.equal((await fromAfter.next())?.id, accepted.id);
  const resumed = await stream(t, office, key, `/v1/events/stream?after=${verified.id}`, {
    'last-event-id': accepted.id,
  });
  assert.equal((await resumed.next())?.event, 'email.delivered');
  const filtered = await stream(t, office, key, `/v1/events/stream?after=${verified.id}&types=email.delivered`);
  assert.equal((await filtered.next())?.event, 'email.delivered');
  const unknown = await ask(office, 'GET /v1/events/stream', { key, headers: { 'last-event-id': 'nonsense' } });
  assert.equal(unknown.body.errors[0].parameter, 'Last-Event-ID');
});

test('a silent log is told from a dead connection by a comment every 15 seconds', async (t) => {
  const timers = createManualTimers();
  const office = await httpOffice(t, { timers });
  const { next } = await stream(t, office, await office.key(['read']), '/v1/events/stream');
  const block = next();
  for (let second = 0; second < 16; second++) await timers.pass(1_000);
  assert.deepEqual(await block, { comment: 'still here' });
});

test('streams are counted per key, and a seat that is left is free again', async (t) => {
  const office = await httpOffice(t, { limits: { streams_per_key: 1 } });
  const key = await office.key(['read']);
  const { cancel } = await stream(t, office, key, '/v1/events/stream');
  assert.equal((await ask(office, 'GET /v1/events/stream', { key })).body.code, 'too_many_streams');
  await stream(t, office, await office.key(['read']), '/v1/events/stream');
  await cancel();
  await stream(t, office, key, '/v1/events/stream');
});

test('when the office closes, streams and waits end', async (t) => {
  const never = Promise.withResolvers<void>();
  const office = await httpOffice(t, { gate: () => never.promise });
  const key = await office.key(['read', 'send']);
  const { next } = await stream(t, office, key, '/v1/events/stream?types=domain.verified');
  const waiting = ask(office, 'POST /v1/emails?wait=settled&timeout=1m', { key, json: hello });
  assert.ok(await office.events.waitFor({ types: ['email.accepted'], signal: patience() }));
  office.app.close();
  assert.equal(await next(), undefined);
  assert.equal((await waiting).body.settled, false);
  never.resolve();
});
