/**
 * A query built and compiled once, run with new values each time: Kysely takes 20 to 60 µs to build and compile one, SQLite 1 to
 * 12 to run it. For queries that every message asks; the others are compiled where they stand.
 */
import type { CompiledQuery } from 'kysely';
import { Bug } from '../outcome.ts';
import type { Statement } from './db.ts';

/**
 * @param build makes the query of values it does not look at: what it gets are placeholders, to be passed on to Kysely one by one
 *   (a whole row: `columnsOf`). Values it puts in itself stay as they are.
 */
export function compileOnce<Values extends object, Row>(
  build: (value: Values) => { readonly compile: () => CompiledQuery<Row> },
): (values: Values) => Statement<Row> {
  const names = new Map<unknown, keyof Values>();
  const placeholders = new Proxy({} as Values, {
    get: (_, name) => {
      const placeholder = Symbol(String(name));
      names.set(placeholder, name as keyof Values);
      return placeholder;
    },
  });
  const { sql, parameters } = build(placeholders).compile();
  const places = parameters.map((parameter) => ({ name: names.get(parameter), parameter }));
  const used = new Set(places.map(({ name }) => name));
  for (const name of names.values())
    if (!used.has(name)) throw new Bug(`${String(name)} is no parameter of the statement: ${sql}`);
  return (values) => ({
    sql,
    parameters: places.map(({ name, parameter }) => (name === undefined ? parameter : values[name])),
  });
}

/** The columns of a row, each with its value; the table names every column, so that none is forgotten. */
export function columnsOf<Row extends object>(row: Row, columns: Readonly<Record<keyof Row, true>>): Row {
  return Object.fromEntries(Object.keys(columns).map((column) => [column, row[column as keyof Row]])) as Row;
}
