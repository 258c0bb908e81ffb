/** Mail that has arrived. */
import { type Static, Type } from 'typebox';
import { answerOf, idOf, line, moment, pageQuery } from './common.ts';

export const ListInboxQuery = Type.Object(
  {
    ...pageQuery,
    mailbox: Type.Optional(
      line(
        320,
        { description: 'Only mail in the mailbox that this address leads to.', examples: ['ann@example.com'] },
        1,
      ),
    ),
    folder: Type.Optional(Type.Enum(['INBOX', 'Junk'], { description: 'Only mail in this folder.' })),
  },
  { additionalProperties: false },
);

export const ReceivedEmail = answerOf('ReceivedEmail', 'A message in a mailbox of this office.', {
  object: Type.Literal('received_email'),
  id: idOf('msg', 'Names it in this API.'),
  mailbox_id: Type.String(),
  folder: Type.Enum(['INBOX', 'Junk']),
  uid: Type.Integer({ description: 'Its number in the folder.' }),
  received_at: moment('When it arrived.'),
  mail_from: Type.String({ description: 'Envelope sender; empty for none.' }),
  recipient: Type.String({ description: 'The address it was sent to.' }),
  from: Type.Union([Type.String(), Type.Null()], {
    description: 'The author whose authentication was judged; null when the message does not name exactly one.',
  }),
  subject: Type.String({ description: 'Data of strangers: escape before showing.' }),
  size: Type.Integer({ description: 'Octets.' }),
  verdicts: Type.Unsafe<Readonly<Record<string, string>>>({
    type: 'object',
    additionalProperties: { type: 'string' },
    description: 'What authentication said.',
    examples: [{ spf: 'pass', dkim: 'pass', dmarc: 'pass' }],
  }),
});
export type ReceivedEmail = Static<typeof ReceivedEmail>;
