/**
 * All SQL of outbound: messages, their deliveries, and the claims on them.
 *
 * A delivery is *ready* (may be claimed), *due later* (`due_at_ms`: the next try, or the end of a lease) or settled. Claiming makes
 * it leased until a time and raises its fence; every later write names the fence it holds, so a worker that lost its lease changes
 * nothing. States of the columns:
 *
 *   ready=1 due=NULL leased=0   --claim-->   ready=0 due=lease end leased=1   --settle-->  due=NULL leased=0 settled_at set
 *      ^                                        |   |
 *      +------ promote: due has come -----------+   +--retry--> ready=0 due=next try leased=0
 *
 * One that nobody stands before is inserted as claimed (`DeliveryWorker.prompt`).
 *
 * In hot queries `ready = 1` and limits are literals: an index over part of a table serves a bound value only when SQLite plans the
 * statement anew each time it runs, and it looks into a bound LIMIT likewise (claiming one: 57 µs, with literals 13; looking for
 * companions 47 and 4; for ready work 8.4 and 0.4).
 */
import type { ExpressionBuilder, Kysely } from 'kysely';
import type { BlobId } from '../../base/port/blobs.ts';
import { columnsOf, compileOnce } from '../../base/port/compile-once.ts';
import type { Db, Reader, Tx } from '../../base/port/db.ts';
import type { WaitingQueue } from './share-slots.ts';
import type { DeliveryId, MessageId, RecipientState, RemoteReply } from './types.ts';

export type MessageRow = {
  id: MessageId;
  created_at_ms: number;
  account: string;
  /** `api`, `submission`, `relay`, `raw` or `report` (a DSN of ours) */
  origin: string;
  /** Header From as addr-spec, '' when it is unclear. */
  author: string;
  /** The envelope sender that the submitter gave; '' = null sender. */
  mail_from: string;
  /** Who gets a DSN on failure; '' = nobody (API mail fails into events, reports are never answered). */
  report_to: string;
  subject: string;
  message_id_header: string;
  size_bytes: number;
  blob_id: BlobId;
  needs_smtp_utf8: number;
  eight_bit: number;
  test: number;
  /** JSON array and object. */
  tags: string;
  metadata: string;
  /** RFC 3461 RET and ENVID as on the wire; '' = not said. */
  ret: string;
  envid: string;
  /** 1 once its sender was told that it is delayed. */
  delay_told: number;
};

export type DeliveryRow = {
  id: DeliveryId;
  message_id: MessageId;
  recipient: string;
  /** The account whose turn it uses up. */
  lane: string;
  domain: string;
  /** MAIL FROM on the wire; '' = null sender. */
  return_path: string;
  state: RecipientState;
  ready: number;
  due_at_ms: number | null;
  leased: number;
  fence: number;
  tries: number;
  /** 1 from just before the final dot until the reply is stored. */
  unsure: number;
  unsure_ends: number;
  accepted_at_ms: number;
  settled_at_ms: number | null;
  /** JSON of `LastAttempt`. */
  last: string;
  /** RFC 3461 NOTIFY and ORCPT as on the wire; '' = not said. */
  notify: string;
  orcpt: string;
  /** 1 once the sender was told that it arrived, or was relayed to where nobody will tell. */
  success_told: number;
};

type IdempotencyRow = {
  account: string;
  idempotency_key: string;
  request_sha256: string;
  message_id: MessageId;
  created_at_ms: number;
};

type Tables = {
  outbound_messages: MessageRow;
  outbound_deliveries: DeliveryRow;
  outbound_idempotency: IdempotencyRow;
};

/** What the last attempt left behind, for lists and the API. */
export type LastAttempt = { readonly say: string; readonly reply?: RemoteReply; readonly host?: string };

export type Held = { readonly id: DeliveryId; readonly fence: number };

/** Claims that never came to a stored attempt: the office died, or could not store. */
const vainClaimsMax = 3;

/** How far the turns have come: the lane served last, and in each lane the domain served last. */
export type Turn = { readonly lane: string | undefined; readonly domains: ReadonlyMap<string, string> };

export class OutboundStore {
  readonly #q: Kysely<Tables>;
  readonly #hot: ReturnType<typeof hotQueries>;
  /** By their limits. */
  readonly #claims = new Map<number, ReturnType<typeof claimQuery>>();
  readonly #claimCompanions = new Map<number, ReturnType<typeof companionsQuery>>();

  constructor(db: Db) {
    this.#q = db.queries<Tables>();
    this.#hot = hotQueries(this.#q);
  }

  async insertMessage(tx: Tx, message: MessageRow, deliveries: readonly DeliveryRow[]): Promise<void> {
    await tx.run(this.#hot.insertMessage(message));
    // One row per statement: the statement stays the same text (prepared once) however many recipients there are.
    for (const delivery of deliveries) await tx.run(this.#hot.insertDelivery(delivery));
  }

  async message(reader: Reader, id: MessageId): Promise<MessageRow | undefined> {
    return reader.first(this.#hot.message({ id }));
  }

  /** Newest first; `before` is the last id of the page before. */
  async messages(
    reader: Reader,
    filter: {
      readonly account?: string;
      readonly before?: MessageId;
      readonly openOnly?: boolean;
      readonly limit: number;
    },
  ): Promise<MessageRow[]> {
    let query = this.#q.selectFrom('outbound_messages').selectAll().orderBy('id', 'desc').limit(filter.limit);
    if (filter.account !== undefined) query = query.where('account', '=', filter.account);
    if (filter.before !== undefined) query = query.where('id', '<', filter.before);
    if (filter.openOnly) {
      query = query.where('id', 'in', (inner) => {
        const ids = inner.selectFrom('outbound_deliveries').select('message_id');
        return ids.where(isReady).union(ids.where('due_at_ms', 'is not', null));
      });
    }
    return reader.all(query.compile());
  }

  async deliveriesOf(reader: Reader, messageId: MessageId): Promise<DeliveryRow[]> {
    return reader.all(
      this.#q.selectFrom('outbound_deliveries').selectAll().where('message_id', '=', messageId).orderBy('id').compile(),
    );
  }

  async delivery(reader: Reader, id: DeliveryId): Promise<DeliveryRow | undefined> {
    return reader.first(this.#hot.delivery({ id }));
  }

  /** How many deliveries are unsettled, and how many of these could start now. What is unsettled is ready or due: two indexes know. */
  async counts(reader: Reader): Promise<{ open: number; ready: number }> {
    const all = this.#q.selectFrom('outbound_deliveries').select((e) => e.fn.countAll<number>().as('n'));
    const ready = await reader.first(all.where(isReady).compile());
    const due = await reader.first(all.where('due_at_ms', 'is not', null).compile());
    return { open: Number(ready?.n ?? 0) + Number(due?.n ?? 0), ready: Number(ready?.n ?? 0) };
  }

  /** When the oldest message was accepted that is still on its way. */
  async oldestOpenMs(reader: Reader): Promise<number | undefined> {
    const all = this.#q
      .selectFrom('outbound_deliveries')
      .select((e) => e.fn.min<number | null>('accepted_at_ms').as('at'));
    const ready = await reader.first(all.where(isReady).compile());
    const due = await reader.first(all.where('due_at_ms', 'is not', null).compile());
    const times = [ready?.at, due?.at].filter((at) => at !== null && at !== undefined);
    return times.length === 0 ? undefined : Math.min(...times.map(Number));
  }

  /** Deliveries whose time has come become ready. A lease that ran out with an unsure mark counts as an unsure end. */
  async promote(tx: Tx, nowMs: number, most: number): Promise<number> {
    return tx.run(this.#hot.promote({ nowMs, most }));
  }

  /** The moment when the next delivery becomes due. */
  async nextDueAtMs(reader: Reader): Promise<number | undefined> {
    const row = await reader.first(this.#hot.nextDueAtMs({}));
    return row?.due === null || row?.due === undefined ? undefined : Number(row.due);
  }

  async hasReady(reader: Reader): Promise<boolean> {
    return (await reader.first(this.#hot.anyReady({}))) !== undefined;
  }

  /**
   * The queues with ready work, at most `most`: lane by lane in turn, going round from just after `from`, in each lane its domains
   * likewise. Each step is one seek in the index, so the price does not depend on how much waits in a queue, and a lane with ten
   * thousand domains does not hide the others.
   */
  async waitingQueues(reader: Reader, from: Turn, most: number): Promise<WaitingQueue[]> {
    const found: WaitingQueue[] = [];
    let turn: { readonly lane: string; readonly domains: AsyncIterator<string> }[] = [];
    for await (const lane of goRound(from.lane, (after) => this.#laneAfter(reader, after))) {
      const domains = goRound(from.domains.get(lane), (after) => this.#domainAfter(reader, lane, after));
      if (turn.push({ lane, domains }) === most) break;
    }
    while (turn.length > 0 && found.length < most) {
      const again: typeof turn = [];
      for (const one of turn) {
        const next = found.length < most ? await one.domains.next() : { done: true as const };
        if (next.done) continue;
        found.push({ lane: one.lane, domain: next.value });
        again.push(one);
      }
      turn = again;
    }
    return found;
  }

  async #laneAfter(reader: Reader, after: string | undefined): Promise<string | undefined> {
    const { firstLane, laneAfter } = this.#hot;
    return (await reader.first(after === undefined ? firstLane({}) : laneAfter({ after })))?.lane;
  }

  async #domainAfter(reader: Reader, lane: string, after: string | undefined): Promise<string | undefined> {
    const { firstDomain, domainAfter } = this.#hot;
    return (await reader.first(after === undefined ? firstDomain({ lane }) : domainAfter({ lane, after })))?.domain;
  }

  /** Takes deliveries of a queue under a lease, first attempts before retries. */
  claim(
    tx: Tx,
    { lane, domain }: WaitingQueue,
    take: { readonly most: number; readonly leaseUntilMs: number },
  ): Promise<Held[]> {
    const claim = this.#claims.get(take.most) ?? claimQuery(this.#q, take.most);
    this.#claims.set(take.most, claim);
    return tx.all(claim({ lane, domain, leaseUntilMs: take.leaseUntilMs }));
  }

  /**
   * The other ready recipients of one message at the same domain with the same return path, to travel in the same transaction.
   * Their fate so far is the same too: one that may have arrived already takes no other with it.
   */
  async claimCompanions(tx: Tx, one: DeliveryRow, most: number, leaseUntilMs: number): Promise<DeliveryRow[]> {
    const claim = this.#claimCompanions.get(most) ?? companionsQuery(this.#q, most);
    this.#claimCompanions.set(most, claim);
    return tx.all(claim({ ...one, leaseUntilMs }));
  }

  /** Extends a lease; false when it was lost. */
  async renew(tx: Tx, held: Held, leaseUntilMs: number): Promise<boolean> {
    return (await tx.run(this.#hot.renew({ ...held, leaseUntilMs }))) > 0;
  }

  /** Just before the final dot: from here on the receiver may have the message although we never heard so. */
  markUnsure(tx: Tx, held: Held): Promise<boolean> {
    return tx.run(this.#hot.markUnsure(held)).then(isSome);
  }

  settle(
    tx: Tx,
    held: Held,
    end: { state: RecipientState; atMs: number; tries: number; unsureEnds: number; last: LastAttempt },
  ): Promise<boolean> {
    const { id, fence } = held;
    return tx.run(this.#hot.settle({ id, fence, ...end, last: JSON.stringify(end.last) })).then(isSome);
  }

  async retryAt(
    tx: Tx,
    held: Held,
    next: { atMs: number; tries: number; unsureEnds: number; last: LastAttempt },
  ): Promise<boolean> {
    const { id, fence } = held;
    return (await tx.run(this.#hot.retryAt({ id, fence, ...next, last: JSON.stringify(next.last) }))) > 0;
  }

  /** A bounce that came by mail, perhaps long after the delivery had settled. */
  async noteBounce(tx: Tx, id: DeliveryId, end: { atMs: number; last: LastAttempt }): Promise<void> {
    const values = {
      state: 'bounced' as const,
      ready: 0,
      leased: 0,
      due_at_ms: null,
      unsure: 0,
      settled_at_ms: end.atMs,
      last: JSON.stringify(end.last),
    };
    await tx.run(this.#q.updateTable('outbound_deliveries').set(values).where('id', '=', id).compile());
  }

  /** Answers whether this is the first news of the delay: one notice is enough for a message. RFC 3461 §4.1 */
  async noteDelayTold(tx: Tx, id: MessageId): Promise<boolean> {
    const untold = this.#q.updateTable('outbound_messages').where('id', '=', id).where('delay_told', '=', 0);
    return (await tx.run(untold.set({ delay_told: 1 }).compile())) > 0;
  }

  /** Answers whether this is the first news of its success: whoever has the return path could repeat it for ever. */
  async noteSuccessTold(tx: Tx, id: DeliveryId): Promise<boolean> {
    const untold = this.#q.updateTable('outbound_deliveries').where('id', '=', id).where('success_told', '=', 0);
    return (await tx.run(untold.set({ success_told: 1 }).compile())) > 0;
  }

  /**
   * After a start, when no other process can hold a claim: leases end now. Those with an unsure mark wait until `laterAtMs`, for
   * the receiver may have the message; and so do those whose claims came to nothing again and again, for perhaps it is they that
   * kill the office: whatever it can do before it dies of them, it does first.
   */
  async endAllLeases(tx: Tx, nowMs: number, laterAtMs: number): Promise<number> {
    const held = this.#q.updateTable('outbound_deliveries').where('due_at_ms', 'is not', null).where('leased', '=', 1);
    const later = await tx.run(
      held
        .set({ due_at_ms: laterAtMs })
        .where((e) => e.or([e('unsure', '=', 1), e(e('fence', '-', e.ref('tries')), '>', vainClaimsMax)]))
        .compile(),
    );
    const now = await tx.run(
      held
        .set({ due_at_ms: nowMs })
        .where('unsure', '=', 0)
        .where((e) => e(e('fence', '-', e.ref('tries')), '<=', vainClaimsMax))
        .compile(),
    );
    return later + now;
  }

  /** The wall clock was set back by so much: whatever waits for a time to come, a lease too, waits for that much less of it. */
  async bringForward(tx: Tx, clock: { readonly nowMs: number; readonly byMs: number }): Promise<number> {
    return tx.run(
      this.#q
        .updateTable('outbound_deliveries')
        .set((e) => ({ due_at_ms: e('due_at_ms', '-', clock.byMs) }))
        .where('due_at_ms', '>', clock.nowMs)
        .compile(),
    );
  }

  /**
   * After a start: what was delayed until a time that no gap between two tries reaches was delayed by a wrong clock, and is due now.
   */
  async endWrongDelays(tx: Tx, nowMs: number, longestGapMs: number): Promise<number> {
    return tx.run(
      this.#q
        .updateTable('outbound_deliveries')
        .set({ due_at_ms: nowMs })
        .where('due_at_ms', '>', nowMs + longestGapMs)
        .where('state', '=', 'delayed')
        .where('leased', '=', 0)
        .compile(),
    );
  }

  /** An operator's "now": delayed deliveries become ready; answers how many. */
  async retryNow(tx: Tx, messageId: MessageId): Promise<number> {
    return tx.run(
      this.#q
        .updateTable('outbound_deliveries')
        .set({ ready: 1, due_at_ms: null })
        .where('message_id', '=', messageId)
        .where('leased', '=', 0)
        .where('due_at_ms', 'is not', null)
        .compile(),
    );
  }

  /** Ends what has not been claimed; answers the cancelled deliveries. */
  async cancel(tx: Tx, messageId: MessageId, nowMs: number): Promise<DeliveryRow[]> {
    return tx.all(
      this.#q
        .updateTable('outbound_deliveries')
        .set({
          state: 'cancelled',
          ready: 0,
          due_at_ms: null,
          settled_at_ms: nowMs,
          last: JSON.stringify({ say: 'Cancelled before delivery.' }),
        })
        .where('message_id', '=', messageId)
        .where('leased', '=', 0)
        .where('settled_at_ms', 'is', null)
        .returningAll()
        .compile(),
    );
  }

  async idempotent(reader: Reader, account: string, key: string): Promise<IdempotencyRow | undefined> {
    return reader.first(this.#hot.idempotent({ account, key }));
  }

  /** An older request of the same key has run out (the caller looked) and gives way. */
  async rememberRequest(tx: Tx, row: IdempotencyRow): Promise<void> {
    await tx.run(this.#hot.rememberRequest(row));
  }

  async forgetRequestsBefore(tx: Tx, beforeMs: number): Promise<number> {
    return tx.run(this.#hot.forgetRequestsBefore({ beforeMs }));
  }
}

/** What every message asks, compiled once. */
function hotQueries(q: Kysely<Tables>) {
  const deliveries = q.selectFrom('outbound_deliveries');
  const ready = deliveries.where(isReady);
  const change = (held: Held) =>
    q
      .updateTable('outbound_deliveries')
      .where('id', '=', held.id)
      .where('fence', '=', held.fence)
      .where((e) => e('leased', '=', e.lit(1)));
  return {
    insertMessage: compileOnce((row: MessageRow) =>
      q.insertInto('outbound_messages').values(columnsOf(row, messageColumns)),
    ),
    insertDelivery: compileOnce((row: DeliveryRow) =>
      q.insertInto('outbound_deliveries').values(columnsOf(row, deliveryColumns)),
    ),
    message: compileOnce((of: { id: MessageId }) =>
      q.selectFrom('outbound_messages').selectAll().where('id', '=', of.id),
    ),
    promote: compileOnce((due: { nowMs: number; most: number }) =>
      q
        .updateTable('outbound_deliveries')
        .set((e) => ({
          ready: e.lit(1),
          due_at_ms: null,
          leased: e.lit(0),
          unsure: e.lit(0),
          unsure_ends: e('unsure_ends', '+', e.ref('unsure')),
        }))
        .where(
          'id',
          'in',
          deliveries.select('id').where('due_at_ms', '<=', due.nowMs).orderBy('due_at_ms').limit(due.most),
        ),
    ),
    nextDueAtMs: compileOnce(() =>
      deliveries.select((e) => e.fn.min('due_at_ms').as('due')).where('due_at_ms', 'is not', null),
    ),
    anyReady: compileOnce(() => ready.select('id').limit(one)),
    firstLane: compileOnce(() => ready.select('lane').orderBy('lane').limit(one)),
    laneAfter: compileOnce((from: { after: string }) =>
      ready.select('lane').where('lane', '>', from.after).orderBy('lane').limit(one),
    ),
    firstDomain: compileOnce((of: { lane: string }) =>
      ready.select('domain').where('lane', '=', of.lane).orderBy('domain').limit(one),
    ),
    domainAfter: compileOnce((of: { lane: string; after: string }) =>
      ready.select('domain').where('lane', '=', of.lane).where('domain', '>', of.after).orderBy('domain').limit(one),
    ),
    delivery: compileOnce((of: { id: DeliveryId }) => deliveries.selectAll().where('id', '=', of.id)),
    renew: compileOnce((held: Held & { leaseUntilMs: number }) => change(held).set({ due_at_ms: held.leaseUntilMs })),
    markUnsure: compileOnce((held: Held) => change(held).set({ unsure: 1 })),
    settle: compileOnce(
      (end: Held & { state: RecipientState; atMs: number; tries: number; unsureEnds: number; last: string }) =>
        change(end).set({
          state: end.state,
          ready: 0,
          leased: 0,
          due_at_ms: null,
          unsure: 0,
          unsure_ends: end.unsureEnds,
          tries: end.tries,
          settled_at_ms: end.atMs,
          last: end.last,
        }),
    ),
    retryAt: compileOnce((next: Held & { atMs: number; tries: number; unsureEnds: number; last: string }) =>
      change(next).set({
        state: 'delayed',
        leased: 0,
        due_at_ms: next.atMs,
        unsure: 0,
        unsure_ends: next.unsureEnds,
        tries: next.tries,
        last: next.last,
      }),
    ),
    idempotent: compileOnce((of: { account: string; key: string }) =>
      q
        .selectFrom('outbound_idempotency')
        .selectAll()
        .where('account', '=', of.account)
        .where('idempotency_key', '=', of.key),
    ),
    rememberRequest: compileOnce((row: IdempotencyRow) => {
      const { account, idempotency_key, ...values } = columnsOf(row, idempotencyColumns);
      return q
        .insertInto('outbound_idempotency')
        .values({ account, idempotency_key, ...values })
        .onConflict((conflict) => conflict.columns(['account', 'idempotency_key']).doUpdateSet(values));
    }),
    forgetRequestsBefore: compileOnce((of: { beforeMs: number }) =>
      q.deleteFrom('outbound_idempotency').where('created_at_ms', '<', of.beforeMs),
    ),
  };
}

function claimQuery(q: Kysely<Tables>, most: number) {
  return compileOnce((of: WaitingQueue & { leaseUntilMs: number }) => {
    const first = q
      .selectFrom('outbound_deliveries')
      .select('id')
      .where(isReady)
      .where('lane', '=', of.lane)
      .where('domain', '=', of.domain)
      .orderBy('tries')
      .orderBy('id')
      .limit((e) => e.lit(most));
    return leased(q, of.leaseUntilMs).where('id', 'in', first).returning(['id', 'fence']);
  });
}

function companionsQuery(q: Kysely<Tables>, most: number) {
  type Of = Pick<DeliveryRow, 'message_id' | 'domain' | 'return_path' | 'unsure_ends'> & { leaseUntilMs: number };
  return compileOnce((of: Of) => {
    const companions = q
      .selectFrom('outbound_deliveries')
      .select('id')
      .where('message_id', '=', of.message_id)
      .where(isReady)
      .where('domain', '=', of.domain)
      .where('return_path', '=', of.return_path)
      .where('unsure_ends', '=', of.unsure_ends)
      .orderBy('id')
      .limit((e) => e.lit(most));
    return leased(q, of.leaseUntilMs).where('id', 'in', companions).returningAll();
  });
}

function leased(q: Kysely<Tables>, untilMs: number) {
  return q
    .updateTable('outbound_deliveries')
    .set((e) => ({ ready: e.lit(0), leased: e.lit(1), due_at_ms: untilMs, fence: e('fence', '+', e.lit(1)) }));
}

/** Literals: see above. */
function one(e: ExpressionBuilder<Tables, 'outbound_deliveries'>) {
  return e.lit(1);
}

function isSome(rows: number): boolean {
  return rows > 0;
}

function isReady(e: ExpressionBuilder<Tables, 'outbound_deliveries'>) {
  return e('ready', '=', e.lit(1));
}

const messageColumns = {
  id: true,
  created_at_ms: true,
  account: true,
  origin: true,
  author: true,
  mail_from: true,
  report_to: true,
  subject: true,
  message_id_header: true,
  size_bytes: true,
  blob_id: true,
  needs_smtp_utf8: true,
  eight_bit: true,
  test: true,
  tags: true,
  metadata: true,
  ret: true,
  envid: true,
  delay_told: true,
} as const satisfies Record<keyof MessageRow, true>;

const deliveryColumns = {
  id: true,
  message_id: true,
  recipient: true,
  lane: true,
  domain: true,
  return_path: true,
  state: true,
  ready: true,
  due_at_ms: true,
  leased: true,
  fence: true,
  tries: true,
  unsure: true,
  unsure_ends: true,
  accepted_at_ms: true,
  settled_at_ms: true,
  last: true,
  notify: true,
  orcpt: true,
  success_told: true,
} as const satisfies Record<keyof DeliveryRow, true>;

const idempotencyColumns = {
  account: true,
  idempotency_key: true,
  request_sha256: true,
  message_id: true,
  created_at_ms: true,
} as const satisfies Record<keyof IdempotencyRow, true>;

/** Every key of a ring once, beginning just after `from`. */
async function* goRound(
  from: string | undefined,
  keyAfter: (after: string | undefined) => Promise<string | undefined>,
): AsyncGenerator<string, void> {
  let isSecondRound = from === undefined;
  let at = from;
  let first: string | undefined;
  for (;;) {
    const key = await keyAfter(at);
    if (key === undefined && isSecondRound) return;
    if (key !== undefined && key === first) return;
    if (key !== undefined) {
      first ??= key;
      yield key;
    } else isSecondRound = true;
    at = key;
  }
}
