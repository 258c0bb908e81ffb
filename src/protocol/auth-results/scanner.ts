/**
 * Reads the lexical pieces of a structured header field one after the other: comments and folding white space, tokens,
 * quoted strings. RFC 5322 §3.2, RFC 2045 §5.1. Linear: it never goes back over what it has read.
 */
import { asBuffer } from '../../base/bytes.ts';

// RFC 2045 §5.1 without control characters; letters of all scripts, RFC 8601 §2.2 with RFC 6532 §3
const tokenPattern = /[!#$%&'*+\-.0-9A-Z^_`a-z{|}~\u0080-\u{10ffff}]+/uy;
const keywordPattern = /[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?/y; // RFC 5321 §4.1.2 (Keyword = Ldh-str)
const blankPattern = /(?:[\t ]|\r\n(?=[\t ]))+/y; // RFC 5322 §3.2.2
const digitsPattern = /[0-9]+/y;
/** What real fields write without quotes though it is no token: addresses, base64, IPv6 addresses, URLs. */
const looseTextPattern = /[^\x00-\x20"();\\\x7f]+/uy;
const commentTextPattern = /[^()\\\r\n\x00]+/y;
const quotedTextPattern = /[^"\\\r\n\x00]+/y;

export class Scanner {
  readonly text: string;
  #at = 0;
  #comments: string[] = [];

  /** Octets that are not UTF-8 are taken as one character each. */
  constructor(field: string | Uint8Array) {
    this.text = typeof field === 'string' ? field : textOf(field);
  }

  get at(): number {
    return this.#at;
  }

  get atEnd(): boolean {
    return this.#at >= this.text.length;
  }

  /** The comments skipped since the last call. */
  takeComments(): readonly string[] {
    const taken = this.#comments;
    this.#comments = [];
    return taken;
  }

  peek(character: string): boolean {
    return this.text[this.#at] === character;
  }

  take(character: string): boolean {
    const found = this.peek(character);
    if (found) this.#at++;
    return found;
  }

  /** [CFWS]: false when a comment does not end. */
  skipBlanks(): boolean {
    for (;;) {
      this.#match(blankPattern);
      if (!this.peek('(')) return true;
      const comment = this.#comment();
      if (comment === undefined) return false;
      this.#comments.push(comment);
    }
  }

  token(): string | undefined {
    return this.#match(tokenPattern);
  }

  keyword(): string | undefined {
    return this.#match(keywordPattern);
  }

  digits(): string | undefined {
    return this.#match(digitsPattern);
  }

  looseText(): string | undefined {
    return this.#match(looseTextPattern);
  }

  /** Unquoted and unfolded; undefined when no quoted string stands here or it does not end. */
  quotedString(): string | undefined {
    if (!this.take('"')) return undefined;
    let value = '';
    while (!this.atEnd) {
      if (this.take('"')) return value;
      const piece = this.#match(quotedTextPattern) ?? this.#quotedPair() ?? this.#fold();
      if (piece === undefined) return undefined;
      value += piece;
    }
    return undefined;
  }

  /** Goes to the next semicolon that stands in no comment and no quoted string, or to the end. */
  skipToSemicolon(): void {
    while (!this.atEnd && !this.peek(';')) {
      const before = this.#at;
      if (this.peek('(') ? this.#comment() !== undefined : this.quotedString() !== undefined) continue;
      this.#at = Math.max(this.#at, before + 1);
    }
  }

  /** Nested comments are counted, not followed: depth costs nothing. */
  #comment(): string | undefined {
    const start = this.#at;
    let depth = 0;
    while (!this.atEnd) {
      if (this.take('(')) depth++;
      else if (this.take(')')) {
        depth--;
        if (depth === 0) return this.text.slice(start + 1, this.#at - 1);
      } else if ((this.#match(commentTextPattern) ?? this.#quotedPair() ?? this.#fold()) === undefined) {
        return undefined;
      }
    }
    return undefined;
  }

  #quotedPair(): string | undefined {
    if (!this.peek('\\')) return undefined;
    const character = this.text[this.#at + 1];
    if (character === undefined || character === '\r' || character === '\n' || character === '\0') return undefined;
    this.#at += 2;
    return character;
  }

  /** A line break inside a string or comment disappears, the blank after it stays. RFC 5322 §3.2.4 */
  #fold(): string | undefined {
    const isFold = /^\r\n[\t ]/.test(this.text.slice(this.#at, this.#at + 3));
    if (!isFold) return undefined;
    this.#at += 2;
    return '';
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }
}

function textOf(octets: Uint8Array): string {
  const buffer = asBuffer(octets);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(buffer);
  } catch {
    return buffer.toString('latin1');
  }
}
