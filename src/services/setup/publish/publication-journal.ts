/**
 * The journal of publications, over lines that are only ever added: one when a publication begins, with what was there before and
 * what is to be, and one for each thing that became of it. Where the lines are kept is a port: a table of the office, or a file.
 */
import type { Clock } from '../../../base/clock.ts';
import type { Ids } from '../../../base/id.ts';
import type { JournalLine, JournalLines, Publication, PublicationJournal } from './types.ts';

export function createJournal(ports: {
  readonly lines: JournalLines;
  readonly clock: Clock;
  readonly ids: Ids;
}): PublicationJournal {
  const { lines, clock, ids } = ports;
  return {
    where: lines.where,
    begin: async (publication) => {
      const id = ids.next('pub');
      await lines.append({ ...publication, id, atMs: clock.nowMs(), kind: 'begun' });
      return id;
    },
    note: (id, domain, state, say) =>
      lines.append({ id, domain, atMs: clock.nowMs(), kind: 'became', state, ...(say === undefined ? {} : { say }) }),
    list: async (domain) => publicationsIn(await lines.read(domain)),
  };
}

/** Newest first. A line about a publication that never began says nothing. */
function publicationsIn(lines: readonly JournalLine[]): readonly Publication[] {
  const found = new Map<string, Publication>();
  for (const line of lines) {
    if (line.kind === 'begun') {
      const { kind: _, ...publication } = line;
      found.set(line.id, { ...publication, state: 'begun' });
      continue;
    }
    const known = found.get(line.id);
    if (known === undefined) continue;
    const { say: _, ...before } = known;
    found.set(line.id, { ...before, state: line.state, ...(line.say === undefined ? {} : { say: line.say }) });
  }
  return [...found.values()].reverse();
}
