/** From the JSON of a request to what outbound takes, or everything that is wrong with it and where. Pure. */
import { type Mailbox, parseMailbox } from '../../format/address.ts';
import { checkCompose } from '../../services/outbound/outbound.ts';
import type { SendRequest } from '../../services/outbound/types.ts';
import { pointerTo } from './answer.ts';
import type { SendEmail } from './schemas/emails.ts';
import type { ProblemError } from './schemas/problem.ts';

export type SendParsed =
  | { readonly ok: true; readonly request: Omit<SendRequest, 'idempotencyKey'> }
  | { readonly ok: false; readonly errors: readonly ProblemError[] };

type Content = SendRequest['content'];
type Attachment = NonNullable<SendEmail['attachments']>[number];

export function parseSend(body: SendEmail): SendParsed {
  const errors: ProblemError[] = [];
  const [from] = parseAddresses('from', body.from, errors);
  const content = {
    to: parseAddresses('to', body.to, errors),
    cc: parseAddresses('cc', body.cc, errors),
    replyTo: parseAddresses('reply_to', body.reply_to, errors),
    subject: body.subject,
    ...(body.text === undefined ? {} : { text: body.text }),
    ...(body.html === undefined ? {} : { html: body.html }),
    headers: Object.entries(body.headers ?? {}).map(([name, value]) => ({ name, value })),
    attachments: (body.attachments ?? []).map((attachment, index) => parseAttachment(attachment, index, errors)),
  } satisfies Omit<Content, 'from'>;
  const bcc = parseAddresses('bcc', body.bcc, errors);
  if (from) errors.push(...composeErrors({ from, ...content }));
  if (!from || errors.length > 0) return { ok: false, errors };
  const { tags = [], metadata = {}, stream } = body;
  const request = { content: { from, ...content }, bcc, tags, metadata, ...(stream !== undefined && { stream }) };
  return { ok: true, request };
}

function parseAddresses(
  member: string,
  given: string | readonly string[] | undefined,
  errors: ProblemError[],
): Mailbox[] {
  const mailboxes: Mailbox[] = [];
  for (const [index, text] of [given ?? []].flat().entries()) {
    const parsed = parseMailbox(text);
    if (parsed.ok) mailboxes.push(parsed.value);
    else {
      const pointer = typeof given === 'string' ? pointerTo(member) : pointerTo(member, index);
      errors.push({ pointer, detail: `is not an address: ${parsed.say}` });
    }
  }
  return mailboxes;
}

function parseAttachment(attachment: Attachment, index: number, errors: ProblemError[]) {
  const { filename, content_id: contentId, content_type: contentType = 'application/octet-stream' } = attachment;
  const content = fromBase64(attachment.content);
  if (!content) {
    errors.push({
      pointer: pointerTo('attachments', index, 'content'),
      detail: 'is not base64 in one line (RFC 4648 §4)',
    });
  }
  const disposition = attachment.disposition ?? (contentId === undefined ? 'attachment' : 'inline');
  return {
    content: content ?? new Uint8Array(),
    contentType,
    disposition,
    ...(filename === undefined ? {} : { filename }),
    ...(contentId === undefined ? {} : { contentId }),
  } as const;
}

/** RFC 4648 §3.3: what is not of the alphabet is refused, blanks and line ends too. */
function fromBase64(text: string): Uint8Array | undefined {
  if (/[^A-Za-z0-9+/=]/.test(text)) return undefined;
  try {
    return Uint8Array.fromBase64(text, { lastChunkHandling: 'strict' });
  } catch {
    return undefined;
  }
}

/** What only the writer of the message knows. It numbers the headers, the request names them. */
function composeErrors(content: Content): ProblemError[] {
  return checkCompose(content).map(({ pointer, say }) => {
    const index = /^\/headers\/(\d+)/.exec(pointer)?.[1];
    const header = index === undefined ? undefined : content.headers[Number(index)];
    return { pointer: header ? pointerTo('headers', header.name) : pointer, detail: say };
  });
}
