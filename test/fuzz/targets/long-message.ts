/** A message read in pieces, its body left where it lies, has the header that the whole has; and not a single octet is lost between. */
import assert from 'node:assert/strict';
import { latin1 } from '../../../src/base/bytes.ts';
import { fieldBody, indexMessage, type MessageIndex } from '../../../src/format/message/message-index.ts';
import { openLongMessage } from '../../../src/protocol/long-message.ts';
import { readAuthor, readSendersBeside } from '../../../src/protocol/read-author.ts';
import { findIndirectTraces, isLooping } from '../../../src/services/inbound/find-traces.ts';
import { chunksOf, type FuzzTarget, type Outcome } from '../target.ts';

export const longMessage: FuzzTarget = {
  name: 'long-message',
  octetsMax: 16_384,
  msMax: 60, // up to 5,000 pieces, each awaited
  seeds: () => [
    'From: a@example.com\r\nSubject: x\r\n\r\nbody\r\n',
    '\r\nbody',
    'From: a@example.com\r\nSender: b@example.net, c@example.org\r\nResent-From: <d@example.net>\r\n\r\n',
    'Received: x\r\nDelivered-To: A@Example.com\r\nList-Id: <x>\r\nFrom: a@example.com\r\n\r\n\r\n\r\n.',
    ' From: a@example.com\r\nno colon\r\nFrom : b@example.com\r\n\r\nx',
    'From: a@example.com\n\nx\r\n\r\ny',
  ],
  dictionary: [
    '\r\n\r\n',
    '\r\n',
    '\n\n',
    '\r\r',
    '\r',
    '\n',
    'From: ',
    'Sender: ',
    'Resent-From: ',
    ' ',
    '\t',
    ':',
    '@example.com',
    '\0',
    ',',
  ],
  separators: ['\r\n', ':', ','],
  open: () => ({ run }),
};

async function run(input: Uint8Array): Promise<Outcome> {
  const long = await openLongMessage({
    size: input.length,
    chunks: async function* (from = 0) {
      yield* chunksOf(input.subarray(from));
    },
  });
  if (long === undefined) return 'as a whole';
  const whole = indexMessage(input);
  const { header, body } = long;
  assert.deepEqual(fieldsOf(header), fieldsOf(whole));
  assert.equal(header.bytes.length, whole.bodyStart);
  assert.equal(body.size, input.length - whole.bodyStart);
  const pieces: Uint8Array[] = [];
  for await (const piece of body.chunks()) pieces.push(piece);
  assert.ok(Buffer.concat(pieces).equals(input.subarray(whole.bodyStart)), 'the body begins elsewhere');
  const [author, beside] = [readAuthor(header), readSendersBeside(header)];
  assert.deepEqual([author, beside], [readAuthor(whole), readSendersBeside(whole)]);
  assert.deepEqual(findIndirectTraces(header), findIndirectTraces(whole));
  const domains = beside.map(({ domains: each }) => each?.length ?? -1);
  assert.ok(domains.every((count) => count <= 10));
  return [author.kind, header.problems[0]?.code, isLooping(header, ['a@example.com']), ...domains.slice(0, 3)].join(
    ' ',
  );
}

function fieldsOf(index: MessageIndex): string[] {
  return index.fields.map((field) => `${field.name}:${latin1(fieldBody(index, field))}`);
}
