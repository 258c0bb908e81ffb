/** Character references of HTML, the ones that mail is written with. What is not known stays as it was written. */

/** U+00A0 to U+00FF in order: the Latin-1 half that HTML 2 named. */
const latin1Names =
  'nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 acute micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil egrave eacute ecirc euml igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc uuml yacute thorn yuml';

const others: readonly (readonly [string, string])[] = [
  ['amp', '&'],
  ['AMP', '&'],
  ['lt', '<'],
  ['LT', '<'],
  ['gt', '>'],
  ['GT', '>'],
  ['quot', '"'],
  ['QUOT', '"'],
  ['apos', "'"],
  ['ndash', '\u2013'],
  ['mdash', '\u2014'],
  ['lsquo', '\u2018'],
  ['rsquo', '\u2019'],
  ['sbquo', '\u201a'],
  ['ldquo', '\u201c'],
  ['rdquo', '\u201d'],
  ['bdquo', '\u201e'],
  ['lsaquo', '\u2039'],
  ['rsaquo', '\u203a'],
  ['hellip', '\u2026'],
  ['bull', '\u2022'],
  ['euro', '\u20ac'],
  ['trade', '\u2122'],
  ['larr', '\u2190'],
  ['rarr', '\u2192'],
  ['zwnj', '\u200c'],
  ['zwj', '\u200d'],
  ['ensp', '\u2002'],
  ['emsp', '\u2003'],
  ['thinsp', '\u2009'],
  ['colon', ':'],
  ['sol', '/'],
  ['period', '.'],
  ['commat', '@'],
  ['Tab', '\t'],
  ['NewLine', '\n'],
];

const named: ReadonlyMap<string, string> = new Map([
  ...latin1Names.split(' ').map((name, at) => [name, String.fromCharCode(0xa0 + at)] as const),
  ...others,
]);

const nameMax = 10;

/** Linear: what follows an ampersand is looked at for no more than a name's length. A loop: a pattern with a callback took thrice as long. */
export function decodeEntities(text: string): string {
  let amp = text.indexOf('&');
  if (amp < 0) return text;
  let out = '';
  let copied = 0;
  for (; amp >= 0; amp = text.indexOf('&', amp + 1)) {
    if (isAmpersand(text, amp)) {
      out += text.slice(copied, amp + 1);
      copied = amp + ampersand.length;
      continue;
    }
    const nameEnd = endOfName(text, amp + 1);
    const decoded = nameEnd > amp + 1 ? named.get(text.slice(amp + 1, nameEnd)) : undefined;
    const found = decoded === undefined ? numbered(text, amp) : { character: decoded, end: nameEnd };
    if (found === undefined) continue;
    out += text.slice(copied, amp) + found.character;
    copied = text[found.end] === ';' ? found.end + 1 : found.end;
  }
  return out + text.slice(copied);
}

const ampersand = '&amp;';

/** By far the most frequent, in addresses of links. */
function isAmpersand(text: string, at: number): boolean {
  for (let letter = 1; letter < ampersand.length; letter++)
    if (text.charCodeAt(at + letter) !== ampersand.charCodeAt(letter)) return false;
  return true;
}

function endOfName(text: string, from: number): number {
  let at = from;
  for (const max = Math.min(text.length, from + nameMax); at < max && isAlphanumeric(text.charCodeAt(at)); ) at++;
  return at;
}

function isAlphanumeric(code: number): boolean {
  const lower = code | 0x20;
  return (lower >= 0x61 && lower <= 0x7a) || (code >= 0x30 && code <= 0x39);
}

/** `&#65;`, `&#x41;` */
function numbered(text: string, amp: number): { readonly character: string; readonly end: number } | undefined {
  if (text[amp + 1] !== '#') return undefined;
  const match = /^&#(?:(\d{1,8})|[xX]([0-9A-Fa-f]{1,7}))/.exec(text.slice(amp, amp + nameMax + 1));
  if (match === null) return undefined;
  const [written, decimal, hex = ''] = match;
  const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
  return { character: characterOf(code), end: amp + written.length };
}

function characterOf(code: number): string {
  const isCharacter = code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
  return isCharacter ? String.fromCodePoint(code) : '\ufffd';
}
