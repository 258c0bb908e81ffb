/** The log of what happened. */
import { type Static, Type } from 'typebox';
import { answerOf, idOf, line, moment, pageQuery } from './common.ts';

const filters = {
  types: Type.Optional(
    Type.Array(line(100, { description: 'A type.' }, 1), {
      maxItems: 50,
      description: 'Only events of these types; may be repeated, or separated by commas.',
      examples: [['email.delivered', 'email.bounced']],
    }),
  ),
  subject: Type.Optional(
    line(300, { description: 'Only what happened to this: the id of a message, or the name of a domain.' }, 1),
  ),
  after: Type.Optional(idOf('evt', 'Only what happened after this event.')),
};

export const ListEventsQuery = Type.Object(
  {
    ...pageQuery,
    ...filters,
    order: Type.Optional(
      Type.Enum(['oldest', 'newest'], { default: 'oldest', description: 'Which end of the log comes first.' }),
    ),
  },
  { additionalProperties: false },
);
export const StreamEventsQuery = Type.Object(filters, { additionalProperties: false });
export const EmailEventsQuery = Type.Object(pageQuery, { additionalProperties: false });

export const Event = answerOf('Event', 'Something that happened. docs/EVENTS.md lists the types and their data.', {
  object: Type.Literal('event'),
  id: idOf('evt', 'Give it as after, or as Last-Event-ID, to go on from here.'),
  type: Type.String({ examples: ['email.delivered'] }),
  at: moment('When.'),
  subject: Type.String({ description: 'What it happened to: the id of a message, or the name of a domain.' }),
  data: Type.Unsafe<Readonly<Record<string, unknown>>>({ type: 'object', description: 'Facts, by type.' }),
});
export type Event = Static<typeof Event>;
