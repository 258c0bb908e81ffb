/** Streams of the office. */
import { bytes, json, problem } from '../answer.ts';
import { onePage } from '../cursor.ts';
import type { Handlers } from '../operations.ts';
import type { HttpPorts } from '../ports.ts';
import { readStreamChange, showStream } from '../show-stream.ts';
import { notFound } from './emails.ts';

type StreamOperations = 'listStreams' | 'getStream' | 'setStream' | 'deleteStream';

export function streamHandlers({ directory: { streams } }: HttpPorts): Handlers<StreamOperations> {
  return {
    listStreams: async () => json(200, onePage((await streams.all()).map(showStream))),

    getStream: async ({ names: { name } }) => {
      const stream = await streams.find(name);
      return stream ? json(200, showStream(stream)) : notFound(name);
    },

    setStream: async ({ names: { name }, body }) => {
      const set = await streams.set(name, readStreamChange(body));
      if (set.ok) return json(200, showStream(set.value));
      if (set.code === 'bad-stream') return problem('not_found', { detail: set.say });
      const pointer = set.code === 'bad-score' ? '/min_score' : '';
      return problem('validation_failed', { errors: [{ pointer, detail: set.say }] });
    },

    deleteStream: async ({ names: { name } }) => ((await streams.remove(name)) ? bytes(204, null, {}) : notFound(name)),
  };
}
