/** Test addresses. */
import { type Static, Type } from 'typebox';
import type { ScoreDocument } from '../../../services/advice/advice.ts';
import { answerOf, line, moment, requestOf, word } from './common.ts';
import { ScoreResult } from './score.ts';

export const NewTest = requestOf('NewTest', 'A test address that is wanted.', {
  domain: Type.Optional(
    line(
      253,
      { description: 'One whose mail comes to this office. Default: the first there is.', examples: ['example.com'] },
      1,
    ),
  ),
});

export const TestQuery = Type.Object(
  {
    timeout: Type.Optional(
      word('^[0-9]{1,6}(ms|s|m)$', 'a duration like 500ms, 30s or 1m', {
        description: 'Waits for a message at most so long, a minute at most. Default: answers at once.',
        examples: ['30s'],
      }),
    ),
  },
  { additionalProperties: false },
);

export const Test = answerOf('Test', 'An address to send a message to, and what that scored.', {
  object: Type.Literal('test'),
  id: Type.String({ description: 'Nobody can guess it; whoever has it may see the result.' }),
  address: Type.String({ examples: ['test-5f3a8c1e9d7b2a46@example.com'] }),
  url: Type.String({ description: 'The page that shows the result to people. No key is asked there.' }),
  created_at: moment('When it was made.'),
  expires_at: moment('Until when it takes mail and keeps its result.'),
  state: Type.Enum(['waiting', 'scored']),
  arrived_at: Type.Optional(moment('When the message came; the latest one counts.')),
  from: Type.Optional(Type.String({ description: 'Data of strangers: escape before showing.' })),
  subject: Type.Optional(Type.String({ description: 'Data of strangers, too.' })),
  session: Type.Optional(
    Type.Object({
      remote_address: Type.Optional(Type.String()),
      helo: Type.Optional(Type.String()),
      tls: Type.Optional(Type.String({ description: 'The version, or none.' })),
      mail_from: Type.String(),
    }),
  ),
  result: Type.Optional(Type.Unsafe<ScoreDocument>(ScoreResult)),
});
export type Test = Static<typeof Test>;
