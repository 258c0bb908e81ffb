/** All SQL of `events`. */
import type { Generated, Kysely } from 'kysely';
import type { Db, Reader, Tx } from '../../base/port/db.ts';
import type { EventId, EventQuery, EventRecord, NewEvent } from './types.ts';

type EventTables = {
  events_log: {
    sequence: Generated<number>;
    id: string;
    at_ms: number;
    type: string;
    subject: string;
    data: string;
  };
  events_cursors: { reader: string; sequence: number };
};

type EventRow = {
  readonly sequence: number;
  readonly id: string;
  readonly at_ms: number;
  readonly type: string;
  readonly subject: string;
  readonly data: string;
};

export class EventsStore {
  readonly #queries: Kysely<EventTables>;
  /** Compiled once: every step of every message appends. Parameters: id, at_ms, type, subject, data. */
  readonly #insert: string;

  constructor(db: Db) {
    this.#queries = db.queries<EventTables>();
    this.#insert = this.#queries
      .insertInto('events_log')
      .values({ id: '', at_ms: 0, type: '', subject: '', data: '' })
      .compile().sql;
  }

  async insert(tx: Tx, id: EventId, atMs: number, event: NewEvent): Promise<void> {
    const parameters = [id, atMs, event.type, event.subject, JSON.stringify(event.data)];
    await tx.run({ sql: this.#insert, parameters });
  }

  async list(reader: Reader, query: EventQuery): Promise<EventRecord[]> {
    let select = this.#queries
      .selectFrom('events_log')
      .selectAll()
      .orderBy('sequence', query.order === 'newest-first' ? 'desc' : 'asc')
      .limit(query.limit);
    if (query.subject !== undefined) select = select.where('subject', '=', query.subject);
    if (query.types !== undefined) select = select.where('type', 'in', query.types);
    if (query.after !== undefined) select = select.where('sequence', '>', query.after);
    if (query.before !== undefined) select = select.where('sequence', '<', query.before);
    return (await reader.all(select.compile())).map(toRecord);
  }

  async find(reader: Reader, id: EventId): Promise<EventRecord | undefined> {
    const row = await reader.first(this.#queries.selectFrom('events_log').selectAll().where('id', '=', id).compile());
    return row === undefined ? undefined : toRecord(row);
  }

  async lastSequence(reader: Reader): Promise<number> {
    const row = await reader.first(
      this.#queries.selectFrom('events_log').select('sequence').orderBy('sequence', 'desc').limit(1).compile(),
    );
    return row?.sequence ?? 0;
  }

  async cursor(reader: Reader, name: string): Promise<number> {
    const row = await reader.first(
      this.#queries.selectFrom('events_cursors').select('sequence').where('reader', '=', name).compile(),
    );
    return row?.sequence ?? 0;
  }

  async moveCursor(tx: Tx, name: string, sequence: number): Promise<void> {
    await tx.run(
      this.#queries
        .insertInto('events_cursors')
        .values({ reader: name, sequence })
        .onConflict((conflict) => conflict.column('reader').doUpdateSet({ sequence }))
        .compile(),
    );
  }
}

/** Rows were written by `insert` of this or an older version: their shape is what the table of types says. */
function toRecord(row: EventRow): EventRecord {
  return {
    sequence: row.sequence,
    id: row.id,
    atMs: row.at_ms,
    type: row.type,
    subject: row.subject,
    data: JSON.parse(row.data),
  } as EventRecord;
}
