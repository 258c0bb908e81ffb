/** Streams: mail that is kept apart, with rules of its own. */
import { type Static, Type } from 'typebox';
import { streamKinds } from '../../../services/directory/types.ts';
import { answerOf, moment, requestOf } from './common.ts';

const kind = Type.Enum([...streamKinds], {
  description: 'bulk: to many. The rules of receivers for newsletters count.',
});
const whenUnscored = Type.Enum(['send', 'refuse'], {
  description: 'What becomes of a message whose score could not be told in time.',
});
const minScore = Type.Unsafe<number | null>({
  type: ['number', 'null'],
  minimum: 0,
  maximum: 10,
  description: 'A message that would be scored lower is refused; null: none is. At most one decimal.',
  examples: [8],
});

export const SetStream = requestOf('SetStream', 'What is to change of a stream; the rest stays.', {
  kind: Type.Optional(kind),
  min_score: Type.Optional(minScore),
  when_unscored: Type.Optional(whenUnscored),
});
export type SetStream = Static<typeof SetStream>;

export const Stream = answerOf('Stream', 'A kind of mail that is kept apart.', {
  object: Type.Literal('stream'),
  name: Type.String({ description: 'Messages name it: the member stream, or the header field Posthorn-Stream.' }),
  kind,
  min_score: minScore,
  when_unscored: whenUnscored,
  created_at: Type.Optional(moment('When it was made; the stream default was always there.')),
});
export type Stream = Static<typeof Stream>;
