/** What happened. */
import { pageOf } from '../schemas/common.ts';
import { Event, ListEventsQuery, StreamEventsQuery } from '../schemas/events.ts';
import type { Operation } from './types.ts';

export const eventsOperations = {
  listEvents: {
    method: 'GET',
    path: '/v1/events',
    group: 'Events',
    summary: 'List events',
    says: 'From the beginning or after an event, or the newest first. When next_cursor of the oldest first is null, go on later with after = the id of the last event.',
    scopes: ['read'],
    wholeOffice: true,
    query: ListEventsQuery,
    answer: { status: 200, says: 'A page of events.', schema: pageOf(Event) },
    problems: [],
  },
  streamEvents: {
    method: 'GET',
    path: '/v1/events/stream',
    group: 'Events',
    summary: 'Follow events',
    says: 'Server-sent events: id, event (the type) and data (the event as JSON). Begins with what happens from now on, or after the event named by after or by the Last-Event-ID header.',
    scopes: ['read'],
    wholeOffice: true,
    query: StreamEventsQuery,
    answer: { status: 200, says: 'Events as they happen.', type: 'text/event-stream' },
    problems: ['too_many_streams'],
  },
} as const satisfies Record<string, Operation>;
