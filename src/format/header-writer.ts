/**
 * The one serialiser of header fields: every field that Posthorn writes passes here. Values go in, octets come out
 * that are exactly one field: no control character gets through, lines fold at 78 and never exceed 998 octets.
 * What cannot be written faithfully is refused, never repaired.
 */
import { hasControlCharacter, isAscii, isWellFormed, utf8 } from '../base/bytes.ts';
import { accept, type Outcome, refuse } from '../base/outcome.ts';
import { formatAddrSpec, type Mailbox } from './mailbox.ts';
import { trimBlanks } from './message/message-index.ts';
import { encodeWords } from './mime/encoded-word.ts';

export type HeaderRefusal = 'bad-field-name' | 'control-character' | 'lone-surrogate' | 'not-ascii' | 'line-too-long';

/**
 * - `text`: words for people in any script (Subject, Comments, most custom fields). What is not ASCII becomes encoded
 *   words (RFC 2047), and so does ASCII that would read as one or that has no blank to fold at.
 * - `structured`: syntax in ASCII (References, List-Unsubscribe, Received); folded at blanks, otherwise left alone.
 */
export type FieldKind = 'text' | 'structured';

const foldAt = 78; // RFC 5322 §2.1.1
const encodedLineMax = 76; // RFC 2047 §2
const lineMax = 998; // RFC 5322 §2.1.1
/** A name and its colon must fit a line; real names end at 40. */
const nameMax = foldAt - 2;
/** A word of text longer than this is encoded, because no fold can shorten it. */
const plainWordMax = 900;

/** One field with its CRLF. Blanks at the ends of the value are not part of it. */
export function writeHeaderField(name: string, value: string, kind: FieldKind): Outcome<Uint8Array, HeaderRefusal> {
  const refusal = refuseFieldName(name) ?? refuseFieldValue(value);
  if (refusal !== undefined) return refusal;
  const text = trimBlanks(value);
  if (kind === 'text' && needsEncoding(text)) {
    return layOut(name, afterBlank(encodeWords(text, { room: encodedLineMax - name.length - 2 })));
  }
  return isAscii(text) ? layOut(name, splitAtBlanks(text)) : refuse('not-ascii', `${name} can hold ASCII only`);
}

/** A field of addresses: display names quoted or encoded, local parts as they are (UTF-8 needs SMTPUTF8, RFC 6532 §3.2). */
export function writeAddressField(name: string, mailboxes: readonly Mailbox[]): Outcome<Uint8Array, HeaderRefusal> {
  const badName = refuseFieldName(name);
  if (badName !== undefined) return badName;
  const pieces: string[] = [];
  for (const mailbox of mailboxes) {
    const refusal = refuseFieldValue(mailbox.local) ?? refuseFieldValue(mailbox.display ?? '');
    if (refusal !== undefined) return refusal;
    if (pieces.length > 0) pieces.push(`${pieces.pop()},`);
    pieces.push(...mailboxPieces(mailbox));
  }
  return layOut(name, pieces);
}

/** Why this cannot be the name of a field (RFC 5322 §3.6.8); undefined when it can. */
export function refuseFieldName(name: string): ReturnType<typeof refuse<'bad-field-name'>> | undefined {
  if (/^[!-9;-~]+$/.test(name) && name.length <= nameMax) return undefined;
  return refuse('bad-field-name', `a field name is 1 to ${nameMax} printable ASCII characters, no blank, no colon`);
}

/** Why this text may not become part of a header; undefined when it may. */
export function refuseFieldValue(
  text: string,
): ReturnType<typeof refuse<'control-character' | 'lone-surrogate'>> | undefined {
  if (hasControlCharacter(text)) {
    return refuse('control-character', 'line breaks, tabs and other control characters are not allowed here');
  }
  if (!isWellFormed(text)) return refuse('lone-surrogate', 'the text is not well-formed Unicode');
  return undefined;
}

/** ASCII that looks like an encoded word would be decoded by the reader: encoded itself, it is shown as it was given. */
function needsEncoding(text: string): boolean {
  return !isAscii(text) || text.includes('=?') || splitAtBlanks(text).some((word) => word.length > plainWordMax);
}

function mailboxPieces(mailbox: Mailbox): readonly string[] {
  const spec = formatAddrSpec(mailbox);
  const display = trimBlanks(mailbox.display ?? '');
  return display === '' ? [` ${spec}`] : [...phrasePieces(display), ` <${spec}>`];
}

/** RFC 5322 §3.2.5: a phrase is words; what atoms cannot say is quoted, what quotes cannot say is encoded. */
function phrasePieces(display: string): readonly string[] {
  if (needsEncoding(display)) return afterBlank(encodeWords(display));
  const isAtoms = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+$/.test(display) && !display.includes('  ');
  return splitAtBlanks(isAtoms ? display : `"${display.replace(/["\\]/g, '\\$&')}"`);
}

/** Pieces of a value, each beginning with the blanks before it: a fold may stand before any of them. */
function splitAtBlanks(text: string): readonly string[] {
  return ` ${text}`.match(/ +[^ ]+/g) ?? [];
}

function afterBlank(words: readonly string[]): readonly string[] {
  return words.map((word) => ` ${word}`);
}

/**
 * Puts pieces on lines. RFC 5322 §2.2.3: a fold goes before a blank that something follows. The first piece leaves the
 * line of the name only if that makes it fit, because some readers take `Subject:<CRLF>` for an empty subject.
 */
function layOut(name: string, pieces: readonly string[]): Outcome<Uint8Array, HeaderRefusal> {
  let out = `${name}:`;
  let line = out.length;
  for (const [index, piece] of pieces.entries()) {
    const octets = isAscii(piece) ? piece.length : utf8(piece).length;
    const limit = index === 0 && octets > foldAt ? lineMax : foldAt;
    if (line + octets > limit) {
      out += '\r\n';
      line = 0;
    }
    if (octets > lineMax)
      return refuse('line-too-long', `${name} holds ${octets} characters without a blank to fold at`);
    out += piece;
    line += octets;
  }
  return accept(utf8(`${out}\r\n`));
}
