/** The log of events: order, transactions, waiting and following. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { type TempOffice, tempOffice } from '../../../test/support/temp-office.ts';
import { systemClock, type Timers } from '../../base/clock.ts';
import type { EventRecord, NewEvent } from './types.ts';
import { eventTypes, isEventType } from './types.ts';

const never = new AbortController().signal;

test('an event is in the log exactly when its transaction is', async (t) => {
  const { db, events } = await tempOffice(t);
  const failing = db.write(async (tx) => {
    await events.append(tx, verified('a.example'));
    throw new Error('no');
  });
  await assert.rejects(failing, /no/);
  await db.write((tx) => events.append(tx, verified('b.example')));
  const [listed, ...others] = await db.read((reader) => events.list(reader, { limit: 10 }));
  assert.ok(listed);
  assert.deepEqual(others, []);
  assert.partialDeepStrictEqual(listed, verified('b.example'));
  assert.match(listed.id, /^evt_/);
  assert.deepEqual(await db.read((reader) => events.find(reader, listed.id)), listed);
});

test('lists by subject, type, place and order', async (t) => {
  const office = await tempOffice(t);
  await append(office, verified('a'), rotated('a'), verified('b'));
  const list = (query: object) =>
    office.db.read(async (reader) => (await office.events.list(reader, { limit: 10, ...query })).map(brief));
  const [first] = await office.db.read((reader) => office.events.list(reader, { limit: 1 }));
  assert.deepEqual(await list({}), ['a domain.verified', 'a key.rotated', 'b domain.verified']);
  assert.deepEqual(await list({ subject: 'a' }), ['a domain.verified', 'a key.rotated']);
  assert.deepEqual(await list({ types: ['key.rotated'] }), ['a key.rotated']);
  assert.deepEqual(await list({ after: first?.sequence }), ['a key.rotated', 'b domain.verified']);
  assert.deepEqual(await list({ order: 'newest-first', limit: 1 }), ['b domain.verified']);
  assert.deepEqual(await list({ before: (first?.sequence ?? 0) + 1 }), ['a domain.verified']);
  assert.equal(await office.db.read((reader) => office.events.lastSequence(reader)), (first?.sequence ?? 0) + 2);
});

test('a cursor stands where its reader put it', async (t) => {
  const { db, events } = await tempOffice(t);
  assert.equal(await db.read((reader) => events.cursor(reader, 'webhooks')), 0);
  await db.write((tx) => events.moveCursor(tx, 'webhooks', 5));
  await db.write((tx) => events.moveCursor(tx, 'webhooks', 9));
  await db.write((tx) => events.moveCursor(tx, 'digest', 2));
  assert.equal(await db.read((reader) => events.cursor(reader, 'webhooks')), 9);
});

test('waiting finds what has happened already', async (t) => {
  const office = await tempOffice(t);
  await append(office, verified('a'), rotated('a'));
  const found = await office.events.waitFor({
    subject: 'a',
    match: (event) => event.type === 'key.rotated',
    signal: never,
  });
  assert.equal(found && brief(found), 'a key.rotated');
});

test('waiting is woken by its own subject, and the many do not wake each other', async (t) => {
  const office = await tempOffice(t, { timers: deafTimers });
  const subjects = Array.from({ length: 50 }, (_, at) => `subject ${at}`);
  const waits = subjects.map((subject) => office.events.waitFor({ subject, signal: never }));
  for (const subject of subjects.toReversed()) await append(office, verified(subject));
  assert.deepEqual(
    (await Promise.all(waits)).map((event) => event?.subject),
    subjects,
  );
});

test('a missed notification costs patience, not the event', async (t) => {
  let lookAgain = () => {};
  const asked = Promise.withResolvers<void>();
  const sleep: Timers['sleep'] = () =>
    new Promise((resolve) => {
      lookAgain = resolve;
      asked.resolve();
    });
  const office = await tempOffice(t, { timers: { ...systemClock, sleep } });
  const waiting = office.events.waitFor({ subject: 'a', signal: never });
  await asked.promise;
  const sql = `INSERT INTO events_log (id, at_ms, type, subject, data) VALUES ('evt_x', 1, 'domain.verified', 'a', '{}')`;
  await office.db.write((tx) => tx.run({ sql, parameters: [] }));
  lookAgain();
  assert.equal((await waiting)?.id, 'evt_x');
});

test('waiting ends with its signal', async (t) => {
  const { events } = await tempOffice(t);
  const stop = new AbortController();
  const waiting = events.waitFor({ subject: 'a', signal: stop.signal });
  stop.abort();
  assert.equal(await waiting, undefined);
  assert.equal(await events.waitFor({ subject: 'a', signal: stop.signal }), undefined);
});

test('following goes on from anywhere, past pages, into what happens next, each event once', async (t) => {
  const office = await tempOffice(t);
  const past = Array.from({ length: 450 }, (_, at) => verified(`past ${at}`));
  await append(office, ...past);
  const [first] = await office.db.read((reader) => office.events.list(reader, { limit: 1 }));
  const stop = new AbortController();
  const seen: string[] = [];
  for await (const event of office.events.follow({ after: first?.sequence ?? 0, signal: stop.signal })) {
    seen.push(event.subject);
    if (seen.length === 449) void append(office, verified('now'), rotated('now'));
    if (seen.length === 451) stop.abort();
  }
  assert.deepEqual(seen, [...past.slice(1).map(({ subject }) => subject), 'now', 'now']);
});

test('every type says what it means, member by member', () => {
  for (const [type, { says, members }] of Object.entries(eventTypes)) {
    assert.ok(isEventType(type));
    assert.match(says, /\.$/);
    for (const text of Object.values(members)) assert.match(text, /\.$/);
  }
  assert.ok(!isEventType('toString'));
});

/** Wakes by notification only. */
const deafTimers: Timers = {
  ...systemClock,
  sleep: (_, signal) => new Promise((resolve) => signal?.addEventListener('abort', () => resolve(), { once: true })),
};

function append(office: TempOffice, ...list: NewEvent[]): Promise<void> {
  return office.db.write(async (tx) => {
    for (const event of list) await office.events.append(tx, event);
  });
}

function verified(subject: string): NewEvent {
  return { type: 'domain.verified', subject, data: { domain: subject, by: 'operator' } };
}

function rotated(subject: string): NewEvent {
  const data = { domain: subject, selector: 'ph1', algorithm: 'rsa-sha256', replaces: [] };
  return { type: 'key.rotated', subject, data };
}

function brief(event: EventRecord): string {
  return `${event.subject} ${event.type}`;
}
