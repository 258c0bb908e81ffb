/** The log: page by page, or as a stream. */
import { isId } from '../../../base/id.ts';
import { Holdings } from '../../../base/limits.ts';
import { nearest } from '../../../base/nearest.ts';
import { type EventRecord, type EventType, eventTypes, isEventType } from '../../../services/events/types.ts';
import { bytes, json, type ProblemAnswer, problem } from '../answer.ts';
import { page, pageSizeDefault } from '../cursor.ts';
import { eventStream } from '../event-stream.ts';
import type { HttpLimits } from '../limits.ts';
import type { Handlers } from '../operations.ts';
import type { HttpPorts } from '../ports.ts';
import { showEvent } from '../show.ts';

type Filters = { readonly types?: readonly string[]; readonly subject?: string };
type FiltersRead =
  | { readonly ok: true; readonly value: { readonly types?: readonly EventType[]; readonly subject?: string } }
  | { readonly ok: false; readonly problem: ProblemAnswer };

export function eventHandlers(ports: HttpPorts, limits: HttpLimits): Handlers<'listEvents' | 'streamEvents'> {
  const { events, db, timers } = ports;
  const streams = new Holdings();

  return {
    listEvents: async ({ query }) => {
      const filters = readFilters(query);
      if (!filters.ok) return filters.problem;
      const { limit = pageSizeDefault, cursor, after, order = 'oldest' } = query;
      const last = cursor === undefined ? undefined : await eventOf(ports, cursor);
      if (cursor !== undefined && !last) return unknownEvent('cursor');
      const from = after === undefined ? undefined : await eventOf(ports, after);
      if (after !== undefined && !from) return unknownEvent('after');
      const place = placeIn(order, last, from);
      const found = await db.read((reader) => events.list(reader, { ...filters.value, ...place, limit: limit + 1 }));
      return json(
        200,
        page(found, limit, showEvent, (event) => event.id),
      );
    },

    streamEvents: async ({ principal, query, headers, signal }) => {
      const filters = readFilters(query);
      if (!filters.ok) return filters.problem;
      const lastSeen = headers.get('last-event-id') || undefined;
      const start = lastSeen ?? query.after; // a client that comes back knows more than its first request did
      const from = start === undefined ? undefined : await eventOf(ports, start);
      if (start !== undefined && !from) return unknownEvent(lastSeen === undefined ? 'after' : 'Last-Event-ID');
      const release = streams.take(principal.account, limits.streams_per_key, limits.streams);
      if (!release) return problem('too_many_streams', { headers: { 'Retry-After': '10' } });
      const after = from ? from.sequence : await db.read((reader) => events.lastSequence(reader));
      const follow = (ended: AbortSignal) => events.follow({ ...filters.value, after, signal: ended });
      return bytes(200, eventStream({ follow, timers, signal, release }), {
        'Content-Type': 'text/event-stream',
        'X-Accel-Buffering': 'no', // nginx would hold events back
      });
    },
  };
}

/** By its id; cursors of event lists are ids too. */
export async function eventOf(ports: Pick<HttpPorts, 'events' | 'db'>, id: string): Promise<EventRecord | undefined> {
  return isId('evt', id) ? ports.db.read((reader) => ports.events.find(reader, id)) : undefined;
}

function unknownEvent(parameter: string): ProblemAnswer {
  const errors = [{ parameter, detail: 'must be the id of an event of this office' }];
  return problem('parameter_invalid', { errors });
}

/** The part of the log that a page is cut from: a cursor is the last event of the page before. */
function placeIn(order: 'oldest' | 'newest', last: EventRecord | undefined, from: EventRecord | undefined) {
  if (order === 'oldest') {
    const begin = last ?? from;
    return begin ? { after: begin.sequence } : {};
  }
  return {
    order: 'newest-first' as const,
    ...(last && { before: last.sequence }),
    ...(from && { after: from.sequence }),
  };
}

function readFilters(query: Filters): FiltersRead {
  const types: EventType[] = [];
  for (const name of (query.types ?? []).flatMap((names) => names.split(','))) {
    if (!isEventType(name)) {
      const like = nearest(name, Object.keys(eventTypes));
      const detail = `is not a type of event${like === undefined ? '' : `; did you mean ${like}?`}`;
      return { ok: false, problem: problem('parameter_invalid', { errors: [{ parameter: 'types', detail }] }) };
    }
    types.push(name);
  }
  const { subject } = query;
  return {
    ok: true,
    value: { ...(types.length === 0 ? {} : { types }), ...(subject === undefined ? {} : { subject }) },
  };
}
