/**
 * Writes a message as it is stored: exactly one Return-Path and Delivered-To (RFC 5321 §4.4), our verdicts and our Received on top,
 * and nothing left that pretends to be ours. Everything else stays octet for octet, so that signatures can still be checked. Pure.
 */
import { concat, fromLatin1, latin1, utf8 } from '../../base/bytes.ts';
import { editBytes } from '../../format/message/edit-bytes.ts';
import { fieldsNamed, type HeaderField, type MessageIndex } from '../../format/message/message-index.ts';

export type Stamp = {
  /** addr-spec, '' for the null sender. */
  readonly envelopeFrom: string;
  readonly recipient: string;
  /** Whole fields of ours: Authentication-Results (none for mail that never left the house), then Received. RFC 8601 §4 */
  readonly trace: readonly Uint8Array[];
  /** Results under our name that are not ours. */
  readonly forged: readonly HeaderField[];
};

const nothing = fromLatin1('');

export function stampMessage(index: MessageIndex, stamp: Stamp): Uint8Array {
  const left = [...fieldsNamed(index, 'return-path'), ...fieldsNamed(index, 'delivered-to'), ...stamp.forged];
  const blanks = leadingBlankCount(index);
  const kept = editBytes(index.bytes, [
    ...(blanks === 0 ? [] : [{ start: 0, end: blanks, text: nothing }]),
    ...left.map(({ start, end }) => ({ start: Math.max(start, blanks), end, text: nothing })),
  ]);
  return concat([
    utf8(`Return-Path: <${stamp.envelopeFrom}>\r\n`), // both are parsed mailboxes; UTF-8 in them: RFC 6532 §3.2
    utf8(`Delivered-To: ${stamp.recipient}\r\n`),
    ...stamp.trace,
    kept,
  ]);
}

/**
 * Blanks before the first name would make that field a fold of ours, and hide it from every reader. Lines of nothing but blanks
 * go with them: left empty, they would end the header before its first field.
 */
function leadingBlankCount({ bytes, fields }: MessageIndex): number {
  const first = latin1(bytes.subarray(0, fields[0]?.end ?? 0));
  return /^(?:[ \t]+(?:\r\n[ \t]+)*(?:\r\n)?)?/.exec(first)?.[0].length ?? 0;
}
