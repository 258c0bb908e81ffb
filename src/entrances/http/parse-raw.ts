/** From a whole message and the query to what outbound takes: the envelope comes from the query, else from the header. */
import { createHash } from 'node:crypto';
import { accept, type Outcome, refuse } from '../../base/outcome.ts';
import type { Spooled } from '../../base/port/blobs.ts';
import { type Mailbox, mailboxesOf, parseAddressList, parseFromFields, parseMailbox } from '../../format/address.ts';
import { normaliseLineEnds } from '../../format/line-ends.ts';
import { fieldBody, fieldsNamed, indexMessage, type MessageIndex } from '../../format/message/message-index.ts';
import { openLongMessage } from '../../protocol/long-message.ts';
import type { RawRequest } from '../../services/outbound/types.ts';
import type { ProblemError } from './schemas/problem.ts';

export type RawEnvelope = Pick<RawRequest, 'mailFrom' | 'recipients' | 'body'>;

/** What the query says itself. */
export type GivenEnvelope = { readonly from?: Mailbox | 'nobody'; readonly to?: readonly Mailbox[] };

export function parseGivenEnvelope(query: { readonly from?: string; readonly to?: readonly string[] }): {
  readonly envelope: GivenEnvelope;
  readonly errors: readonly ProblemError[];
} {
  const errors: ProblemError[] = [];
  const parse = (parameter: string, text: string): Mailbox[] => {
    const parsed = parseMailbox(text);
    if (parsed.ok) return [parsed.value];
    errors.push({ parameter, detail: `is not an address: ${parsed.say}` });
    return [];
  };
  const [from] = query.from === undefined ? [] : query.from === '' ? ['nobody' as const] : parse('from', query.from);
  const to = query.to?.flatMap((text) => parse('to', text));
  return { envelope: { ...(from && { from }), ...(to && { to }) }, errors };
}

/** @param body with CRLF line ends */
export async function parseRaw(
  body: Spooled,
  given: GivenEnvelope,
): Promise<Outcome<RawEnvelope, 'message-malformed' | 'from-unclear'>> {
  const index = (await openLongMessage(body))?.header ?? indexMessage(await body.read());
  const recipients = given.to === undefined ? recipientsIn(index) : accept(given.to);
  if (!recipients.ok) return recipients;
  if (given.from === 'nobody') return accept({ mailFrom: undefined, recipients: recipients.value, body });
  if (given.from) return accept({ mailFrom: given.from, recipients: recipients.value, body });
  const author = parseFromFields(fieldsNamed(index, 'from').map((field) => fieldBody(index, field)));
  if (author.kind !== 'one')
    return refuse('from-unclear', `The From field does not name exactly one author: ${author.why}.`);
  return accept({ mailFrom: author.first, recipients: recipients.value, body });
}

function recipientsIn(index: MessageIndex): Outcome<readonly Mailbox[], 'message-malformed'> {
  const recipients: Mailbox[] = [];
  for (const name of ['to', 'cc', 'bcc'] as const) {
    for (const field of fieldsNamed(index, name)) {
      const list = parseAddressList(fieldBody(index, field));
      if (!list.ok) return refuse('message-malformed', `The ${name} field is not a list of addresses: ${list.say}.`);
      recipients.push(...mailboxesOf(list.value));
    }
  }
  return accept(recipients);
}

/** A message that is in memory already, counted and limited: no file needs to hold it. MAIL_RULES 13: CRLF before queue and signature */
export function inMemory(message: Uint8Array): Outcome<Spooled, 'message-malformed'> {
  const lines = normaliseLineEnds(message);
  if (!lines.ok) return refuse('message-malformed', `A lone CR ends no line: ${lines.say}.`);
  const bytes = lines.value;
  return accept({
    size: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    inMemory: true,
    read: async () => bytes,
    chunks: async function* (from = 0) {
      yield bytes.subarray(from);
    },
    discard: async () => {},
  });
}
