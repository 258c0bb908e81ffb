/** MSG-05: plain text and HTML say the same. Compared by their words, because order and layout may differ. */
import { failed, passed, seen, skipped, steps } from '../judged.ts';
import type { Content, ContentRule } from '../types.ts';

const tenths = 5;
/** Words that are compared, from the beginning; what follows in a longer message differs no more. */
const wordsMax = 200;
/** They are looked for in so many of the other, which may say more, such as the addresses of links. */
const soughtMax = 450;
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
    const said = new FirstWords(html.text);
    const written = new FirstWords(plain);
    const shown = commonPercent(said, [written]);
    const seenAlone = commonPercent(written, [said]);
    // What is hidden or stands for a picture counts, too, where what is shown does not do.
    const isEnough = (seenAlone ?? 100) >= commonMin;
    const read = isEnough
      ? seenAlone
      : commonPercent(written, [said, new FirstWords(html.hiddenText), new FirstWords(imageTexts(content))]);
    const evidence = [
      seen('words of the HTML that the text has', shown === undefined ? 'too few to tell' : `${shown} %`),
      seen('words of the text that the HTML has', read === undefined ? 'too few to tell' : `${read} %`),
    ];
    if ((shown ?? 100) >= commonMin && (read ?? 100) >= commonMin)
      return [passed({ subject, meaning: 'The text and the HTML say the same.', evidence })];
    const meaning =
      (shown ?? 100) < commonMin
        ? 'Most of what the HTML says is not in the plain text.'
        : 'Most of what the plain text says is not in the HTML.';
    const fix = steps('Make the plain text from the HTML, all of it, each time the message changes.');
    return [failed({ subject, meaning, evidence, fix, tenths })];
  },
};

/** How many of the first words are in the others, in percent; undefined when there are too few to tell. */
function commonPercent(words: FirstWords, others: readonly FirstWords[]): number | undefined {
  const alone = new Set<string>();
  for (let place = 0; place < wordsMax; place++) {
    const word = words.at(place);
    if (word === undefined) break;
    alone.add(word);
  }
  const { size } = alone;
  if (size < wordsMin) return undefined;
  for (const other of others) {
    for (let place = 0; place < soughtMax && alone.size > 0; place++) {
      const word = other.at(place);
      if (word === undefined) break;
      alone.delete(word);
    }
  }
  return Math.floor(((size - alone.size) * 100) / size);
}

/**
 * The words that a text begins with, of two letters and more, in lower case, read as far as they are asked for; whatever is beyond ASCII
 * counts as a letter.
 */
class FirstWords {
  readonly #text: string;
  readonly #words: string[] = [];
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Asked for in their order. */
  at(place: number): string | undefined {
    return place < this.#words.length ? this.#words[place] : this.#next();
  }

  #next(): string | undefined {
    const text = this.#text;
    for (let at = this.#at; at < text.length; at++) {
      const start = at;
      while (at < text.length && isWordCode(text.charCodeAt(at))) at++;
      if (text.charCodeAt(at) === colon && isAddress(text, start, at)) at = addressEnd(text, at);
      else if (at - start >= 2) {
        this.#at = at + 1;
        const word = text.slice(start, Math.min(at, start + wordLength)).toLowerCase();
        this.#words.push(word);
        return word;
      }
    }
    this.#at = text.length;
    return undefined;
  }
}
const wordLength = 40;
const colon = 0x3a;

/** The HTML has addresses in its links, where nobody reads them: they are no words. */
function isAddress(text: string, start: number, end: number): boolean {
  const scheme = text.slice(start, Math.min(end, start + wordLength)).toLowerCase();
  return scheme === 'mailto' || (/^https?$/.test(scheme) && text.startsWith('//', end + 1));
}

function addressEnd(text: string, from: number): number {
  let at = from;
  for (let code = text.charCodeAt(at); at < text.length && code > 0x20 && code !== 0x3c && code !== 0x3e; )
    code = text.charCodeAt(++at);
  return at;
}

function isWordCode(code: number): boolean {
  const lower = code | 0x20;
  return (lower >= 0x61 && lower <= 0x7a) || (code >= 0x30 && code <= 0x39) || (code >= 0xc0 && !isPunctuation(code));
}

/** General punctuation and the marks of East Asia: words end there. */
function isPunctuation(code: number): boolean {
  return (code >= 0x2000 && code <= 0x206f) || (code >= 0x3000 && code <= 0x303f) || (code >= 0xff00 && code <= 0xff0f);
}

function imageTexts({ html }: Content): string {
  return html?.images.map(({ alt = '' }) => alt).join(' ') ?? '';
}
