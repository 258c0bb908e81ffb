/**
 * What a sender asks to be told about his message, as MAIL and RCPT carry it (RFC 3461 §4): read strictly, written so that the next
 * hop reads the same. Pure. An answer of undefined means that the text is malformed.
 */
import { isAscii } from '../../base/bytes.ts';

const occasions = ['success', 'failure', 'delay'] as const;
export type DsnOccasion = (typeof occasions)[number];

/** NOTIFY. Empty: never. RFC 3461 §4.1 */
export type Notify = readonly DsnOccasion[];

/** How much of the message a notification of failure returns. RFC 3461 §4.3 */
export type DsnReturn = 'full' | 'hdrs';

/** ORCPT, decoded: `rfc822`, `utf-8`, or any other type that the sender uses. RFC 3461 §4.2 */
export type OriginalRecipient = { readonly type: string; readonly address: string };

/** What is asked for one recipient. Absent: nothing was said. */
export type RecipientWishes = { readonly notify?: Notify; readonly originalRecipient?: OriginalRecipient };

/** What is asked for the message. `envelopeId` is decoded. */
export type MessageWishes = { readonly ret?: DsnReturn; readonly envelopeId?: string };

const envelopeIdMax = 100; // RFC 3461 §4.4
const originalRecipientMax = 500; // RFC 3461 §4.2

/** Whether the sender is to hear of this. Who says nothing hears of failures. RFC 3461 §4.1 */
export function wantsNews(wishes: RecipientWishes, of: DsnOccasion): boolean {
  return wishes.notify ? wishes.notify.includes(of) : of === 'failure';
}

/** NEVER stands alone, and nothing twice. RFC 3461 §4.1 */
export function readNotify(text: string): Notify | undefined {
  const words = text.toLowerCase().split(',');
  if (words.length === 1 && words[0] === 'never') return [];
  const found = occasions.filter((occasion) => words.includes(occasion));
  return found.length === words.length ? found : undefined;
}

export function writeNotify(notify: Notify): string {
  return notify.length === 0 ? 'NEVER' : notify.join(',').toUpperCase();
}

/** RFC 3461 §4.3 */
export function readReturn(text: string): DsnReturn | undefined {
  const word = text.toLowerCase();
  return word === 'full' || word === 'hdrs' ? word : undefined;
}

export function writeReturn(ret: DsnReturn): string {
  return ret.toUpperCase();
}

/** RFC 3461 §4.4: printable once it is decoded, because it goes into a field of the notification. */
export function readEnvelopeId(text: string): string | undefined {
  if (text.length > envelopeIdMax) return undefined;
  return decodeXtext(text);
}

export function writeEnvelopeId(envelopeId: string): string {
  return encodeXtext(envelopeId);
}

/**
 * `rfc822;bob@example.com`. RFC 3461 §4.2: what is encoded as xtext is printable ASCII. RFC 6533 §3: `utf-8` has an encoding of its
 * own, and under SMTPUTF8 may come as it is.
 */
export function readOriginalRecipient(
  text: string,
  { smtpUtf8 }: { readonly smtpUtf8: boolean },
): OriginalRecipient | undefined {
  const split = text.indexOf(';');
  const type = text.slice(0, Math.max(split, 0)).toLowerCase();
  const written = text.slice(split + 1);
  if (text.length > originalRecipientMax || !/^[a-z0-9][a-z0-9-]*$/.test(type)) return undefined;
  if (!isAscii(text) && (type !== 'utf-8' || !smtpUtf8)) return undefined;
  const address = type === 'utf-8' ? decodeUtf8Address(written) : decodeXtext(written);
  return address === undefined ? undefined : { type, address };
}

/** In ASCII, for any next hop; undefined where that would be too long (an address in another script grows sevenfold). */
export function writeOriginalRecipient({ type, address }: OriginalRecipient): string | undefined {
  const text = `${type};${type === 'utf-8' ? encodeUtf8Address(address) : encodeXtext(address)}`;
  return text.length <= originalRecipientMax ? text : undefined;
}

/** RFC 3461 §4.2: the address as it was given to us, for whoever says nothing of an original one. */
export function originalRecipientOf(address: string): OriginalRecipient {
  return { type: isAscii(address) ? 'rfc822' : 'utf-8', address };
}

/** RFC 3461 §4. Decoded text must be printable ASCII or blanks (§4.2, §4.4). */
function decodeXtext(text: string): string | undefined {
  if (!/^(?:[!-*,-<>-~]|\+[0-9A-F]{2})+$/.test(text)) return undefined;
  const decoded = text.replace(/\+([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return /^[\x20-\x7e]+$/.test(decoded) ? decoded : undefined;
}

function encodeXtext(text: string): string {
  return text.replace(/[^!-*,-<>-~]/g, (char) => `+${hexOf(char).padStart(2, '0')}`);
}

/**
 * RFC 6533 §3: `\x{E9}` stands for a character beyond ASCII, or for one that xtext, a field or the escape itself could not hold.
 * Control characters, which it lets through, are refused: none can be in an address.
 */
function decodeUtf8Address(text: string): string | undefined {
  if (!/^(?:[!-*,-<>-[\]-~\u0080-\u{10ffff}]|\\x\{[0-9A-F]{2,6}\})+$/u.test(text)) return undefined;
  let isPlain = true;
  const decoded = text.replace(/\\x\{([0-9A-F]+)\}/g, (_, hex: string) => {
    const code = Number.parseInt(hex, 16);
    const isCharacter = code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
    const isShortest = hex.length === 2 || !hex.startsWith('0');
    if (!isCharacter || !isShortest || (code < 0x80 && !escaped.has(code))) isPlain = false;
    return isCharacter ? String.fromCodePoint(code) : '';
  });
  return isPlain && decoded.isWellFormed() && !/[\p{Cc}\u2028\u2029]/u.test(decoded) ? decoded : undefined;
}

/** RFC 6533 §3 HEXPOINT: blank, `+`, `=` and the backslash. */
const escaped = new Set([0x20, 0x2b, 0x3d, 0x5c]);

export function encodeUtf8Address(address: string): string {
  return address.replace(/[^!-*,-<>-[\]-~]/gu, (char) => `\\x{${hexOf(char).padStart(2, '0')}}`);
}

function hexOf(char: string): string {
  return (char.codePointAt(0) ?? 0).toString(16).toUpperCase();
}
