/**
 * Completes a message before it is signed (RFC 6409 §8): line ends, Date and Message-ID where they are missing, Bcc
 * and Return-Path away, our Received on top, 7 bits throughout. What would leave us malformed is refused with the
 * reason, because a header that two readers read differently must not carry our signature. Pure.
 */
import { concat, fromLatin1, latin1 } from '../../base/bytes.ts';
import { accept, invariant, type Outcome, refuse } from '../../base/outcome.ts';
import { formatDate } from '../../format/date.ts';
import type { DomainName } from '../../format/domain-name.ts';
import { writeHeaderField } from '../../format/header-writer.ts';
import { parseIpAddress } from '../../format/ip-address.ts';
import { normaliseLineEnds, watchLines } from '../../format/line-ends.ts';
import type { Mailbox } from '../../format/mailbox.ts';
import { type Edit, editBytes } from '../../format/message/edit-bytes.ts';
import {
  fieldBody,
  fieldsNamed,
  fieldText,
  type HeaderField,
  type HeaderProblemCode,
  headerProblems,
  indexMessage,
  type MessageIndex,
  trimBlanks,
  unfold,
} from '../../format/message/message-index.ts';
import { smtpKeyword, writeReceivedField } from '../../format/message/received-field.ts';
import { toSevenBit } from '../../format/mime/seven-bit.ts';
import type { Entrance } from './types.ts';

export type FixUpRefusal = 'bare-cr' | 'header-malformed' | 'nul' | 'line-too-long';

export type FixUpOptions = {
  /** For a message that has none: `<id@domain>`. */
  readonly messageId: string;
  readonly dateMs: number;
  /** Our Received field, from `writeReceived`. */
  readonly received: Uint8Array;
  /** More fields that must not leave, in lower case. */
  readonly remove?: readonly string[];
  /** Mail of others that is only passed on: nothing changes but `received` and `remove`. */
  readonly keepAsIs?: boolean;
};

export type Fixed = {
  readonly bytes: Uint8Array;
  /** Text of the Message-ID field the message leaves with; empty only for mail kept as it is. */
  readonly messageId: string;
  /** Names of fields, lower case. */
  readonly added: readonly string[];
  readonly removed: readonly string[];
};

const lineMax = 998; // RFC 5322 §2.1.1
/** RFC 5322 §3.6.3: Bcc is for the sender alone; Return-Path is written at final delivery (RFC 5321 §4.4). */
const privateFields = ['bcc', 'resent-bcc', 'return-path'];
/** RFC 6409 §8.2, §8.3 */
const neededFields = ['date', 'message-id'];
/** A header with one of these is read differently by different readers. */
const fatalProblems: ReadonlySet<HeaderProblemCode> = new Set<HeaderProblemCode>([
  'no-colon',
  'bad-name',
  'nul',
  'too-many-fields',
  'too-many-octets',
]);

/** @param original the message, or its index where there is one already */
export function applyFixUps(original: Uint8Array | MessageIndex, options: FixUpOptions): Outcome<Fixed, FixUpRefusal> {
  const bytes = original instanceof Uint8Array ? original : original.bytes;
  const lines = normaliseLineEnds(bytes);
  if (!lines.ok) return lines;
  const whole = options.keepAsIs ? lines.value : withoutMboxLine(lines.value);
  const index = original instanceof Uint8Array || whole !== bytes ? indexMessage(whole) : original;
  const fixed = options.keepAsIs ? passOn(index, options) : complete(index, options);
  if (!fixed.ok) return fixed;
  const facts = watchLines(fixed.value.bytes);
  if (facts.nulAt !== undefined) return refuse('nul', `octet ${facts.nulAt} is a NUL`);
  if (!options.keepAsIs && facts.longestLine > lineMax) {
    return refuse(
      'line-too-long',
      `a line has ${facts.longestLine} octets and cannot be broken; ${lineMax} are allowed`,
    );
  }
  return fixed;
}

function passOn(index: MessageIndex, options: FixUpOptions): Outcome<Fixed, FixUpRefusal> {
  const gone = fieldsAmong(index, options.remove ?? []);
  return accept({
    bytes: concat([options.received, editBytes(index.bytes, gone.map(cut))]),
    messageId: fieldText(index, 'message-id') ?? '',
    added: ['received'],
    removed: gone.map((field) => field.name),
  });
}

function complete(index: MessageIndex, options: FixUpOptions): Outcome<Fixed, FixUpRefusal> {
  const fatal = index.problems.find((problem) => fatalProblems.has(problem.code));
  if (fatal) return refuse('header-malformed', `${headerProblems[fatal.code]} (octet ${fatal.at})`);
  const gone = fieldsAmong(index, [...privateFields, ...(options.remove ?? [])]);
  // a Date of blanks is no Date: it goes, and ours comes
  const empty = fieldsAmong(index, neededFields).filter((each) => !hasText(index, each));
  const missing = neededFields.filter((name) => fieldsNamed(index, name).every((each) => empty.includes(each)));
  const added = [
    ...(missing.includes('date') ? [field('Date', formatDate(options.dateMs))] : []),
    ...(missing.includes('message-id') ? [field('Message-ID', options.messageId)] : []),
  ];
  const edits = [...[...gone, ...empty].map(cut), ...tidyNames(index, [...gone, ...empty]), ...endOfMessage(index)];
  return accept({
    bytes: toSevenBit(editBytes(index.bytes, edits), [options.received, ...added]),
    messageId: missing.includes('message-id') ? options.messageId : textOf(index, 'message-id', empty),
    added: ['received', ...missing],
    removed: gone.map((each) => each.name),
  });
}

/** The separator that mbox files put before a message is none of its lines. */
function withoutMboxLine(bytes: Uint8Array): Uint8Array {
  if (latin1(bytes.subarray(0, 5)) !== 'From ') return bytes;
  const first = indexMessage(bytes).fields[0];
  return first !== undefined && first.name !== 'from' ? bytes.subarray(first.end) : bytes;
}

function fieldsAmong(index: MessageIndex, names: readonly string[]): readonly HeaderField[] {
  return index.fields.filter((each) => names.includes(each.name));
}

function hasText(index: MessageIndex, each: HeaderField): boolean {
  return trimBlanks(unfold(fieldBody(index, each))) !== '';
}

function textOf(index: MessageIndex, name: string, empty: readonly HeaderField[]): string {
  const found = fieldsNamed(index, name).find((each) => !empty.includes(each));
  return found === undefined ? '' : trimBlanks(unfold(fieldBody(index, found)));
}

function cut(each: HeaderField): Edit {
  return { start: each.start, end: each.end, text: new Uint8Array() };
}

/** `From : x` and a blank before the first name become what every reader reads alike. */
function tidyNames(index: MessageIndex, gone: readonly HeaderField[]): readonly Edit[] {
  const isTidy = ({ start, nameEnd, name, bodyStart }: HeaderField) =>
    start === nameEnd - name.length && nameEnd === bodyStart - 1;
  return index.fields
    .filter((each) => !isTidy(each) && !gone.includes(each))
    .flatMap((each) => [
      { start: each.start, end: each.nameEnd - each.name.length, text: new Uint8Array() },
      { start: each.nameEnd, end: each.bodyStart - 1, text: new Uint8Array() },
    ])
    .filter((edit) => edit.start < edit.end);
}

/** Every line ends, and an empty line ends the header. */
function endOfMessage(index: MessageIndex): readonly Edit[] {
  const { bytes, headerEnd, bodyStart } = index;
  const at = bytes.length;
  const hasLastLineEnd = at === 0 || watchLines(bytes.subarray(Math.max(at - 2, 0))).endsWithCrlf;
  const hasBlankLine = bodyStart > headerEnd;
  const text = `${hasLastLineEnd ? '' : '\r\n'}${hasBlankLine ? '' : '\r\n'}`;
  return text === '' ? [] : [{ start: at, end: at, text: fromLatin1(text) }];
}

function field(name: string, value: string): Uint8Array {
  const written = writeHeaderField(name, value, 'structured');
  invariant(written.ok, `${name} can be written`);
  return written.value;
}

/** What a Received field of ours tells about how a message came in. */
export type ReceivedFacts = {
  readonly entrance: Entrance;
  readonly by: DomainName;
  readonly id: string;
  readonly recipients: readonly Mailbox[];
  readonly dateMs: number;
  /** Names a login's or API client's address, which is nobody's business by default. */
  readonly showClient?: boolean;
};

export function writeReceived(facts: ReceivedFacts): Uint8Array {
  const { entrance, recipients } = facts;
  const [only, ...others] = recipients;
  return writeReceivedField({
    ...clientOf(entrance, facts.showClient === true),
    by: facts.by,
    with: keywordOf(entrance),
    id: facts.id,
    ...(only && others.length === 0 ? { for: only } : {}),
    dateMs: facts.dateMs,
  });
}

function clientOf(
  entrance: Entrance,
  showClient: boolean,
): Pick<Parameters<typeof writeReceivedField>[0], 'from' | 'tls'> {
  if (entrance.kind === 'cli') return {};
  if (entrance.kind === 'http') return showClient ? { from: { helo: '', address: entrance.clientAddress } } : {};
  const { helo, clientAddress, tls, authenticated } = entrance;
  // an address as HELO, literal or bare, is the client's address once more
  const name = helo.startsWith('[') || parseIpAddress(helo) ? '' : helo;
  const shown = showClient || !authenticated ? { helo, address: clientAddress } : { helo: name };
  return { from: shown, ...(tls ? { tls } : {}) };
}

function keywordOf(entrance: Entrance): ReturnType<typeof smtpKeyword> {
  if (entrance.kind === 'http') return 'HTTP';
  if (entrance.kind === 'cli') return 'local';
  return smtpKeyword({
    extended: entrance.extended,
    tls: entrance.tls !== undefined,
    authenticated: entrance.authenticated,
    smtpUtf8: entrance.smtpUtf8, // RFC 6531 §4.3: the parameter decides, whatever the addresses are
  });
}
