/** Of the attributes of one HTML tag those that tell what a reader sees, follows or has fetched. */
import { decodeEntities } from './entities.ts';

/** The attributes of one tag that tell something. The first of two equal names counts (§13.2.5.33). */
export class TagAttributes {
  href: string | undefined;
  src: string | undefined;
  /** References not decoded. */
  alt: string | undefined;
  background: string | undefined;
  anchor: string | undefined;
  /** As written. */
  width: string | undefined;
  height: string | undefined;
  hides = false;
  readonly #charactersMax: number;
  readonly #none = new NextPlace('none');
  readonly #NONE = new NextPlace('NONE');

  constructor(charactersMax: number) {
    this.#charactersMax = charactersMax;
  }

  clear(): void {
    this.href = undefined;
    this.src = undefined;
    this.alt = undefined;
    this.background = undefined;
    this.anchor = undefined;
    this.width = undefined;
    this.height = undefined;
    this.hides = false;
  }

  /** Most styles hide nothing, and need not be cut out to be told so. */
  #mayHide(html: string, from: number, to: number): boolean {
    return this.#none.isWithin(html, from, to) || this.#NONE.isWithin(html, from, to);
  }

  /** `names` are those that tell something on this tag. */
  add(
    names: AttributeNames,
    html: string,
    nameStart: number,
    nameEnd: number,
    valueStart: number,
    valueEnd: number,
  ): void {
    const likely = names[shapeOf(html.charCodeAt(nameStart), nameEnd - nameStart)];
    const name = likely === 'height' && !isNamed(html, nameStart, likely) ? 'hidden' : likely;
    if (name === undefined || !isNamed(html, nameStart, name)) return;
    if (name === 'style' && !this.#mayHide(html, valueStart, valueEnd)) return;
    const value = html.slice(valueStart, Math.min(valueEnd, valueStart + this.#charactersMax));
    switch (name) {
      case 'style':
        this.hides ||= hidingStyle.test(value);
        break;
      case 'hidden':
        this.hides = true;
        break;
      case 'href':
        this.href ??= urlText(value);
        break;
      case 'src':
        this.src ??= urlText(value);
        break;
      case 'background':
        this.background ??= urlText(value);
        break;
      case 'alt':
        this.alt ??= value;
        break;
      case 'width':
        this.width ??= value;
        break;
      case 'height':
        this.height ??= value;
        break;
      default:
        this.anchor ??= decodeEntities(value);
    }
  }
}

/** Where a word stands next in a text that is read forwards. */
class NextPlace {
  readonly #word: string;
  #at = -1;

  constructor(word: string) {
    this.#word = word;
  }

  isWithin(text: string, from: number, to: number): boolean {
    if (this.#at < from) {
      const found = text.indexOf(this.#word, from);
      this.#at = found < 0 ? text.length : found;
    }
    return this.#at < to;
  }
}

type AttributeName = 'style' | 'href' | 'src' | 'alt' | 'width' | 'height' | 'id' | 'name' | 'background' | 'hidden';
/** Attributes by what their name looks like. */
export type AttributeNames = readonly (AttributeName | undefined)[];

const nameMax = 10;

/** First letter and length tell most attributes apart; `height` and `hidden` have both in common. */
function shapeOf(first: number, length: number): number {
  const letter = (first | 0x20) - 0x61;
  return letter < 0 || letter > 25 || length > nameMax ? 0 : letter * (nameMax + 1) + length;
}

export function attributesOf(names: readonly AttributeName[]): AttributeNames {
  return Array.from({ length: 26 * (nameMax + 1) }, (_, shape) =>
    names.find((name) => shapeOf(name.charCodeAt(0), name.length) === shape),
  );
}

/** Compared by letters: to cut the name out of the text and lower its case took twice as long. */
function isNamed(html: string, at: number, name: string): boolean {
  for (let letter = 1; letter < name.length; letter++)
    if ((html.charCodeAt(at + letter) | 0x20) !== name.charCodeAt(letter)) return false;
  return true;
}

/** Only a display that is none: sizes and colours hide text too, but need a style sheet to judge. */
const hidingStyle = /(?:^|[;\s])display\s{0,9}:\s{0,9}none/i;

/** As the URL standard reads it: blanks at the ends and line breaks within are not there. */
function urlText(written: string): string {
  const decoded = decodeEntities(written);
  return /[\x00-\x20]/.test(decoded)
    ? decoded
        .replace(/[\t\n\r]/g, '')
        .replace(/^[\x00-\x20]+/, '')
        .trimEnd()
    : decoded;
}

export function pixels(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  let number = 0;
  for (let at = 0; at < text.length; at++) {
    const digit = text.charCodeAt(at) - 0x30;
    if (digit < 0 || digit > 9 || at === digitsMax) return writtenPixels(text);
    number = number * 10 + digit;
  }
  return text === '' ? undefined : number;
}
const digitsMax = 5;

/** `540px`, and with blanks around it. */
function writtenPixels(text: string): number | undefined {
  return /^\s{0,9}\d{1,5}(?:px)?\s{0,9}$/.test(text) ? Number.parseInt(text, 10) : undefined;
}
