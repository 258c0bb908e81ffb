/**
 * A mailbox as a value: what an address means once it was parsed, how it is written and compared.
 * The parsers live in `address.ts`.
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

/** `local@domain` as it stands in a header field or between the brackets of a path; the local part is quoted when it must be. */
export function formatAddrSpec(mailbox: Pick<Mailbox, 'local' | 'domain'>): string {
  return `${isDotAtom(mailbox.local) ? mailbox.local : quote(mailbox.local)}@${mailbox.domain}`;
}

/** Whether it can be reached by SMTPUTF8 only; the domain never is the reason, because it travels as A-labels. */
export function isInternationalised(mailbox: Pick<Mailbox, 'local'>): boolean {
  return !isAscii(mailbox.local);
}

/** RFC 5321 §2.4: only the host of a local part may take upper and lower case for the same. */
export function sameMailbox(a: Pick<Mailbox, 'local' | 'domain'>, b: Pick<Mailbox, 'local' | 'domain'>): boolean {
  return a.domain === b.domain && a.local.normalize('NFC') === b.local.normalize('NFC');
}

/** RFC 5322 §3.2.3 with RFC 6532 §3.2: atoms joined by single dots. */
export function isDotAtom(text: string): boolean {
  if (text.startsWith('.') || text.endsWith('.') || text.includes('..')) return false;
  return /^[^\x00-\x20\x7f()<>[\]:;@\\,"]+$/.test(text);
}

function quote(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}
