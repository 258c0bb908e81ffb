/**
 * A mailbox as a value: what an address means once it was parsed, what a local part may hold, how it is written and
 * compared. The parsers are its siblings behind `address.ts`.
 */
import { isAscii } from '../base/bytes.ts';
import type { DomainName } from './domain-name.ts';

export type Mailbox = {
  /** The local part's meaning, without quotes and backslashes; may hold any script (RFC 6532 §3.2). */
  readonly local: string;
  readonly domain: DomainName;
  /** Text for people, encoded words decoded. Never holds a control character. */
  readonly display?: string;
};

/** RFC 5322 §3.4: a named list in To or Cc, perhaps empty (`undisclosed-recipients:;`). */
export type Group = { readonly group: string; readonly mailboxes: readonly Mailbox[] };

export const localPartOctetsMax = 64; // RFC 5321 §4.5.3.1.1: for the envelope; header fields of others hold longer ones

type AddrSpec = Pick<Mailbox, 'local' | 'domain'>;

/** `local@domain` as it stands in a header field or between the brackets of a path; the local part is quoted when it must be. */
export function formatAddrSpec(mailbox: AddrSpec): string {
  return `${isDotAtom(mailbox.local) ? mailbox.local : quote(mailbox.local)}@${mailbox.domain}`;
}

/** Whether it can be reached by SMTPUTF8 only; the domain never is the reason, because it travels as A-labels. */
export function isInternationalised(mailbox: Pick<Mailbox, 'local'>): boolean {
  return !isAscii(mailbox.local);
}

/** RFC 5321 §2.4: nobody but its own host may take two spellings of a local part for one. Composition (NFC) is no spelling. */
export function sameMailbox(a: AddrSpec, b: AddrSpec): boolean {
  return a.domain === b.domain && a.local.normalize('NFC') === b.local.normalize('NFC');
}

/** RFC 5322 §3.2.3 with RFC 6532 §3.2: atoms joined by single dots. */
export function isDotAtom(text: string): boolean {
  if (text.startsWith('.') || text.endsWith('.') || text.includes('..')) return false;
  return text !== '' && !/[\x00-\x20\x7f()<>[\]:;@\\,"]/.test(text);
}

export type LocalPartFault = 'control-character' | 'bad-utf8' | 'look-alike' | 'encoded-local-part';

/**
 * Why a local part cannot be taken for what it looks like, if so. A person must read in it what a machine compares:
 * - nothing invisible: controls, format characters, blanks other than the ASCII space (which needs quotes);
 * - no character that NFKC turns into ASCII punctuation, such as the full-width @;
 * - no encoded word, which RFC 2047 §5 forbids in an address and some readers decode all the same.
 */
export function localPartFault(local: string): LocalPartFault | undefined {
  if (/\p{Cc}/u.test(local)) return 'control-character';
  if (!local.isWellFormed() || local.includes('\ufffd')) return 'bad-utf8';
  if (local.includes('=?') && local.includes('?=')) return 'encoded-local-part';
  if (isAscii(local)) return undefined;
  if (/[\p{Cf}\p{Co}\p{Zl}\p{Zp}]/u.test(local)) return 'look-alike';
  for (const character of local) {
    if (character > '\x7f' && /[\x00-/:-@[-`{-\x7f]/.test(character.normalize('NFKC'))) return 'look-alike';
  }
  return undefined;
}

function quote(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}
