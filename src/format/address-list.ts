/**
 * Lists of addresses in header fields (RFC 5322 §3.4, RFC 6532): To, Cc, Bcc, Reply-To, and From before it is judged.
 *
 * One rule over all: *shown is judged*. A text is taken only if it has exactly one reading, so that the address a page, an
 * IMAP client or an event shows is the very one that was authenticated. Nothing is repaired or guessed; what is refused is
 * refused with a sentence that repeats nothing of the text.
 *
 * Decisions where RFC 5322 and its readers leave room:
 * - Obsolete syntax (§4: routes, blanks inside a local part or domain, mixed quoting) is refused. Two pieces of it are so
 *   common that all readers agree on them: dots in a display name, and empty places in a list of recipients.
 * - Address literals are refused: they belong to no domain, so nothing could be judged.
 * - A domain may be written in U-labels or end in a dot; the mailbox has A-labels without. See `domain-name.ts` for why
 *   full-width letters and ideographic full stops are refused instead of mapped.
 */
import { isUtf8 } from 'node:buffer';
import { fromUtf8, isAscii, latin1, utf8 } from '../base/bytes.ts';
import { accept, type Outcome, refuse } from '../base/outcome.ts';
import { type AddressFault, addressFaults, lexAddresses, type Token, type Word } from './address-lexer.ts';
import { parseDomainName } from './domain-name.ts';
import { formatAddrSpec, type Group, isDotAtom, localPartFault, type Mailbox } from './mailbox.ts';
import { decodeWords } from './mime/encoded-word.ts';

/** RFC 5321 §4.5.3.1.3: a path has at most 256 octets, brackets included. Whatever is longer cannot be written to. */
const addrSpecOctetsMax = 254;

export type AddressList = {
  readonly entries: readonly (Mailbox | Group)[];
  /** Some comma separates nothing (RFC 5322 §4.4). */
  readonly emptyPlaces: boolean;
};

/** The value of To, Cc, Bcc or Reply-To: the body of the field, folds and all. Empty text is an empty list. */
export function parseAddressList(
  field: string | Uint8Array,
): Outcome<readonly (Mailbox | Group)[], 'bad-address-list'> {
  const list = readAddressList(field);
  return list.ok ? accept(list.value.entries) : refuse('bad-address-list', list.say);
}

/** All mailboxes of a list, those in groups too, in order. */
export function mailboxesOf(entries: readonly (Mailbox | Group)[]): readonly Mailbox[] {
  const mailboxes: Mailbox[] = [];
  for (const entry of entries) {
    if ('mailboxes' in entry) for (const one of entry.mailboxes) mailboxes.push(one);
    else mailboxes.push(entry);
  }
  return mailboxes;
}

/** For those who judge more strictly than `parseAddressList`. */
export function readAddressList(field: string | Uint8Array): Outcome<AddressList, AddressFault> {
  const isUnicode = typeof field === 'string' ? field.isWellFormed() : isUtf8(field);
  if (!isUnicode) return refuse('bad-utf8', addressFaults['bad-utf8']);
  const reader = new ListReader(lexAddresses(typeof field === 'string' ? field : fromUtf8(field)));
  const fault = reader.readAll();
  if (fault !== undefined) return refuse(fault, addressFaults[fault]);
  return accept({ entries: reader.entries, emptyPlaces: reader.emptyPlaces });
}

/** Reads mailboxes and groups token by token; methods answer what is wrong, if anything. RFC 5322 §3.4 */
class ListReader {
  readonly entries: (Mailbox | Group)[] = [];
  emptyPlaces = false;
  readonly #next: () => Token;
  #token: Token;
  #open: { readonly group: string; readonly mailboxes: Mailbox[] } | undefined;

  constructor(next: () => Token) {
    this.#next = next;
    this.#token = next();
  }

  /** place (, place)*, where a place holds a mailbox, `name: place, place ;`, or nothing. */
  readAll(): AddressFault | undefined {
    for (let afterComma = false; ; afterComma = true) {
      let words = this.#words();
      while (this.#at(':')) {
        const fault = this.#openGroup(words);
        if (fault !== undefined) return fault;
        words = this.#words();
        afterComma = false;
      }
      const fault = this.#place(words, afterComma) ?? (this.#at(';') ? this.#closeGroup() : undefined);
      if (fault !== undefined) return fault;
      if (this.#at('end')) return this.#open === undefined ? undefined : 'bad-group';
      if (!this.#at(',')) return this.#faultOr(this.#at('>') ? 'open-angle' : 'text-after-address');
      this.#advance();
    }
  }

  #place(words: readonly Word[], afterComma: boolean): AddressFault | undefined {
    const isEmpty = words.length === 0 && (this.#at(',') || this.#at(';') || this.#at('end'));
    if (!isEmpty) return this.#mailbox(words);
    if (afterComma || this.#at(',')) this.emptyPlaces = true;
    return undefined;
  }

  #openGroup(name: readonly Word[]): AddressFault | undefined {
    if (this.#open !== undefined || name.length === 0) return 'bad-group';
    this.#open = { group: phraseText(name), mailboxes: [] };
    this.#advance();
    return undefined;
  }

  #closeGroup(): AddressFault | undefined {
    if (this.#open === undefined) return 'stray-semicolon';
    this.entries.push(this.#open);
    this.#open = undefined;
    this.#advance();
    return undefined;
  }

  /** `words @ domain`, or `words < local @ domain >`. */
  #mailbox(words: readonly Word[]): AddressFault | undefined {
    if (!this.#at('<')) {
      if (!this.#at('@')) return this.#faultOr(this.#at('>') ? 'open-angle' : 'no-address');
      return this.#addrSpec(words, '') ?? (this.#at('<') ? 'bare-before-angle' : undefined);
    }
    this.#advance();
    if (this.#at('@')) return 'route'; // RFC 5322 §4.4: obs-route
    if (this.#at('>')) return 'empty-address';
    const local = this.#words();
    if (!this.#at('@')) return this.#faultOr('bad-local-part');
    const fault = this.#addrSpec(local, phraseText(words));
    if (fault !== undefined) return fault;
    if (!this.#at('>')) return this.#faultOr('open-angle');
    this.#advance();
    return undefined;
  }

  /** From the @ on. */
  #addrSpec(local: readonly Word[], display: string): AddressFault | undefined {
    this.#advance();
    const mailbox = mailboxOf(local, this.#words(), display);
    if (typeof mailbox === 'string') return this.#faultOr(mailbox);
    (this.#open?.mailboxes ?? this.entries).push(mailbox);
    return undefined;
  }

  #words(): Word[] {
    const words: Word[] = [];
    while (this.#token.kind === 'atom' || this.#token.kind === 'quoted') {
      words.push(this.#token);
      this.#advance();
    }
    return words;
  }

  #advance(): void {
    this.#token = this.#next();
  }

  #at(kind: Token['kind']): boolean {
    return this.#token.kind === kind;
  }

  /** What the lexer could not read says more than that something is missing. */
  #faultOr(fault: AddressFault): AddressFault {
    return this.#token.kind === 'bad' ? this.#token.fault : fault;
  }
}

function mailboxOf(localWords: readonly Word[], domainWords: readonly Word[], display: string): Mailbox | AddressFault {
  const [local, ...moreLocal] = localWords;
  if (local === undefined || moreLocal.length > 0) return 'bad-local-part';
  if (local.kind === 'atom' && !isDotAtom(local.text)) return 'bad-local-part';
  const [written, ...moreDomain] = domainWords;
  if (written?.kind !== 'atom' || moreDomain.length > 0) return 'bad-domain';
  const domain = parseDomainName(written.text);
  if (domain === undefined) return 'bad-domain';
  const fault = localPartFault(local.text);
  if (fault !== undefined) return fault;
  const mailbox = { local: local.text, domain, ...(display !== '' && { display }) };
  return Buffer.byteLength(formatAddrSpec(mailbox)) > addrSpecOctetsMax ? 'too-long' : mailbox;
}

/** A display name for people. RFC 2047 §5: encoded words stand for text as atoms only, never inside quotation marks. */
function phraseText(words: readonly Word[]): string {
  const shown: string[] = [];
  let atoms: string[] = [];
  const flush = () => {
    const phrase = atoms.join(' ');
    if (atoms.length > 0) shown.push(decodeWords(isAscii(phrase) ? phrase : latin1(utf8(phrase))));
    atoms = [];
  };
  for (const word of words) {
    if (word.kind === 'atom') {
      atoms.push(word.text);
      continue;
    }
    flush();
    shown.push(word.text.replaceAll('\t', ' '));
  }
  flush();
  return shown.join(' ').trim();
}
