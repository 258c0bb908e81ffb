/**
 * Makes a message of the fields of an API request. Every top-level field is written by our own header writer; the MIME
 * tree below is MailComposer's, and only its Content-* fields and body are taken over. (MailComposer cleans what we
 * refuse: it turns line breaks in values into blanks, parses addresses a second time and keeps U-labels beside UTF-8
 * local parts.) The result is indexed again before anybody signs it. Bcc is no part of a message and never gets here.
 */
import { createHash } from 'node:crypto';
import MailComposer from 'nodemailer/lib/mail-composer';
import { asBuffer, concat, fromLatin1 } from '../../base/bytes.ts';
import { accept, invariant, type Outcome, refuse } from '../../base/outcome.ts';
import { formatDate } from '../../format/date.ts';
import {
  type FieldKind,
  type HeaderRefusal,
  refuseFieldName,
  refuseFieldValue,
  writeAddressField,
  writeHeaderField,
} from '../../format/header-writer.ts';
import { crlfText, type LineFacts, normaliseLineEnds, watchLines } from '../../format/line-ends.ts';
import type { Mailbox } from '../../format/mailbox.ts';
import {
  bodyBytes,
  headerLimits,
  indexMessage,
  type MessageIndex,
  rawField,
} from '../../format/message/message-index.ts';
import { parseParameterised } from '../../format/mime/content-type.ts';
import { toSevenBit } from '../../format/mime/seven-bit.ts';

export type ComposeAttachment = {
  readonly content: Uint8Array;
  readonly filename?: string;
  /** `type/subtype`, parameters allowed. */
  readonly contentType: string;
  readonly disposition: 'attachment' | 'inline';
  /** For `cid:` links of the HTML, without angle brackets. */
  readonly contentId?: string;
};

export type ComposeRequest = {
  readonly from: Mailbox;
  readonly to: readonly Mailbox[];
  readonly cc: readonly Mailbox[];
  readonly replyTo: readonly Mailbox[];
  readonly subject: string;
  readonly text?: string;
  readonly html?: string;
  /** Further fields in their order; a name may come twice where RFC 5322 lets it. */
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  readonly attachments: readonly ComposeAttachment[];
};

export type ComposeContext = {
  /** With angle brackets. Must not be guessable: the boundaries come from it. */
  readonly messageId: string;
  readonly dateMs: number;
};

export type ComposeRefusal =
  | HeaderRefusal
  | 'reserved-header'
  | 'repeated-header'
  | 'header-too-large'
  | 'bad-content-type'
  | 'bad-content-id'
  | 'bad-filename'
  | 'nul';

/** `pointer` is a JSON pointer (RFC 6901) into the request as the API spells it. */
export type ComposeProblem = { readonly pointer: string; readonly code: ComposeRefusal; readonly say: string };

/** Fields that the office writes, that tell where a message came from, or that name its author. */
const reservedFields = new Set([
  ...['from', 'to', 'cc', 'bcc', 'reply-to', 'subject', 'date', 'message-id', 'sender', 'return-path', 'received'],
  ...['mime-version', 'dkim-signature', 'domainkey-signature', 'authentication-results', 'delivered-to'],
  ...['received-spf', 'x-original-to', 'envelope-to', 'apparently-to', 'disposition-notification-to'],
]);
const reservedPrefixes = ['arc-', 'resent-', 'content-', 'posthorn-'];

/** Fields whose value is syntax, not text: they cannot hold encoded words, and there is at most one of each. */
const structuredFields = new Set([
  ...['in-reply-to', 'references', 'auto-submitted', 'precedence', 'priority', 'importance', 'x-priority'],
  ...['feedback-id', 'require-recipient-valid-since', 'tls-required', 'expires', 'supersedes', 'autocrypt'],
]);

/** RFC 2183 gives no limit; file systems end at 255. */
const filenameMax = 255;

/** Everything in the request that cannot become a message, each with where it stands. Empty: `composeMessage` accepts it. */
export function checkCompose(request: ComposeRequest): readonly ComposeProblem[] {
  const { problems } = writeFields(request, { messageId: '<check@invalid>', dateMs: 0 });
  return [...problems, ...checkTexts(request), ...checkAttachments(request.attachments)];
}

export async function composeMessage(
  request: ComposeRequest,
  context: ComposeContext,
): Promise<Outcome<Uint8Array, ComposeRefusal>> {
  const { fields, problems } = writeFields(request, context);
  const problem = [...problems, ...checkTexts(request), ...checkAttachments(request.attachments)][0];
  if (problem) return refuse(problem.code, `${problem.pointer}: ${problem.say}`);
  const tree = indexMessage(await buildTree(request, context));
  const content = tree.fields
    .filter((field) => field.name.startsWith('content-'))
    .map((field) => rawField(tree, field));
  const bytes = concat([...fields, ...content, fromLatin1('\r\n'), bodyBytes(tree)]);
  verify(indexMessage(bytes));
  return accept(bytes);
}

/** A list that writes fields and collects why some could not be written. */
class FieldList {
  readonly fields: Uint8Array[] = [];
  readonly problems: ComposeProblem[] = [];

  add(pointer: string, written: Outcome<Uint8Array, ComposeRefusal>): void {
    if (written.ok) this.fields.push(written.value);
    else this.problems.push({ pointer, code: written.code, say: written.say });
  }

  text(pointer: string, name: string, value: string, kind: FieldKind): void {
    this.add(pointer, writeHeaderField(name, value, kind));
  }

  addresses(pointer: string, name: string, mailboxes: readonly Mailbox[]): void {
    if (mailboxes.length > 0) this.add(pointer, writeAddressField(name, mailboxes));
  }
}

function writeFields(request: ComposeRequest, context: ComposeContext): FieldList {
  const list = new FieldList();
  list.addresses('/from', 'From', [request.from]);
  list.addresses('/to', 'To', request.to);
  list.addresses('/cc', 'Cc', request.cc);
  // RFC 5322 §3.6.3 needs no To, but some receivers take its absence for a sign of spam
  if (request.to.length + request.cc.length === 0) list.text('/to', 'To', 'undisclosed-recipients:;', 'structured');
  list.addresses('/reply_to', 'Reply-To', request.replyTo);
  list.text('/subject', 'Subject', request.subject, 'text');
  list.text('', 'Date', formatDate(context.dateMs), 'structured');
  list.text('', 'Message-ID', context.messageId, 'structured');
  addCustomFields(list, request.headers);
  list.text('', 'MIME-Version', '1.0', 'structured');
  const octets = list.fields.reduce((sum, field) => sum + field.length, 0);
  // half of what we read ourselves: Received, signatures and Content-* come on top
  if (octets > headerLimits.headerBytesMax / 2 || list.fields.length > headerLimits.fieldsMax / 2) {
    list.add('', refuse('header-too-large', 'addresses and headers together are too many for one message'));
  }
  return list;
}

function addCustomFields(list: FieldList, headers: ComposeRequest['headers']): void {
  const seen = new Set<string>();
  for (const [index, { name, value }] of headers.entries()) {
    const lower = name.toLowerCase();
    const kind = structuredFields.has(lower) || lower.startsWith('list-') ? 'structured' : 'text';
    const badName = refuseFieldName(name);
    if (badName) list.add(`/headers/${index}`, badName);
    else if (reservedFields.has(lower) || reservedPrefixes.some((prefix) => lower.startsWith(prefix))) {
      list.add(
        `/headers/${index}`,
        refuse('reserved-header', `${name} is reserved: the post office writes it from the other members`),
      );
    } else if (kind === 'structured' && seen.has(lower)) {
      list.add(`/headers/${index}`, refuse('repeated-header', `${name} may appear only once`));
    } else list.text(`/headers/${index}`, name, value, kind);
    seen.add(lower);
  }
}

function checkTexts(request: ComposeRequest): readonly ComposeProblem[] {
  return (['text', 'html'] as const).flatMap((key): readonly ComposeProblem[] => {
    const value = request[key] ?? '';
    const pointer = `/${key}`;
    if (value.includes('\0')) return [{ pointer, code: 'nul', say: 'a NUL character is not allowed' }];
    if (value.isWellFormed()) return [];
    return [{ pointer, code: 'lone-surrogate', say: 'the text is not well-formed Unicode' }];
  });
}

function checkAttachments(attachments: readonly ComposeAttachment[]): readonly ComposeProblem[] {
  return attachments.flatMap((attachment, index) => {
    const at = `/attachments/${index}`;
    const problems: ComposeProblem[] = [];
    const { filename, contentId } = attachment;
    const unsafe = refuseFieldValue(filename ?? '');
    if (unsafe) problems.push({ pointer: `${at}/filename`, code: unsafe.code, say: unsafe.say });
    else if (filename !== undefined && (filename === '' || filename.length > filenameMax)) {
      const say = `a file name has 1 to ${filenameMax} characters`;
      problems.push({ pointer: `${at}/filename`, code: 'bad-filename', say });
    }
    if (!isContentType(attachment.contentType)) {
      const say = 'a content type reads like text/csv or image/png, and is not multipart';
      problems.push({ pointer: `${at}/content_type`, code: 'bad-content-type', say });
    }
    // RFC 2392 §2: the cid of a URL is an addr-spec without its brackets
    if (contentId !== undefined && !/^[!#-'*-;=?-Z^-~]{1,200}$/.test(contentId)) {
      const say = 'a content id is 1 to 200 printable ASCII characters without blanks, quotes and brackets';
      problems.push({ pointer: `${at}/content_id`, code: 'bad-content-id', say });
    }
    return problems;
  });
}

function isContentType(text: string): boolean {
  if (!/^[ -~]{1,200}$/.test(text)) return false;
  const token = "[A-Za-z0-9!#$%&'*+.^_`{|}~-]+"; // RFC 2045 §5.1
  const parameter = `${token}=(?:${token}|"[^"\\\\]*")`;
  return new RegExp(`^(?!multipart/)${token}/${token}(?: ?; ?${parameter})*$`, 'i').test(text);
}

async function buildTree(request: ComposeRequest, context: ComposeContext): Promise<Uint8Array> {
  const composer = new MailComposer({
    text: crlfText(request.text ?? ''),
    html: crlfText(request.html ?? ''),
    attachments: request.attachments.map(toComposer),
    messageId: context.messageId,
    date: new Date(context.dateMs),
    // `=_` cannot appear in quoted-printable, so no text can look like a boundary (RFC 2045 §6.7)
    boundaryPrefix: '=_post',
    baseBoundary: createHash('sha256').update(context.messageId).digest('hex').slice(0, 24),
    newline: '\r\n',
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return composer.compile().build();
}

function toComposer(attachment: ComposeAttachment) {
  const { content, contentType } = attached(attachment);
  return {
    content: asBuffer(content),
    contentType,
    contentDisposition: attachment.disposition,
    filename: attachment.filename ?? (false as const),
    ...(attachment.contentId === undefined ? {} : { cid: attachment.contentId }),
  };
}

/** RFC 2046 §5.2.1: an attached message is never encoded. One that would need it travels as a plain file. */
function attached(attachment: ComposeAttachment): { content: Uint8Array; contentType: string } {
  const { content, contentType } = attachment;
  if (!parseParameterised(contentType).value.startsWith('message/')) return { content, contentType };
  const lines = normaliseLineEnds(content);
  const narrow = lines.ok ? toSevenBit(lines.value) : content;
  return isClean(watchLines(narrow))
    ? { content: narrow, contentType }
    : { content, contentType: 'application/octet-stream' };
}

function isClean(facts: LineFacts): boolean {
  const { bareCrAt, bareLfAt, nulAt, eightBitAt, longestLine } = facts;
  return (bareCrAt ?? bareLfAt ?? nulAt ?? eightBitAt) === undefined && longestLine <= 998; // RFC 5322 §2.1.1
}

/** What leaves here is trusted by everything behind: a slip of ours or of the library must not get further. */
function verify(index: MessageIndex): void {
  const problem = index.problems[0];
  invariant(problem === undefined, `composed a header with a problem: ${problem?.code} at ${problem?.at}`);
  invariant(isClean(watchLines(bodyBytes(index))), 'composed a body that is not clean 7-bit lines');
}
