/**
 * The words of structured address text (RFC 5322 §3.2, with RFC 6532), one at a time. Goes through the text once, from left
 * to right, without recursion: comments are counted, not descended into. Only the current syntax is read; the obsolete
 * forms of RFC 5322 §4 have several meanings in the wild and end in `bad`.
 */

/** What can be wrong with the text of an address, as sentences that repeat nothing of that text. */
export const addressFaults = {
  'bad-utf8': 'the text is not valid UTF-8',
  'bad-domain': 'what stands after the @ is no domain name',
  'bad-group': 'a group has no name, is not closed, or stands in another one',
  'bad-local-part': 'what stands before the @ is no local part',
  'bare-before-angle': 'an address stands before another one in angle brackets',
  'control-character': 'the text holds a control character or a line break that folds no line',
  'deep-comment': 'comments are nested too deeply',
  'empty-address': 'the angle brackets are empty',
  'empty-place': 'a comma separates nothing',
  'encoded-local-part': 'a local part holds an encoded word',
  literal: 'a square bracket stands in it: address literals belong to no domain',
  'look-alike': 'a local part holds a character that is invisible or looks like ASCII punctuation',
  'no-address': 'a name stands without an address',
  'open-angle': 'an angle bracket is not closed or not opened',
  'open-comment': 'a parenthesis is not closed or not opened',
  'open-quote': 'a quotation mark is not closed',
  route: 'an address holds a route',
  'stray-backslash': 'a backslash stands outside quotes',
  'stray-semicolon': 'a semicolon ends no group',
  'text-after-address': 'something stands after an address where a comma should be',
  'too-long': 'an address is too long to be reached by SMTP',
} as const satisfies Record<string, string>;

export type AddressFault = keyof typeof addressFaults;

export type Token =
  /** `atom` is a run of atoms and dots, `quoted` the value of a quoted string. */
  | { readonly kind: 'atom' | 'quoted'; readonly text: string }
  | { readonly kind: '<' | '>' | '@' | ',' | ':' | ';' | 'end' }
  | { readonly kind: 'bad'; readonly fault: AddressFault };

export type Word = Extract<Token, { readonly text: string }>;

/** People nest none or one; the bound is for those who read the same text by recursion after us. */
const commentDepthMax = 32;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN = 0x28;
const CLOSE = 0x29;

/** RFC 5322 §3.2.3: the specials without the dot, and blanks. */
const atomEnds: ReadonlySet<number> = new Set(Buffer.from('\t ()<>[]:;@\\,"', 'latin1'));

function endsAtom(code: number): boolean {
  return code < 0x5e && atomEnds.has(code);
}

/** Each call of the answer gives the next token; after `end` or `bad` comes nothing else. */
export function lexAddresses(folded: string): () => Token {
  const text = folded.includes('\r') ? folded.replace(/\r\n(?=[\t ])/g, '') : folded; // RFC 5322 §2.2.3
  if (/[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]/.test(text)) {
    return () => ({ kind: 'bad', fault: 'control-character' });
  }
  let at = 0;

  /** Comments and blanks (CFWS, RFC 5322 §3.2.2); answers what is wrong with them. */
  function skipComments(): AddressFault | undefined {
    let depth = 0;
    for (; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === OPEN) depth++;
      else if (depth === 0) {
        if (code !== 0x20 && code !== 0x09) return undefined;
      } else if (code === CLOSE) depth--;
      else if (code === BACKSLASH) at++;
      if (depth > commentDepthMax) return 'deep-comment';
    }
    return depth > 0 ? 'open-comment' : undefined;
  }

  /** From the opening quotation mark, RFC 5322 §3.2.4. */
  function quoted(): Token {
    let value = '';
    let from = ++at;
    for (; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === QUOTE) {
        value += text.slice(from, at++);
        return { kind: 'quoted', text: value };
      }
      if (code !== BACKSLASH) continue;
      value += text.slice(from, at++);
      from = at;
    }
    return { kind: 'bad', fault: 'open-quote' };
  }

  function atom(): Token {
    const start = at;
    while (at < text.length && !endsAtom(text.charCodeAt(at))) at++;
    return { kind: 'atom', text: text.slice(start, at) };
  }

  return () => {
    const fault = skipComments();
    if (fault !== undefined) return { kind: 'bad', fault };
    const character = text[at];
    switch (character) {
      case undefined:
        return { kind: 'end' };
      case '<':
      case '>':
      case '@':
      case ',':
      case ':':
      case ';':
        at++;
        return { kind: character };
      case '"':
        return quoted();
      case ')':
        return { kind: 'bad', fault: 'open-comment' };
      case '\\':
        return { kind: 'bad', fault: 'stray-backslash' };
      case '[':
      case ']':
        return { kind: 'bad', fault: 'literal' };
      default:
        return atom();
    }
  };
}
