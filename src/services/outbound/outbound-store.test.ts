/** The claims on deliveries: lease, fence, turns, and what a restart finds. */
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import fc from 'fast-check';
import { officeMigrations, tempFolder, tempOffice } from '../../../test/support/temp-office.ts';
import { openSqlite } from '../../adapters/store/sqlite-db.ts';
import type { Tx } from '../../base/port/db.ts';
import { outboundMigrations } from './outbound-migrations.ts';
import { type DeliveryRow, type Held, type MessageRow, OutboundStore, type Turn } from './outbound-store.ts';
import type { DeliveryId, MessageId } from './types.ts';

const t0 = 1_800_000_000_000;
const minute = 60_000;
const start: Turn = { lane: undefined, domains: new Map() };

type Wish = Partial<DeliveryRow> & { readonly account?: string };

async function open(t: TestContext) {
  const office = await tempOffice(t, { migrations: outboundMigrations });
  const { db, ids, blobs } = office;
  const store = new OutboundStore(db);
  /** One message with a delivery per wish. */
  const add = async (...wishes: Wish[]) => {
    const id = ids.next('em');
    const rows = wishes.map(({ account: _, ...wish }) => deliveryRow(ids.next('del'), id, wish));
    await db.write(async (tx) => {
      const blobId = await blobs.keep(tx, Buffer.from('x'));
      const message: MessageRow = {
        id,
        created_at_ms: t0,
        account: wishes[0]?.account ?? 'a',
        origin: 'api',
        author: 'ada@example.com',
        mail_from: 'ada@example.com',
        report_to: '',
        subject: '',
        message_id_header: '<1@example.com>',
        size_bytes: 1,
        blob_id: blobId,
        needs_smtp_utf8: 0,
        eight_bit: 0,
        test: 0,
        tags: '[]',
        metadata: '{}',
        ret: '',
        envid: '',
        delay_told: 0,
      };
      await store.insertMessage(tx, message, rows);
    });
    return { id, ids: rows.map((row) => row.id) };
  };
  const write = <T>(work: (tx: Tx) => Promise<T>) => db.write(work);
  const row = async (id: DeliveryId | undefined): Promise<DeliveryRow> => {
    assert.ok(id);
    const found = await db.read((reader) => store.delivery(reader, id));
    assert.ok(found);
    return found;
  };
  const claim = async (lane = 'a', domain = 'x.test', untilMs = t0 + 5 * minute) =>
    write((tx) => claimOne(store, tx, untilMs, { lane, domain }));
  return { ...office, store, add, write, row, claim };
}

async function claimOne(
  store: OutboundStore,
  tx: Tx,
  leaseUntilMs: number,
  queue = { lane: 'a', domain: 'x.test' },
): Promise<DeliveryRow | undefined> {
  const [held] = await store.claim(tx, queue, { most: 1, leaseUntilMs });
  return held && store.delivery(tx, held.id);
}

function deliveryRow(id: DeliveryId, messageId: MessageId, wish: Partial<DeliveryRow>): DeliveryRow {
  return {
    id,
    message_id: messageId,
    recipient: 'bob@x.test',
    lane: 'a',
    domain: 'x.test',
    return_path: `b+${id}@bounce.example.com`,
    state: 'queued',
    ready: 1,
    due_at_ms: null,
    leased: 0,
    fence: 0,
    tries: 0,
    unsure: 0,
    unsure_ends: 0,
    accepted_at_ms: t0,
    settled_at_ms: null,
    last: '{"say":"new"}',
    notify: '',
    orcpt: '',
    success_told: 0,
    ...wish,
  };
}

function held(row: DeliveryRow | undefined): Held {
  assert.ok(row);
  return { id: row.id, fence: row.fence };
}
const end = { state: 'delivered', atMs: t0 + 1, tries: 1, unsureEnds: 0, last: { say: 'done' } } as const;
const later = { atMs: t0 + minute, tries: 1, unsureEnds: 0, last: { say: 'later' } };

test('a claim takes the delivery out of the queue, under a lease and with a new fence', async (t) => {
  const { add, claim, row } = await open(t);
  const { ids } = await add({});
  const first = await claim();
  assert.partialDeepStrictEqual(first, { id: ids[0], ready: 0, leased: 1, fence: 1, due_at_ms: t0 + 5 * minute });
  assert.deepEqual(await row(ids[0]), first);
  assert.equal(await claim(), undefined, 'nobody claims it twice');
});

test('a claim takes first attempts before retries, then the older one, and only of its queue', async (t) => {
  const { add, claim } = await open(t);
  const { ids } = await add(
    { tries: 3 },
    { tries: 0 },
    { tries: 1 },
    { tries: 0 },
    { domain: 'y.test' },
    { lane: 'b' },
  );
  const claimed: (DeliveryId | undefined)[] = [];
  for (let nth = 0; nth < 5; nth++) claimed.push((await claim())?.id);
  assert.deepEqual(claimed, [ids[1], ids[3], ids[2], ids[0], undefined]);
});

test('companions are the ready ones of the same message, domain, return path and fate', async (t) => {
  const { add, claim, write, store } = await open(t);
  const shared = { return_path: 'b+m1@bounce.example.com' };
  const { ids } = await add(
    shared,
    shared,
    { ...shared, domain: 'y.test' },
    { return_path: 'other@bounce.example.com' },
    { ...shared, state: 'delayed', ready: 0, due_at_ms: t0 + minute },
    { ...shared, unsure_ends: 1 },
    shared,
    shared,
  );
  await add(shared);
  const first = await claim();
  assert.equal(first?.id, ids[0]);
  assert.ok(first);
  const companions = await write((tx) => store.claimCompanions(tx, first, 2, t0 + minute));
  assert.deepEqual(companions.map(({ id }) => id).toSorted(), [ids[1], ids[6]]);
  assert.ok(companions.every(({ leased, fence }) => leased === 1 && fence === 1));
  assert.deepEqual(
    (await write((tx) => store.claimCompanions(tx, first, 9, t0 + minute))).map(({ id }) => id),
    [ids[7]],
  );
});

test('a worker that lost its lease changes nothing', async (t) => {
  const { add, claim, write, store, row } = await open(t);
  const { ids } = await add({});
  const stale = held(await claim());
  await write((tx) => store.promote(tx, t0 + 5 * minute, 10));
  const attempts = {
    renew: (tx: Tx) => store.renew(tx, stale, t0 + 99 * minute),
    markUnsure: (tx: Tx) => store.markUnsure(tx, stale),
    settle: (tx: Tx) => store.settle(tx, stale, end),
    retryAt: (tx: Tx) => store.retryAt(tx, stale, later),
  };
  const tryAll = async () => {
    const before = await row(ids[0]);
    for (const [name, attempt] of Object.entries(attempts)) assert.equal(await write(attempt), false, name);
    assert.deepEqual(await row(ids[0]), before);
  };
  await tryAll(); // ready again, nobody holds it
  const fresh = held(await claim());
  assert.equal(fresh.fence, 2);
  await tryAll(); // somebody else holds it
  assert.equal(await write((tx) => store.settle(tx, fresh, end)), true);
  await tryAll(); // it has ended
});

test('while the lease is held it may be extended, marked, and ended once', async (t) => {
  const { add, claim, write, store, row } = await open(t);
  const { ids } = await add({});
  const mine = held(await claim());
  assert.equal(await write((tx) => store.renew(tx, mine, t0 + 9 * minute)), true);
  assert.equal((await row(ids[0])).due_at_ms, t0 + 9 * minute);
  assert.equal(await write((tx) => store.promote(tx, t0 + 9 * minute - 1, 10)), 0);
  assert.equal(await write((tx) => store.markUnsure(tx, mine)), true);
  assert.equal((await row(ids[0])).unsure, 1);
  assert.equal(await write((tx) => store.settle(tx, mine, end)), true);
  assert.partialDeepStrictEqual(await row(ids[0]), {
    state: 'delivered',
    ready: 0,
    leased: 0,
    due_at_ms: null,
    unsure: 0,
    settled_at_ms: t0 + 1,
    last: '{"say":"done"}',
  });
  assert.equal(await write((tx) => store.settle(tx, mine, end)), false);
});

test('a retry sleeps until it is due', async (t) => {
  const { add, claim, write, store, row, db } = await open(t);
  const { ids } = await add({});
  assert.equal(await write(async (tx) => store.retryAt(tx, held(await claimOne(store, tx, t0)), later)), true);
  assert.partialDeepStrictEqual(await row(ids[0]), {
    state: 'delayed',
    ready: 0,
    leased: 0,
    due_at_ms: t0 + minute,
    tries: 1,
  });
  assert.equal(await db.read((reader) => store.nextDueAtMs(reader)), t0 + minute);
  assert.equal(await db.read((reader) => store.hasReady(reader)), false);
  assert.equal(await write((tx) => store.promote(tx, t0 + minute - 1, 10)), 0);
  assert.equal(await write((tx) => store.promote(tx, t0 + minute, 10)), 1);
  assert.equal(await db.read((reader) => store.hasReady(reader)), true);
  assert.equal(await db.read((reader) => store.nextDueAtMs(reader)), undefined);
  assert.partialDeepStrictEqual(await claim(), { id: ids[0], fence: 2, tries: 1, unsure_ends: 0 });
});

test('promoting takes the longest due first, and counts a lost lease with an unsure mark as an unsure end', async (t) => {
  const { add, write, store, row, claim } = await open(t);
  const due = (ms: number) => ({ ready: 0, state: 'delayed' as const, due_at_ms: t0 + ms });
  const { ids } = await add(due(3), due(1), due(2));
  assert.equal(await write((tx) => store.promote(tx, t0 + 10, 2)), 2);
  assert.deepEqual(await Promise.all(ids.map(async (id) => (await row(id)).ready)), [0, 1, 1]);

  const { ids: marked } = await add({ lane: 'm' });
  const mine = held(await claim('m'));
  await write((tx) => store.markUnsure(tx, mine));
  await write((tx) => store.promote(tx, t0 + 5 * minute, 10));
  assert.partialDeepStrictEqual(await row(marked[0]), { ready: 1, leased: 0, unsure: 0, unsure_ends: 1, fence: 1 });
});

test('after a restart leases end at once, those in doubt later', async (t) => {
  const { add, write, store, row, claim } = await open(t);
  const { ids } = await add({}, {}, { ready: 0, state: 'delayed', due_at_ms: t0 + 77 }, {});
  await claim();
  const doubtful = held(await claim());
  await write((tx) => store.markUnsure(tx, doubtful));
  assert.equal(await write((tx) => store.endAllLeases(tx, t0 + 1, t0 + 5 * minute)), 2);
  assert.deepEqual(await Promise.all(ids.map(async (id) => (await row(id)).due_at_ms)), [
    t0 + 1,
    t0 + 5 * minute,
    t0 + 77,
    null,
  ]);
  assert.equal(await write((tx) => store.promote(tx, t0 + 1, 10)), 1);
  assert.equal(await write((tx) => store.settle(tx, doubtful, end)), true, 'a lease that has not run out still holds');
  assert.equal(await write((tx) => store.endAllLeases(tx, t0 + 2, t0 + 2)), 0);
});

test('what was claimed again and again and never ended waits after a start: perhaps it is what kills the office', async (t) => {
  const { add, store, write, row, claim } = await open(t);
  const { ids } = await add({ fence: 3, tries: 0 }, { fence: 9, tries: 8 });
  await claim();
  await claim();
  assert.equal(await write((tx) => store.endAllLeases(tx, t0 + 1, t0 + 5 * minute)), 2);
  assert.deepEqual(await Promise.all(ids.map(async (id) => (await row(id)).due_at_ms)), [t0 + 5 * minute, t0 + 1]);
});

test('turns go round lane by lane from the place reached, each queue once', async (t) => {
  const { add, db, store } = await open(t);
  for (const name of ['ax', 'ay', 'az', 'bx', 'cy', 'cz']) {
    const queue = { lane: name.charAt(0), domain: name.charAt(1) };
    await add(queue, queue);
  }
  await add({ lane: 'd', domain: 'x', ready: 0, due_at_ms: t0 });
  const turns = (turn: Turn, most = 64) =>
    db.read(async (reader) =>
      (await store.waitingQueues(reader, turn, most)).map(({ lane, domain }) => `${lane}${domain}`).join(' '),
    );
  assert.equal(await turns(start), 'ax bx cy ay cz az');
  assert.equal(await turns({ lane: 'a', domains: new Map([['a', 'x']]) }), 'bx cy ay cz az ax');
  assert.equal(
    await turns({
      lane: 'c',
      domains: new Map([
        ['a', 'z'],
        ['c', 'y'],
      ]),
    }),
    'ax bx cz ay cy az',
  );
  assert.equal(
    await turns({
      lane: 'bb',
      domains: new Map([
        ['a', 'xx'],
        ['b', 'zzz'],
      ]),
    }),
    'cy ay bx cz az ax',
  );
  assert.equal(await turns({ lane: 'zzz', domains: new Map() }), 'ax bx cy ay cz az');
  assert.equal(await turns(start, 2), 'ax bx');
  assert.equal(await turns(start, 4), 'ax bx cy ay');
  assert.equal(await turns({ lane: 'b', domains: new Map() }, 1), 'cy');
});

test('a lane with very many domains does not hide the others', async (t) => {
  const { add, db, store } = await open(t);
  await add(...Array.from({ length: 300 }, (_, nth) => ({ lane: 'a', domain: `d${nth}.test` })), {
    lane: 'b',
    domain: 'x',
  });
  const queues = await db.read((reader) => store.waitingQueues(reader, start, 64));
  assert.equal(queues.length, 64);
  assert.deepEqual(queues[1], { lane: 'b', domain: 'x' });
});

test('whatever waits and wherever the turn stands: every queue appears exactly once when there is room', async (t) => {
  const { add, db, store, write } = await open(t);
  const { ids } = await add(
    ...Array.from({ length: 16 }, (_, nth) => ({ lane: `l${nth >> 2}`, domain: `d${nth & 3}` })),
  );
  const name = fc.constantFrom('', 'l0', 'l1', 'l2', 'l3', 'l9', 'k');
  const from = fc.record({
    lane: fc.option(name, { nil: undefined }),
    domain: fc.constantFrom('c', 'd0', 'd1', 'd3', 'e'),
  });
  await fc.assert(
    fc.asyncProperty(fc.subarray(ids), from, async (ready, { lane, domain }) => {
      await write(async (tx) => {
        for (const id of ids) {
          const sql = 'UPDATE outbound_deliveries SET ready = ? WHERE id = ?';
          await tx.run({ sql, parameters: [ready.includes(id) ? 1 : 0, id] });
        }
      });
      const domains = new Map(['l0', 'l1', 'l2', 'l3'].map((one) => [one, domain]));
      const found = await db.read((reader) => store.waitingQueues(reader, { lane, domains }, 64));
      assert.equal(found.length, ready.length);
      assert.equal(new Set(found.map((one) => `${one.lane} ${one.domain}`)).size, ready.length);
    }),
    { numRuns: 40 },
  );
});

test('cancelling ends what nobody has claimed and has not ended', async (t) => {
  const { add, write, store, row, claim } = await open(t);
  const { id, ids } = await add(
    {},
    {},
    { ready: 0, state: 'delayed', due_at_ms: t0 + 9 },
    { ready: 0, state: 'delivered', settled_at_ms: t0 },
  );
  await add({ lane: 'z' });
  await claim();
  const cancelled = await write((tx) => store.cancel(tx, id, t0 + 5));
  assert.deepEqual(cancelled.map((one) => one.id).toSorted(), [ids[1], ids[2]]);
  assert.deepEqual(await Promise.all(ids.map(async (one) => (await row(one)).state)), [
    'queued',
    'cancelled',
    'cancelled',
    'delivered',
  ]);
  assert.partialDeepStrictEqual(await row(ids[2]), { ready: 0, due_at_ms: null, settled_at_ms: t0 + 5 });
  assert.equal((await write((tx) => store.cancel(tx, id, t0 + 6))).length, 0);
});

test('retrying now wakes what sleeps, not what is under way or has ended', async (t) => {
  const { add, write, store, row, claim } = await open(t);
  const { id, ids } = await add(
    {},
    { ready: 0, state: 'delayed', due_at_ms: t0 + 9 },
    { ready: 0, state: 'bounced', settled_at_ms: t0 },
  );
  await claim();
  assert.equal(await write((tx) => store.retryNow(tx, id)), 1);
  assert.deepEqual(await Promise.all(ids.map(async (one) => (await row(one)).ready)), [0, 1, 0]);
});

test('a bounce by mail ends a delivery even while somebody works on it, and that worker changes nothing more', async (t) => {
  const { add, write, store, row, claim } = await open(t);
  const { ids } = await add({});
  const mine = held(await claim());
  await write((tx) => store.noteBounce(tx, mine.id, { atMs: t0 + 3, last: { say: 'returned' } }));
  assert.equal(await write((tx) => store.settle(tx, mine, end)), false);
  assert.partialDeepStrictEqual(await row(ids[0]), {
    state: 'bounced',
    settled_at_ms: t0 + 3,
    leased: 0,
    due_at_ms: null,
  });
});

test('counts and lists know what is open', async (t) => {
  const { add, db, store, claim } = await open(t);
  const done = { ready: 0, state: 'delivered' as const, settled_at_ms: t0 };
  const first = await add({ account: 'a' }, done);
  const second = await add({ ...done, account: 'b' });
  const third = await add({ account: 'a', ready: 0, state: 'delayed', due_at_ms: t0 + 5 }, {}, {});
  assert.deepEqual(await db.read((reader) => store.counts(reader)), { open: 4, ready: 3 });
  await claim();
  assert.deepEqual(await db.read((reader) => store.counts(reader)), { open: 4, ready: 2 });
  const list = (filter: object) =>
    db.read(async (reader) => (await store.messages(reader, { limit: 10, ...filter })).map(({ id }) => id));
  assert.deepEqual(await list({}), [third.id, second.id, first.id]);
  assert.deepEqual(await list({ openOnly: true }), [third.id, first.id]);
  assert.deepEqual(await list({ account: 'b' }), [second.id]);
  assert.deepEqual(await list({ account: 'a', before: third.id }), [first.id]);
  assert.deepEqual(await list({ limit: 1 }), [third.id]);
});

test('an idempotency key is remembered per account, replaced when it comes anew, forgotten with time', async (t) => {
  const { add, db, store, write } = await open(t);
  const one = await add({});
  const two = await add({});
  const request = (account: string, id: MessageId, atMs: number) => ({
    account,
    idempotency_key: 'k',
    request_sha256: 'abc',
    message_id: id,
    created_at_ms: atMs,
  });
  const find = async (account: string) =>
    (await db.read((reader) => store.idempotent(reader, account, 'k')))?.message_id;
  await write((tx) => store.rememberRequest(tx, request('a', one.id, t0)));
  await write((tx) => store.rememberRequest(tx, request('b', one.id, t0 + 1)));
  await write((tx) => store.rememberRequest(tx, request('a', two.id, t0 + 9)));
  assert.equal(await find('a'), two.id);
  assert.equal(await find('b'), one.id);
  assert.equal(await write((tx) => store.forgetRequestsBefore(tx, t0 + 9)), 1);
  assert.equal(await find('b'), undefined);
  assert.equal(await find('a'), two.id);
});

test('the hot statements of the queue walk indexes, however much waits', async (t) => {
  const { add, write, db, store } = await open(t);
  await add({});
  const seen: string[] = [];
  const noting = <S extends { readonly sql: string }>(statement: S): S => {
    seen.push(statement.sql);
    return statement;
  };
  const watch = (tx: Tx): Tx => ({
    all: (statement) => tx.all(noting(statement)),
    first: (statement) => tx.first(noting(statement)),
    run: (statement) => tx.run(noting(statement)),
    afterCommit: (run) => tx.afterCommit(run),
  });
  await write(async (tx) => {
    const watched = watch(tx);
    await store.promote(watched, t0, 10);
    await store.waitingQueues(watched, { lane: 'a', domains: new Map([['a', 'x']]) }, 5);
    const claimed = await claimOne(store, watched, t0);
    assert.ok(claimed);
    await store.claimCompanions(watched, claimed, 5, t0);
    await store.markUnsure(watched, held(claimed));
    await store.settle(watched, held(claimed), end);
    await store.nextDueAtMs(watched);
    await store.hasReady(watched);
    await store.endAllLeases(watched, t0, t0);
  });
  assert.ok(seen.length >= 12);
  for (const sql of new Set(seen)) {
    const parameters = Array.from(sql.matchAll(/\?/g), () => 1);
    const plan = await db.read((reader) =>
      reader.all<{ detail: string }>({ sql: `EXPLAIN QUERY PLAN ${sql}`, parameters }),
    );
    const scans = plan
      .map(({ detail }) => detail)
      .filter((detail) => /^SCAN outbound_deliveries(?! USING)/.test(detail));
    assert.deepEqual(scans, [], sql);
  }
});

test('outbound-2: what was queued before anybody could ask goes on, with nothing asked', async (t) => {
  const folder = tempFolder(t);
  const before = outboundMigrations.filter(({ id }) => id === 'outbound-1');
  const migrations = [...officeMigrations, ...before];
  const id = 'em_1' as MessageId;
  const old = await openSqlite(folder, { migrations, office: 'take' });
  await old.write(async (tx) => {
    await tx.run({
      sql: `INSERT INTO outbound_messages VALUES ('em_1', ${t0}, 'a', 'submission', 'ada@example.com', 'ada@example.com',
        'ada@example.com', 'hello', '<1@example.com>', 1, 'blob_1', 0, 0, 0, '[]', '{}')`,
      parameters: [],
    });
    await tx.run({
      sql: `INSERT INTO outbound_deliveries VALUES ('del_1', 'em_1', 'bob@x.test', 'a', 'x.test', '', 'delayed', 1, NULL, 0, 1, 1,
        0, 0, ${t0}, NULL, '{"say":"later"}')`,
      parameters: [],
    });
  });
  await old.close();
  const db = await openSqlite(folder, { migrations: [...officeMigrations, ...outboundMigrations], office: 'take' });
  try {
    const store = new OutboundStore(db);
    assert.partialDeepStrictEqual(await db.read((reader) => store.message(reader, id)), {
      subject: 'hello',
      ret: '',
      envid: '',
      delay_told: 0,
    });
    const claimed = await db.write((tx) => claimOne(store, tx, t0 + minute));
    assert.partialDeepStrictEqual(claimed, { id: 'del_1', tries: 1, notify: '', orcpt: '', success_told: 0 });
    assert.deepEqual(
      await db.write(async (tx) => [await store.noteDelayTold(tx, id), await store.noteDelayTold(tx, id)]),
      [true, false],
    );
  } finally {
    await db.close();
  }
});
