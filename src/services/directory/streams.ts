/**
 * Streams: kinds of mail that an office keeps apart, each with rules of its own. A message names its stream; one that names none is of
 * the stream `default`, which is always there. They are asked for with every message, so they are kept until one changes, here or in
 * another process.
 */
import type { Kysely } from 'kysely';
import type { Clock } from '../../base/clock.ts';
import { accept, type Outcome, refuse } from '../../base/outcome.ts';
import type { Db } from '../../base/port/db.ts';
import { no, type StreamChange, type StreamRecord } from './types.ts';

export const defaultStream = 'default';

const streamsChannel = 'streams';
/** All of them are kept in memory. */
const streamsMax = 1_000;
const nameShape = /^[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?$/;
const scoreMax = 100;

type StreamTables = {
  directory_streams: {
    name: string;
    kind: string;
    min_score_tenths: number | null;
    when_unscored: string;
    created_at_ms: number;
  };
};

type StreamsPorts = { readonly db: Db; readonly clock: Clock };

export class Streams {
  readonly #ports: StreamsPorts;
  readonly #queries: Kysely<StreamTables>;
  #known: Promise<ReadonlyMap<string, StreamRecord>> | undefined;

  constructor(ports: StreamsPorts) {
    this.#ports = ports;
    this.#queries = ports.db.queries<StreamTables>();
    ports.db.onNotify(streamsChannel, () => {
      this.#known = undefined;
    });
  }

  /** By name, `default` first. */
  async all(): Promise<readonly StreamRecord[]> {
    const known = await this.#all();
    const others = [...known.values()].filter(({ name }) => name !== defaultStream);
    return [known.get(defaultStream) ?? unset(defaultStream), ...others];
  }

  async find(name: string): Promise<StreamRecord | undefined> {
    return (await this.#all()).get(name) ?? (name === defaultStream ? unset(defaultStream) : undefined);
  }

  /** Makes it where there is none; what the change does not name stays. */
  async set(
    name: string,
    change: StreamChange,
  ): Promise<Outcome<StreamRecord, 'bad-stream' | 'bad-score' | 'too-many-streams'>> {
    if (!nameShape.test(name))
      return refuse(
        'bad-stream',
        'A stream has a name of 1 to 64 of a-z 0-9 . _ - that begins and ends with a letter or digit.',
      );
    const { minScoreTenths } = change;
    if (typeof minScoreTenths === 'number' && !isScore(minScoreTenths)) return no('bad-score');
    return this.#ports.db.write(async (tx) => {
      const rows = await tx.all(this.#queries.selectFrom('directory_streams').selectAll().compile());
      const before = rows.map(recordOf).find((stream) => stream.name === name);
      if (before === undefined && rows.length >= streamsMax) return no('too-many-streams');
      const stream = changed(before ?? { ...unset(name), createdAtMs: this.#ports.clock.nowMs() }, change);
      const row = rowOf(stream);
      const { name: _, ...columns } = row;
      const insert = this.#queries.insertInto('directory_streams').values(row);
      await tx.run(insert.onConflict((conflict) => conflict.column('name').doUpdateSet(columns)).compile());
      tx.afterCommit(() => this.#ports.db.notify(streamsChannel));
      return accept(stream);
    });
  }

  /** False: there is none. `default` goes back to what it was at first. */
  async remove(name: string): Promise<boolean> {
    return this.#ports.db.write(async (tx) => {
      const removed = await tx.run(this.#queries.deleteFrom('directory_streams').where('name', '=', name).compile());
      tx.afterCommit(() => this.#ports.db.notify(streamsChannel));
      return removed > 0;
    });
  }

  #all(): Promise<ReadonlyMap<string, StreamRecord>> {
    if (this.#known) return this.#known;
    const select = this.#queries.selectFrom('directory_streams').selectAll().orderBy('name').limit(streamsMax);
    const reading = this.#ports.db.read(async (reader) => {
      const rows = await reader.all(select.compile());
      return new Map(rows.map((row) => [row.name, recordOf(row)]));
    });
    this.#known = reading;
    reading.catch(() => {
      if (this.#known === reading) this.#known = undefined;
    });
    return reading;
  }
}

function isScore(tenths: number): boolean {
  return Number.isInteger(tenths) && tenths >= 0 && tenths <= scoreMax;
}

function unset(name: string): StreamRecord {
  return { name, kind: 'ordinary', whenUnscored: 'send', createdAtMs: 0 };
}

function changed(before: StreamRecord, { kind, minScoreTenths, whenUnscored }: StreamChange): StreamRecord {
  const { minScoreTenths: minBefore, ...rest } = before;
  const min = minScoreTenths === undefined ? minBefore : (minScoreTenths ?? undefined);
  return {
    ...rest,
    ...(kind !== undefined && { kind }),
    ...(whenUnscored !== undefined && { whenUnscored }),
    ...(min !== undefined && { minScoreTenths: min }),
  };
}

function rowOf(stream: StreamRecord): StreamTables['directory_streams'] {
  return {
    name: stream.name,
    kind: stream.kind,
    min_score_tenths: stream.minScoreTenths ?? null,
    when_unscored: stream.whenUnscored,
    created_at_ms: stream.createdAtMs,
  };
}

function recordOf(row: StreamTables['directory_streams']): StreamRecord {
  return {
    name: row.name,
    kind: row.kind as StreamRecord['kind'],
    ...(row.min_score_tenths !== null && { minScoreTenths: row.min_score_tenths }),
    whenUnscored: row.when_unscored as StreamRecord['whenUnscored'],
    createdAtMs: row.created_at_ms,
  };
}
