/** How the API says no: RFC 9457. */
import { type Static, Type } from 'typebox';
import { answerOf } from './common.ts';
import { ScoreRefusal } from './score.ts';

export const ProblemError = answerOf('ProblemError', 'One thing that is wrong, and where.', {
  pointer: Type.Optional(
    Type.String({ description: 'JSON pointer (RFC 6901) into the body.', examples: ['/to/0', '/headers/X-Order'] }),
  ),
  parameter: Type.Optional(Type.String({ description: 'Name of a query parameter or header.', examples: ['timeout'] })),
  detail: Type.String({ description: 'What is wrong with it.' }),
});
export type ProblemError = Static<typeof ProblemError>;

export const Problem = answerOf('Problem', 'Why the request was not carried out.', {
  type: Type.String({ description: 'A page about problems of this kind.', examples: ['/problems/validation_failed'] }),
  title: Type.String(),
  status: Type.Integer(),
  detail: Type.String({ description: 'What happened this time, in words for people.' }),
  code: Type.String({ description: 'For programs; the list is at /problems.', examples: ['validation_failed'] }),
  fix: Type.Optional(Type.String({ description: 'What to do about it.' })),
  errors: Type.Optional(Type.Array(ProblemError)),
  score: Type.Optional(ScoreRefusal),
  request_id: Type.String({ description: 'Also in the X-Request-Id header and in the log of the office.' }),
});
export type Problem = Static<typeof Problem>;
