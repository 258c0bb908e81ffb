/** The journal's lines in the office's database. */
import type { Db } from '../../../base/port/db.ts';
import type { JournalLine, JournalLines } from './types.ts';

type Tables = {
  setup_publications: { sequence?: number; domain: string; at_ms: number; line: string };
};

export function publicationStore(db: Pick<Db, 'queries' | 'read' | 'write'>, where: string): JournalLines {
  const queries = db.queries<Tables>();
  return {
    where,
    append: async (line) => {
      const row = { domain: line.domain, at_ms: line.atMs, line: JSON.stringify(line) };
      await db.write((tx) => tx.run(queries.insertInto('setup_publications').values(row).compile()));
    },
    read: async (domain) => {
      const select = queries.selectFrom('setup_publications').select('line').where('domain', '=', domain);
      const rows = await db.read((reader) => reader.all(select.orderBy('sequence').compile()));
      return rows.map(({ line }) => JSON.parse(line) as JournalLine);
    },
  };
}
