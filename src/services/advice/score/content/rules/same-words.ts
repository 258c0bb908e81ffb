/** MSG-05: plain text and HTML say the same. Compared by their words, because order and layout may differ. */
import { failed, passed, seen, skipped, steps } from '../judged.ts';
import type { Content, ContentRule } from '../types.ts';

const tenths = 5;
/** Words that are compared; what follows in a longer message differs no more. */
const wordsMax = 600;
/** The words of one are looked for in so many of the other: it may have more, such as the addresses of links. */
const soughtMax = 3_000;
/** Below this a difference says nothing: "View in browser" and a greeting. */
const wordsMin = 8;
/** Percent of the words of each that the other has too. */
const commonMin = 50;

export const sameWords: ContentRule<'MSG-05'> = {
  id: 'MSG-05',
  judge: (content) => {
    const subject = 'text and HTML';
    const { plain, html } = content;
    if (plain === undefined || html === undefined || plain.trim() === '')
      return [skipped({ subject, meaning: 'There is only one of the two.' })];
    const shown = commonPercent(html.text, [plain]);
    const read = commonPercent(withoutAddresses(plain), [html.text, html.hiddenText, imageTexts(content)]);
    const evidence = [
      seen('words of the HTML that the text has', shown === undefined ? 'too few to tell' : `${shown} %`),
      seen('words of the text that the HTML has', read === undefined ? 'too few to tell' : `${read} %`),
    ];
    if ((shown ?? 100) >= commonMin && (read ?? 100) >= commonMin)
      return [passed({ subject, meaning: 'Both say the same.', evidence })];
    const meaning =
      (shown ?? 100) < commonMin
        ? 'Most of what the HTML says is not in the plain text.'
        : 'Most of what the plain text says is not in the HTML.';
    const fix = steps('Make the plain text from the HTML, all of it, each time the message changes.');
    return [failed({ subject, meaning, evidence, fix, tenths })];
  },
};

/** How many of the different words of `text` are in the others, in percent; undefined when it has too few to tell. */
function commonPercent(text: string, others: readonly string[]): number | undefined {
  const words = wordsOf(text, wordsMax);
  if (words.size < wordsMin) return undefined;
  const known = others.map((other) => wordsOf(other, soughtMax));
  let common = 0;
  for (const word of words) if (known.some((some) => some.has(word))) common++;
  return Math.floor((common * 100) / words.size);
}

/** The first different words, two letters and more; whatever is beyond ASCII counts as a letter. */
function wordsOf(text: string, max: number): Set<string> {
  const words = new Set<string>();
  for (let at = 0; at < text.length && words.size < max; at++) {
    const start = at;
    while (at < text.length && isWordCode(text.charCodeAt(at))) at++;
    if (at - start >= 2) words.add(text.slice(start, Math.min(at, start + wordLength)).toLowerCase());
  }
  return words;
}
const wordLength = 40;

function isWordCode(code: number): boolean {
  const lower = code | 0x20;
  return (lower >= 0x61 && lower <= 0x7a) || (code >= 0x30 && code <= 0x39) || (code >= 0xc0 && !isPunctuation(code));
}

/** General punctuation and the marks of East Asia: words end there. */
function isPunctuation(code: number): boolean {
  return (code >= 0x2000 && code <= 0x206f) || (code >= 0x3000 && code <= 0x303f) || (code >= 0xff00 && code <= 0xff0f);
}

function withoutAddresses(text: string): string {
  return text.replace(/\b(?:https?:\/\/|mailto:)[^\s<>]{1,2048}/gi, ' ');
}

function imageTexts({ html }: Content): string {
  return html?.images.map(({ alt = '' }) => alt).join(' ') ?? '';
}
