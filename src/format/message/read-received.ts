/**
 * Reads a Received field as any mail system writes it (RFC 5321 §4.4 and what is really seen): the words before the last
 * semicolon by their keyword, comments kept apart, the date after it. Linear; what cannot be read is absent, nothing is guessed.
 */
import { parseDate } from '../date.ts';
import { parseIpAddress } from '../ip-address.ts';

export type ReceivedHop = {
  /** What the client called itself. */
  readonly from?: string;
  /** The name the receiver found for the client's address. */
  readonly reverseName?: string;
  /** The client's address, canonical. */
  readonly address?: string;
  readonly by?: string;
  /** Upper case: `ESMTPS`, `HTTP`, ... */
  readonly with?: string;
  readonly id?: string;
  readonly for?: string;
  /** What the field says about TLS: the version or the cipher, or that the keyword means it. */
  readonly tls?: string;
  readonly atMs?: number;
};

const textMax = 8_192;
const depthMax = 32;

/** RFC 5321 §4.4: the clauses; RFC 3848 and others add keywords of `with`. */
const keywords = ['from', 'by', 'via', 'with', 'id', 'for', 'envelope-from'] as const;
type Keyword = (typeof keywords)[number];

/** @param body the unfolded body of the field */
export function readReceived(body: string): ReceivedHop {
  const text = body.slice(0, textMax);
  const semicolon = text.lastIndexOf(';');
  const date = semicolon < 0 ? undefined : parseDate(text.slice(semicolon + 1));
  const clauses = readClauses(semicolon < 0 ? text : text.slice(0, semicolon));
  const { words, comments } = clauses;
  const client = readClient(words.get('from') ?? '', comments.get('from') ?? []);
  const protocol = words.get('with')?.split(' ')[0]?.toUpperCase();
  const tls = readTls([...comments.values()].flat(), protocol);
  const [by, id, to] = [firstWord(words.get('by')), firstWord(words.get('id')), firstWord(words.get('for'))];
  return {
    ...client,
    ...(by && { by }),
    ...(protocol && { with: protocol }),
    ...(id && { id }),
    ...(to && { for: to.replace(/^<|>$/g, '') }),
    ...(tls && { tls }),
    ...(date && { atMs: date.ms }),
  };
}

type Clauses = {
  readonly words: ReadonlyMap<Keyword, string>;
  readonly comments: ReadonlyMap<Keyword, readonly string[]>;
};

/** Comments belong to the keyword before them. */
function readClauses(text: string): Clauses {
  const words = new Map<Keyword, string>();
  const comments = new Map<Keyword, string[]>();
  let current: Keyword = 'from';
  for (const piece of pieces(text)) {
    const keyword = keywords.find((known) => known === piece.text.toLowerCase());
    if (piece.isComment) comments.set(current, [...(comments.get(current) ?? []), piece.text]);
    else if (keyword !== undefined && !words.has(keyword)) {
      current = keyword;
      words.set(keyword, '');
    } else words.set(current, `${words.get(current) ?? ''} ${piece.text}`.trim());
  }
  return { words, comments };
}

type Piece = { readonly text: string; readonly isComment: boolean };

/** Words between blanks, and whole comments; one without its end goes to the end. */
function* pieces(text: string): Generator<Piece> {
  let depth = 0;
  let start = 0;
  for (let at = 0; at <= text.length; at++) {
    const character = text[at];
    if (depth === 0 && (character === undefined || character === ' ' || character === '\t' || character === '(')) {
      if (at > start) yield { text: text.slice(start, at), isComment: false };
      start = at + 1;
    }
    if (character === '(' && depth < depthMax) depth++;
    if (character === ')' && depth > 0 && --depth === 0) {
      yield { text: text.slice(start, at), isComment: true };
      start = at + 1;
    }
  }
  if (depth > 0 && start < text.length) yield { text: text.slice(start), isComment: true };
}

function firstWord(text: string | undefined): string | undefined {
  return text === undefined || text === '' ? undefined : text.split(' ')[0];
}

/** `helo (name [address])`, `name (address)`, `[address]`, `name ([address])`, and Exim's `(helo=...)`. */
function readClient(words: string, comments: readonly string[]): Pick<ReceivedHop, 'from' | 'reverseName' | 'address'> {
  const helo = firstWord(words);
  const inside = comments[0] ?? '';
  const address = addressIn(inside) ?? addressIn(words);
  const name = /^([A-Za-z0-9_](?:[A-Za-z0-9._-]{0,253}))(?=\s|\[|$)/.exec(inside.trim())?.[1];
  const reverseName = name === undefined || parseIpAddress(name) !== undefined || name === 'unknown' ? undefined : name;
  return {
    ...(helo && { from: helo }),
    ...(reverseName && { reverseName: reverseName.replace(/\.$/, '') }),
    ...(address && { address }),
  };
}

function addressIn(text: string): string | undefined {
  const bracketed = /\[(?:IPv6:)?([0-9A-Fa-f:.]{2,45})\]/i.exec(text)?.[1];
  if (bracketed !== undefined) return parseIpAddress(bracketed)?.text;
  const bare = text.split(/[\s()]/).find((word) => parseIpAddress(word) !== undefined);
  return bare === undefined ? undefined : parseIpAddress(bare)?.text;
}

/** RFC 3848: ESMTPS and ESMTPSA are with TLS; others say it in a comment. */
function readTls(comments: readonly string[], protocol: string | undefined): string | undefined {
  for (const comment of comments) {
    const version = /\b(TLS ?v?[0-9][0-9._]*|SSLv3)\b/i.exec(comment)?.[1];
    if (version !== undefined) return version.replace(/_/g, '.').replace(/^TLS ?v?/i, 'TLS ');
    if (/\bcipher=|Google Transport Security/i.test(comment)) return 'TLS';
  }
  return protocol !== undefined && /^(?:E?SMTPSA?|UTF8SMTPSA?|LMTPSA?|HTTPS)$/.test(protocol) ? 'TLS' : undefined;
}
