/** What is sent: the request, and what became of it. */
import { type Static, Type } from 'typebox';
import { recipientStates } from '../../../services/outbound/types.ts';
import { answerOf, idOf, line, lines, moment, pageQuery, requestOf, text, texts, word } from './common.ts';

const anAddress = {
  most: 998,
  least: 1,
  description: 'An address, with or without a name.',
  examples: ['Ann Example <ann@example.com>'],
};

function addresses(most: number, description: string) {
  return lines(anAddress, { most, description });
}

const Attachment = requestOf('Attachment', 'A file that travels with the message.', {
  filename: Type.Optional(line(255, { description: 'As it is shown to the reader.', examples: ['bill.pdf'] }, 1)),
  content: Type.String({ description: 'The file in base64 (RFC 4648 §4), in one line.', 'x-rule': 'base64' }),
  content_type: Type.Optional(
    line(200, { description: 'Default: application/octet-stream.', examples: ['application/pdf'] }, 3),
  ),
  content_id: Type.Optional(
    line(200, { description: 'For links of the form cid:... in html, without brackets.', examples: ['logo'] }, 1),
  ),
  disposition: Type.Optional(
    Type.Enum(['attachment', 'inline'], { description: 'Default: inline with a content_id, else attachment.' }),
  ),
});

export const SendEmail = requestOf('SendEmail', 'One message. At least one of to, cc and bcc names a recipient.', {
  from: line(
    998,
    {
      description: 'The author: one address at a verified domain of this office.',
      examples: ['Hello <hello@example.com>'],
    },
    1,
  ),
  to: Type.Optional(addresses(1_000, 'Recipients whom everybody sees.')),
  cc: Type.Optional(addresses(1_000, 'Further recipients whom everybody sees.')),
  bcc: Type.Optional(addresses(1_000, 'Recipients whom nobody sees.')),
  reply_to: Type.Optional(addresses(20, 'Where answers go, if not to the author.')),
  subject: line(998, { description: 'Subject, in any script. May be empty.' }),
  text: Type.Optional(text({ description: 'The message as plain text.' })),
  html: Type.Optional(text({ description: 'The message as HTML.' })),
  headers: Type.Optional(
    texts(line(998, { description: 'Value.' }), {
      most: 100,
      description:
        'Further header fields. Those that the office writes itself (From, Date, Message-ID, Received, DKIM-Signature, Content-* ...) are refused.',
      examples: [{ 'X-Order': '1234' }],
    }),
  ),
  attachments: Type.Optional(Type.Array(Attachment, { maxItems: 100 })),
  stream: Type.Optional(
    line(64, { description: 'The stream it is of, with rules of its own. Default: default.', examples: ['news'] }, 1),
  ),
  tags: Type.Optional(
    Type.Array(line(64, { description: 'A label.' }, 1), {
      maxItems: 20,
      description: 'Labels of yours, for lists and events. Not part of the message.',
    }),
  ),
  metadata: Type.Optional(
    texts(line(500, { description: 'Value.' }), {
      names: '^[A-Za-z0-9_.-]{1,64}$',
      rule: '1 to 64 of A-Z a-z 0-9 _ . -',
      most: 50,
      description: 'Facts of yours, given back with the message. Not part of it.',
    }),
  ),
});
export type SendEmail = Static<typeof SendEmail>;

const waitGoals = ['accepted', 'settled', 'delivered'] as const;
export type WaitGoal = (typeof waitGoals)[number];

/** For every request that answers with one message. */
const waitQuery = {
  wait: Type.Optional(
    Type.Enum([...waitGoals], {
      default: 'accepted',
      description:
        'When to answer. accepted: at once. settled: when every recipient has an end. delivered: when all of them have got it, or one cannot get it any more.',
    }),
  ),
  timeout: Type.Optional(
    word('^[0-9]{1,6}(ms|s|m)$', 'a duration like 500ms, 30s or 1m', {
      description: 'Longest wait; more than a minute counts as a minute. Then the answer tells how things stand.',
      examples: ['30s'],
    }),
  ),
};

export const WaitQuery = Type.Object(waitQuery, { additionalProperties: false });

const streamName = line(
  64,
  { description: 'The stream it is of, where the field Posthorn-Stream of the message names none.' },
  1,
);

export const RawQuery = Type.Object(
  {
    from: Type.Optional(line(320, { description: 'Envelope sender, empty for none. Default: the author.' })),
    to: Type.Optional(
      Type.Array(line(320, { description: 'An address.' }, 1), {
        maxItems: 1_000,
        description: 'Envelope recipient; may be repeated. Default: everybody in To, Cc and Bcc.',
      }),
    ),
    stream: Type.Optional(streamName),
    ...waitQuery,
  },
  { additionalProperties: false },
);

const followLinks = Type.Optional(
  Type.Boolean({
    description:
      'Whether its links are followed, to see whether they lead to pages (at most 20, and 20 seconds longer). Those that act for their reader, such as unsubscribing, are left. Default: false.',
  }),
);

export const CheckQuery = Type.Object({ follow_links: followLinks }, { additionalProperties: false });

export const CheckRawQuery = Type.Object(
  { stream: Type.Optional(streamName), follow_links: followLinks },
  { additionalProperties: false },
);

export const ListEmailsQuery = Type.Object(
  { ...pageQuery, open: Type.Optional(Type.Boolean({ description: 'Only messages that are still on their way.' })) },
  { additionalProperties: false },
);

const Reply = answerOf('Reply', 'What the receiving server said.', {
  code: Type.Integer({ description: 'SMTP reply code; 0 when the answer was no SMTP reply.' }),
  enhanced: Type.Optional(Type.String({ description: 'Enhanced status code (RFC 3463).', examples: ['5.1.1'] })),
  text: Type.String({ description: 'Its own words. Data of strangers: escape before showing.' }),
  stage: Type.String({ description: 'What it was asked: connect, greeting, ehlo, starttls, mail, rcpt, data ...' }),
});

const Refusal = answerOf('Refusal', 'What the words of a receiver mean.', {
  receiver: Type.Optional(
    Type.String({ description: 'Whose words they are, where that is known.', examples: ['Gmail'] }),
  ),
  kind: Type.String({
    description:
      'authentication, address, mailbox, content, reputation, rate, host, encryption, setup, permission or trouble.',
  }),
  meaning: Type.String({ description: 'In a sentence, for people who know no RFC.' }),
  steps: Type.Array(Type.String(), { description: 'What to do, in order.' }),
  checks: Type.Array(Type.String(), { description: 'Checks of the domain doctor that look at the cause.' }),
  again: Type.String({
    description: 'Whether to send it again: by-itself (the queue does), by-hand, once-mended, never or ask-recipient.',
  }),
});

export type Refusal = Static<typeof Refusal>;

export const Recipient = answerOf('Recipient', 'One recipient of a message.', {
  delivery_id: idOf('del', 'The delivery: this message to this recipient.'),
  address: Type.String(),
  state: Type.Enum([...recipientStates], {
    description:
      'queued: not tried yet. delayed: tried, and tried again at next_try_at. delivered: the receiving server took it. bounced: it refused for good. failed: given up. unsure: handed over, no answer. cancelled: called off.',
  }),
  tries: Type.Integer({ description: 'How often it was tried so far.' }),
  next_try_at: Type.Optional(moment('When it is tried again.')),
  settled_at: Type.Optional(moment('When it came to its end.')),
  host: Type.Optional(Type.String({ description: 'The server that answered.' })),
  reply: Type.Optional(Reply),
  refusal: Type.Optional(Refusal),
  say: Type.String({ description: 'One sentence for people, with the words of the receiver where it answered.' }),
});
export type Recipient = Static<typeof Recipient>;

export const Email = answerOf('Email', 'A message and where each of its recipients stands.', {
  object: Type.Literal('email'),
  id: idOf('em', 'Names the message in this API.'),
  created_at: moment('When it was accepted.'),
  account: Type.String({ description: 'The key or login that sent it.' }),
  from: Type.String({ description: 'The author, as address.' }),
  mail_from: Type.String({ description: 'The envelope sender that was asked for; empty for none.' }),
  subject: Type.String(),
  message_id: Type.String({ description: 'The Message-ID field.' }),
  size: Type.Integer({ description: 'Octets of the message as it is sent.' }),
  tags: Type.Array(Type.String()),
  metadata: Type.Unsafe<Readonly<Record<string, string>>>({
    type: 'object',
    additionalProperties: { type: 'string' },
  }),
  settled: Type.Boolean({ description: 'Every recipient has an end.' }),
  recipients: Type.Array(Recipient),
});
export type Email = Static<typeof Email>;

export const TimelineStep = answerOf('TimelineStep', 'One step in the life of a message.', {
  at: moment('When.'),
  step: Type.String({
    description: 'accepted, signed, route, connected, tls, reply, retry, settled, bounce.',
  }),
  recipient: Type.Optional(Type.String({ description: 'Whose delivery it is about; absent when all are meant.' })),
  say: Type.String({ description: 'What happened, in words for people.' }),
});
export type TimelineStep = Static<typeof TimelineStep>;
