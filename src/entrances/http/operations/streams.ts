/** Streams. */
import { pageOf } from '../schemas/common.ts';
import { SetStream, Stream } from '../schemas/streams.ts';
import type { Operation } from './types.ts';

export const streamsOperations = {
  listStreams: {
    method: 'GET',
    path: '/v1/streams',
    group: 'Streams',
    summary: 'List streams',
    says: 'Mail that names no stream is of the stream default, which is always there.',
    scopes: ['read'],
    wholeOffice: true,
    answer: { status: 200, says: 'All streams.', schema: pageOf(Stream) },
    problems: [],
  },
  getStream: {
    method: 'GET',
    path: '/v1/streams/{name}',
    group: 'Streams',
    summary: 'See a stream',
    says: '',
    scopes: ['read'],
    wholeOffice: true,
    answer: { status: 200, says: 'The stream.', schema: Stream },
    problems: ['not_found'],
  },
  setStream: {
    method: 'PUT',
    path: '/v1/streams/{name}',
    group: 'Streams',
    summary: 'Make or change a stream',
    says: 'What the request does not name stays as it is. With a min_score every message of the stream is scored before it is accepted.',
    scopes: ['admin'],
    wholeOffice: true,
    body: { type: 'application/json', schema: SetStream, large: false },
    answer: { status: 200, says: 'The stream.', schema: Stream },
    problems: ['not_found'],
  },
  deleteStream: {
    method: 'DELETE',
    path: '/v1/streams/{name}',
    group: 'Streams',
    summary: 'Remove a stream',
    says: 'Messages that name it are refused from now on. The stream default goes back to how it was at first.',
    scopes: ['admin'],
    wholeOffice: true,
    answer: { status: 204, says: 'Removed.' },
    problems: ['not_found'],
  },
} as const satisfies Record<string, Operation>;
