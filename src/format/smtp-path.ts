/**
 * The paths of MAIL and RCPT (RFC 5321 §4.1.2, RFC 6531 §3.3), brackets included. Unlike header text they hold no comments,
 * blanks or folds, and what is not exactly a path is refused.
 */
import { utf8 } from '../base/bytes.ts';
import { accept, type Outcome, refuse } from '../base/outcome.ts';
import { addressFaults } from './address-lexer.ts';
import { type DomainName, parseDomainName } from './domain-name.ts';
import { formatAddrSpec, isDotAtom, localPartFault, localPartOctetsMax, type Mailbox } from './mailbox.ts';

export type Path =
  /** `<>`: nobody wants to hear of what becomes of the message. */
  | { readonly kind: 'null' }
  /** `<Postmaster>` without a domain, RFC 5321 §4.1.1.3. */
  | { readonly kind: 'postmaster' }
  /** `route`: a source route stood before the mailbox and was dropped (RFC 5321 §3.6.1); the caller may refuse it. */
  | { readonly kind: 'mailbox'; readonly mailbox: Mailbox; readonly route: boolean };

export type PathRefusal = 'bad-path' | 'address-literal' | 'too-long';

const pathOctetsMax = 256; // RFC 5321 §4.5.3.1.3

/** @param text decoded from UTF-8; whether non-ASCII is welcome (SMTPUTF8) is for the caller to say */
export function parsePath(text: string): Outcome<Path, PathRefusal> {
  if (text === '<>') return accept({ kind: 'null' });
  if (!text.startsWith('<') || !text.endsWith('>')) return refuse('bad-path', 'a path stands in angle brackets');
  if (utf8(text).length > pathOctetsMax) return refuse('too-long', 'the path is longer than 256 octets');
  const inside = text.slice(1, -1);
  if (/^postmaster$/i.test(inside)) return accept({ kind: 'postmaster' });
  if (!inside.startsWith('@')) return readMailbox(inside, false);
  const colon = inside.indexOf(':');
  if (colon < 0 || !isRoute(inside.slice(0, colon))) return refuse('bad-path', 'the source route is malformed');
  return readMailbox(inside.slice(colon + 1), true);
}

/** RFC 5321 §4.1.2 A-d-l: `@a.example,@b.example` */
function isRoute(text: string): boolean {
  return text.split(',').every((hop) => hop.startsWith('@') && parsePathDomain(hop.slice(1)) !== undefined);
}

/** `%` and `!` are letters like any other here: no routing is read out of a local part (RFC 5321 §3.6.1, §F.3). */
function readMailbox(text: string, route: boolean): Outcome<Path, PathRefusal> {
  const local = readLocalPart(text);
  if (local === undefined) return refuse('bad-path', addressFaults['bad-local-part']);
  if (utf8(local.value).length > localPartOctetsMax) {
    return refuse('too-long', 'the local part is longer than 64 octets');
  }
  const fault = localPartFault(local.value);
  if (fault !== undefined) return refuse('bad-path', addressFaults[fault]);
  if (text[local.end] !== '@') return refuse('bad-path', 'the mailbox has no domain');
  const written = text.slice(local.end + 1);
  if (written.startsWith('[')) return refuse('address-literal', 'mail is not exchanged with address literals here');
  const domain = parsePathDomain(written);
  if (domain === undefined) return refuse('bad-path', addressFaults['bad-domain']);
  const mailbox = { local: local.value, domain };
  // Sent on, it stands there in A-labels, which may be longer than what they stand for.
  if (utf8(formatAddrSpec(mailbox)).length > pathOctetsMax - 2) return refuse('too-long', addressFaults['too-long']);
  return accept({ kind: 'mailbox', mailbox, route });
}

/** RFC 5321 §4.1.2: a domain of the envelope has no final dot. */
function parsePathDomain(text: string): DomainName | undefined {
  return text.endsWith('.') ? undefined : parseDomainName(text);
}

/** The local part's meaning and the offset behind it. */
function readLocalPart(text: string): { readonly value: string; readonly end: number } | undefined {
  if (!text.startsWith('"')) {
    const at = text.indexOf('@');
    const value = at < 0 ? text : text.slice(0, at);
    return isDotAtom(value) ? { value, end: value.length } : undefined;
  }
  // RFC 5321 §4.1.2 QcontentSMTP; each alternative starts with a character of its own, so nothing is tried twice
  const quoted = /^"((?:[^"\\]|\\[\x20-\x7e])*)"/.exec(text);
  return quoted ? { value: (quoted[1] ?? '').replace(/\\(.)/g, '$1'), end: quoted[0].length } : undefined;
}
