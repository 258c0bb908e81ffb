/**
 * Macros of SPF records and explanations: text is compiled once to parts, expanded per check. RFC 7208 §7.
 * Pure. Which domain and names the letters stand for is the evaluator's business; whether an expansion can be asked for, `target-name.ts`'s.
 */
import { utf8 } from '../../base/bytes.ts';

export type MacroLetter = 's' | 'l' | 'o' | 'd' | 'i' | 'p' | 'v' | 'h' | 'c' | 'r' | 't';

type Macro = {
  readonly letter: MacroLetter;
  /** Upper-case letter: the expansion is URL-escaped. RFC 7208 §7.3 */
  readonly escaped: boolean;
  /** How many parts stay, from the right; 0 is all of them. */
  readonly keep: number;
  readonly reversed: boolean;
  /** What splits the value into parts. */
  readonly delimiter: RegExp;
};

export type MacroString = {
  readonly parts: readonly (string | Macro)[];
  /** The last part is an expansion (`%{d}`, `%%`, `%_`, `%-`), not literal text. */
  readonly endsInExpansion: boolean;
};

/** What the letters stand for; `undefined` = cannot be expanded here. */
export type MacroValues = { readonly [Letter in MacroLetter]: string | undefined };

export type MacroSyntax = {
  /** `%{c}`, `%{r}` and `%{t}` belong to explanations only. RFC 7208 §7.2 */
  readonly explanationLetters: boolean;
  /** An explanation may hold spaces. RFC 7208 §7.1: explain-string */
  readonly spaces: boolean;
};

const dot = /\./;

const fixedExpansions: Readonly<Record<string, string>> = { '%': '%', _: ' ', '-': '%20' }; // RFC 7208 §7.1

/** RFC 7208 §7.1: macro-string. Undefined when it is none, a lone `%` for instance. */
export function parseMacroString(text: string, syntax: MacroSyntax): MacroString | undefined {
  const token = syntax.spaces
    ? /%(?:([%_-])|\{([slodipvhcrt])([0-9]*)(r?)([.\-+,/_=]*)\})|([\x20-\x24\x26-\x7e]+)/iy
    : /%(?:([%_-])|\{([slodipvhcrt])([0-9]*)(r?)([.\-+,/_=]*)\})|([\x21-\x24\x26-\x7e]+)/iy;
  const parts: (string | Macro)[] = [];
  let endsInExpansion = false;
  while (token.lastIndex < text.length) {
    const found = token.exec(text);
    if (found === null) return undefined;
    const [, fixed, letter, digits = '', reversed = '', delimiters = '', literal] = found;
    endsInExpansion = literal === undefined;
    if (letter === undefined) parts.push(literal ?? fixedExpansions[fixed ?? ''] ?? '');
    else {
      const macro = macroOf({ letter, digits, reversed, delimiters }, syntax);
      if (macro === undefined) return undefined;
      parts.push(macro);
    }
  }
  return { parts, endsInExpansion };
}

type WrittenMacro = { letter: string; digits: string; reversed: string; delimiters: string };

function macroOf(written: WrittenMacro, syntax: MacroSyntax): Macro | undefined {
  const letter = written.letter.toLowerCase() as MacroLetter;
  if (!syntax.explanationLetters && 'crt'.includes(letter)) return undefined; // RFC 7208 §7.2
  const keep = Number(written.digits);
  if (written.digits !== '' && keep === 0) return undefined; // RFC 7208 §7.3: "If a DIGIT is specified, it MUST be nonzero"
  return {
    letter,
    escaped: written.letter !== letter,
    keep,
    reversed: written.reversed !== '',
    delimiter: written.delimiters === '' ? dot : new RegExp(`[${written.delimiters.replaceAll('-', '\\-')}]`),
  };
}

export function usesLetter(macros: MacroString, letter: MacroLetter): boolean {
  return macros.parts.some((part) => typeof part !== 'string' && part.letter === letter);
}

export function hasMacros(macros: MacroString): boolean {
  return macros.parts.some((part) => typeof part !== 'string');
}

/**
 * The expansion from its right end: at least the last `most` characters of it, or all of it when it is shorter. Names are cut
 * from the left (RFC 7208 §7.3), so the rest is not worth making: a record of 64 KB holds some 16,000 macros.
 * Undefined when a letter has no value here.
 */
export function expandRightEnd(macros: MacroString, values: MacroValues, most: number): string | undefined {
  let out = '';
  for (let at = macros.parts.length - 1; at >= 0 && out.length < most; at--) {
    const piece = expandPart(macros.parts[at] ?? '', values);
    if (piece === undefined) return undefined;
    out = piece + out;
  }
  return out;
}

/** The whole expansion; undefined when it is longer than `most` or a letter has no value here. */
export function expandAll(macros: MacroString, values: MacroValues, most: number): string | undefined {
  let out = '';
  for (const part of macros.parts) {
    const piece = expandPart(part, values);
    if (piece === undefined || out.length + piece.length > most) return undefined;
    out += piece;
  }
  return out;
}

function expandPart(part: string | Macro, values: MacroValues): string | undefined {
  if (typeof part === 'string') return part;
  const value = values[part.letter];
  if (value === undefined) return undefined;
  const transformed = transform(value, part);
  return part.escaped ? urlEscape(transformed) : transformed;
}

/** RFC 7208 §7.3: split at the delimiters, reverse, keep the right-hand parts, join with dots. */
function transform(value: string, macro: Macro): string {
  if (macro.keep === 0 && !macro.reversed && macro.delimiter === dot) return value;
  const parts = value.split(macro.delimiter);
  if (macro.reversed) parts.reverse();
  return (macro.keep === 0 ? parts : parts.slice(-macro.keep)).join('.');
}

/** RFC 7208 §7.3: everything but the unreserved set of RFC 3986 §2.3; characters beyond ASCII by their UTF-8 octets. */
function urlEscape(text: string): string {
  const escaped = (octet: number) => `%${octet.toString(16).toUpperCase().padStart(2, '0')}`;
  return text.replace(/[^A-Za-z0-9\-._~]+/g, (run) => Array.from(utf8(run), escaped).join(''));
}
