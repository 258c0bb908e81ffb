/**
 * Makes a message safe for every hop before it is signed (RFC 6409 §8.4): leaf parts with 8-bit octets, over-long lines, NUL or lone
 * CR and LF become quoted-printable (text) or base64. Everything else stays octet for octet, and a message with
 * nothing to do comes back as the very same array.
 *
 * Left alone: multipart/signed with all it holds (RFC 1847 §2.1: a signature covers the octets), header fields in
 * UTF-8 (they need SMTPUTF8 and are never downgraded), and messages whose parts go beyond our limits.
 */
import { isUtf8 } from 'node:buffer';
import { asBuffer, concat, fromLatin1 } from '../../base/bytes.ts';
import { invariant } from '../../base/outcome.ts';
import { writeHeaderField } from '../header-writer.ts';
import { type LineFacts, watchLines } from '../line-ends.ts';
import { type Edit, editBytes } from '../message/edit-bytes.ts';
import { fieldsNamed, indexMessage, type MessageIndex } from '../message/message-index.ts';
import { type Part, type PartTree, partBody, partTree } from '../message/part-tree.ts';
import {
  decodeTransferEncoding,
  encodeBase64,
  encodeQuotedPrintable,
  isIdentityEncoding,
} from './transfer-encoding.ts';

const lineMax = 998; // RFC 5322 §2.1.1
const foldAt = 78; // RFC 5322 §2.1.1
const SPACE = 0x20;
const TAB = 0x09;

/**
 * The same array when every octet may stay and nothing is put on top.
 * @param onTop safe header fields that go above the message: with what is encoded they are copied once
 */
export function toSevenBit(bytes: Uint8Array, onTop: readonly Uint8Array[] = []): Uint8Array {
  return editBytes(bytes, [...onTop.map((text) => ({ start: 0, end: 0, text })), ...editsOf(bytes)]);
}

function editsOf(bytes: Uint8Array): readonly Edit[] {
  if (isSafe(watchLines(bytes))) return [];
  const index = indexMessage(bytes);
  if (!index.complete) return [];
  const tree = partTree(index);
  return tree.complete ? planEdits(index, tree) : [];
}

function isSafe(facts: LineFacts): boolean {
  const { eightBitAt, nulAt, bareCrAt, bareLfAt } = facts;
  return (eightBitAt ?? nulAt ?? bareCrAt ?? bareLfAt) === undefined && facts.longestLine <= lineMax;
}

function planEdits(index: MessageIndex, tree: PartTree): readonly Edit[] {
  const edits: Edit[] = [];
  const path: Part[] = []; // from the message down to the part at hand
  const holdChange = new Set<Part>();
  const holdSigned = new Set<Part>();
  let signedEnd = 0;
  for (const part of tree.parts) {
    if (part.start < signedEnd) continue;
    path.length = part.depth;
    if (part.contentType.value === 'multipart/signed') {
      signedEnd = part.end;
      for (const above of path) holdSigned.add(above);
      continue;
    }
    edits.push(...foldLongLines(index, part));
    const isMessage = path.length === 0 || path.at(-1)?.kind === 'message';
    const changes = part.kind === 'leaf' ? encodeLeaf(index, part, { isMessage }) : emptyUnread(index, part);
    edits.push(...changes);
    path.push(part);
    if (changes.length > 0) for (const enclosing of path) holdChange.add(enclosing);
  }
  for (const part of holdChange) if (!holdSigned.has(part)) edits.push(...relabelAsNarrow(part));
  return edits;
}

function encodeLeaf(index: MessageIndex, part: Part, { isMessage }: { isMessage: boolean }): readonly Edit[] {
  const body = partBody(index, part);
  if (isSafe(watchLines(body)) || isUnreadContainer(part)) return [];
  // RFC 2045 §6.4: octets in an encoding that nobody knows are themselves the content
  const content = decodeTransferEncoding(body, part.transferEncoding) ?? body;
  const encoding = chooseEncoding(part, content);
  const encoded = encoding === 'base64' ? encodeBase64(content) : encodeQuotedPrintable(content);
  // base64 ends without CRLF: inside, the delimiter brings it; at the end of the message nothing does
  const isLast = encoding === 'base64' && part.end === index.bytes.length;
  return [
    ...labelEdits(part, { encoding, content, isMessage }),
    { start: part.bodyStart, end: part.end, text: encoded },
    ...(isLast ? [{ start: part.end, end: part.end, text: fromLatin1('\r\n') }] : []),
  ];
}

/** RFC 2045 §6.4: what holds parts is never encoded, also where we could not read them. */
function isUnreadContainer(part: Part): boolean {
  const { value } = part.contentType;
  const isMessage = value === 'message/rfc822' || value === 'message/global';
  return value.startsWith('multipart/') || (isMessage && isIdentityEncoding(part.transferEncoding));
}

/** Text stays readable, unless most of it would be escapes or it holds what no text should. */
function chooseEncoding(part: Part, content: Uint8Array): 'base64' | 'quoted-printable' {
  if (!/^(?:text|message)\//.test(part.contentType.value) || content.includes(0)) return 'base64';
  let escapes = 0;
  for (const octet of content) if (octet >= 0x80 || octet === 0x3d) escapes++;
  return escapes * 3 > content.length ? 'base64' : 'quoted-printable';
}

/** Content-Transfer-Encoding as it is from now on, and the fields without which nobody would heed it. */
function labelEdits(
  part: Part,
  { encoding, content, isMessage }: { encoding: string; content: Uint8Array; isMessage: boolean },
): readonly Edit[] {
  const fields = [field('Content-Transfer-Encoding', encoding)];
  if (fieldsNamed(part.header, 'content-type').length === 0 && part.contentType.value === 'text/plain') {
    // RFC 1428: 8-bit text whose charset nobody knows
    const charset = isUtf8(content) ? 'utf-8' : 'unknown-8bit';
    fields.unshift(field('Content-Type', `text/plain; charset=${charset}`));
  }
  if (isMessage && fieldsNamed(part.header, 'mime-version').length === 0) {
    fields.unshift(field('MIME-Version', '1.0')); // RFC 2045 §4
  }
  return [...removeTransferEncoding(part), addFields(part, fields)];
}

/** RFC 2045 §6.4: a container says 8bit or binary when a part inside is; after us none is. */
function relabelAsNarrow(part: Part): readonly Edit[] {
  if (part.kind === 'leaf' || part.transferEncoding === '7bit' || !isIdentityEncoding(part.transferEncoding)) return [];
  return [...removeTransferEncoding(part), addFields(part, [field('Content-Transfer-Encoding', '7bit')])];
}

/** What stands before the first and after the last part is for no one (RFC 2046 §5.1.1). */
function emptyUnread(index: MessageIndex, part: Part): readonly Edit[] {
  if (part.kind !== 'multipart' || part.parts.length === 0) return [];
  const ranges = [
    [part.bodyStart, part.preambleEnd],
    [part.epilogueStart, part.end],
  ] as const;
  return ranges
    .filter(([start, end]) => start < end && !isSafe(watchLines(index.bytes.subarray(start, end))))
    .map(([start, end]) => ({ start, end, text: new Uint8Array() }));
}

/** Header lines over 998 octets get folds before their blanks, as if we had written them. */
function foldLongLines(index: MessageIndex, part: Part): readonly Edit[] {
  if (!part.header.problems.some((problem) => problem.code === 'long-line')) return [];
  const edits: Edit[] = [];
  const crlf = fromLatin1('\r\n');
  for (const field of part.header.fields) {
    if (field.name === 'content-transfer-encoding') continue; // a token: too long, it is rubbish, and may be replaced
    let line = part.start + field.start;
    const fieldEnd = part.start + field.end;
    while (line < fieldEnd) {
      const found = asBuffer(index.bytes).indexOf(crlf, line);
      const lineEnd = found < 0 || found > fieldEnd ? fieldEnd : found;
      if (lineEnd - line > lineMax) {
        const from = Math.max(line, part.start + field.bodyStart);
        edits.push(...foldsOf(index.bytes, { line, from, lineEnd }).map((at) => ({ start: at, end: at, text: crlf })));
      }
      line = lineEnd + 2;
    }
  }
  return edits;
}

/** Offsets of the blanks before which a line is folded; something other than blanks follows each (RFC 5322 §3.2.2). */
function foldsOf(bytes: Uint8Array, place: { line: number; from: number; lineEnd: number }): readonly number[] {
  const folds: number[] = [];
  let { line } = place;
  let candidate = -1;
  const foldIfBeyond = (at: number) => {
    if (at - line <= foldAt || candidate < 0) return;
    folds.push(candidate);
    line = candidate;
    candidate = -1;
  };
  let { from } = place;
  while (isBlank(bytes[from])) from++; // what stands before these blanks is no text
  for (let at = from; at < place.lineEnd; at++) {
    if (!isBlank(bytes[at])) continue;
    const runStart = at;
    while (at + 1 < place.lineEnd && isBlank(bytes[at + 1])) at++;
    if (at + 1 === place.lineEnd) break;
    foldIfBeyond(runStart);
    candidate = runStart;
  }
  foldIfBeyond(place.lineEnd);
  return folds;
}

function isBlank(octet: number | undefined): boolean {
  return octet === SPACE || octet === TAB;
}

function removeTransferEncoding(part: Part): readonly Edit[] {
  return fieldsNamed(part.header, 'content-transfer-encoding').map((found) => ({
    start: part.start + found.start,
    end: part.start + found.end,
    text: new Uint8Array(),
  }));
}

/** New fields go below the others. */
function addFields(part: Part, fields: readonly Uint8Array[]): Edit {
  const at = part.start + part.header.headerEnd;
  return { start: at, end: at, text: concat(fields) };
}

function field(name: string, value: string): Uint8Array {
  const written = writeHeaderField(name, value, 'structured');
  invariant(written.ok, `${name} cannot be written`);
  return written.value;
}
