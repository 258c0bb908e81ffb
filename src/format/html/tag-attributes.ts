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
  width: number | undefined;
  height: number | undefined;
  hides = false;
  readonly #charactersMax: number;

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

  add(html: string, nameStart: number, nameEnd: number, valueStart: number, valueEnd: number): void {
    const isWanted = wantedShapes[shapeOf(html.charCodeAt(nameStart), nameEnd - nameStart)];
    if (isWanted !== true) return;
    const name = html.slice(nameStart, nameEnd).toLowerCase();
    const value = html.slice(valueStart, Math.min(valueEnd, valueStart + this.#charactersMax));
    if (name === 'style') this.hides ||= hidingStyle.test(value);
    else if (name === 'href') this.href ??= urlText(value);
    else if (name === 'src') this.src ??= urlText(value);
    else if (name === 'alt') this.alt ??= value;
    else if (name === 'width') this.width ??= pixels(value);
    else if (name === 'height') this.height ??= pixels(value);
    else if (name === 'id' || name === 'name') this.anchor ??= decodeEntities(value);
    else if (name === 'background') this.background ??= urlText(value);
    else if (name === 'hidden') this.hides = true;
  }
}

const names = ['style', 'href', 'src', 'alt', 'width', 'height', 'id', 'name', 'background', 'hidden'];
const nameMax = 10;

/** First letter and length: tells most attributes apart without their names being cut out. */
function shapeOf(first: number, length: number): number {
  const letter = (first | 0x20) - 0x61;
  return letter < 0 || letter > 25 || length > nameMax ? 0 : letter * (nameMax + 1) + length;
}

const wantedShapes: readonly boolean[] = Array.from({ length: 26 * (nameMax + 1) }, (_, shape) =>
  names.some((name) => shapeOf(name.charCodeAt(0), name.length) === shape),
);

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

function pixels(text: string): number | undefined {
  return /^\s{0,9}\d{1,5}(?:px)?\s{0,9}$/.test(text) ? Number.parseInt(text, 10) : undefined;
}
