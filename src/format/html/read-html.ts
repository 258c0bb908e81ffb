/**
 * What a reader of an HTML mail sees and can follow: its text, its links with their words, its pictures. One pass over the text as
 * the tokenizer of the HTML standard (§13.2.5) goes, without a tree: whatever is written ends somewhere, nothing is refused, and the
 * time is linear in what is read. Beyond the limits it stops reading and says so.
 *
 * Decisions:
 * - Text in an element whose own style says `display:none` (or `hidden`) is hidden, up to the end tag that fits; an element that
 *   is never closed hides the rest.
 * - A link ends at `</a>`, at the next link, or with the text. Its words are its text and the alternative texts of its pictures.
 * - Comments are skipped whole, those too that one mail program reads.
 */
import { decodeEntities } from './entities.ts';
import { type AttributeNames, pixels, TagAttributes } from './tag-attributes.ts';
import { tagNamed } from './tags.ts';

export type HtmlLink = {
  /** As written, references decoded, blanks at its ends and line breaks within taken out. */
  readonly href: string;
  /** Words a reader sees, blanks collapsed, cut at `words`. */
  readonly text: string;
};

type HtmlImage = {
  readonly src: string;
  /** Undefined when there is no such attribute; empty says that the picture is decoration. */
  readonly alt: string | undefined;
  /** As pixels, where it says so. */
  readonly width: number | undefined;
  readonly height: number | undefined;
};

export type HtmlFacts = {
  /** What is shown, blanks collapsed: the beginning of it. */
  readonly text: string;
  readonly hiddenText: string;
  readonly links: readonly HtmlLink[];
  readonly images: readonly HtmlImage[];
  /** What is fetched besides pictures: backgrounds, style sheets, frames. */
  readonly resources: readonly string[];
  /** Values of `id` and `name`, which a link may lead to. */
  readonly anchors: ReadonlySet<string>;
  /** `<base href>` */
  readonly base: string | undefined;
  /** Elements that mail programs take out or warn of, by name, in the order they came. */
  readonly active: readonly string[];
  /** False when a limit ended the reading. */
  readonly complete: boolean;
};

export type HtmlLimits = {
  /** Characters that are read. */
  readonly characters: number;
  /** Links, and as many pictures and resources. */
  readonly things: number;
  /** Characters of one link's words and of one attribute. */
  readonly words: number;
  /** Characters that are kept of the text, as it is written. */
  readonly text: number;
};

/** Twenty times what Gmail shows of a message. */
export const htmlLimits: HtmlLimits = { characters: 2_000_000, things: 5_000, words: 4_096, text: 20_000 };

const TAB = 0x09;
const LF = 0x0a;
const FF = 0x0c;
const CR = 0x0d;
const SPACE = 0x20;
const QUOTE = 0x22;
const APOSTROPHE = 0x27;
const SLASH = 0x2f;
const EQUALS = 0x3d;
const GREATER = 0x3e;

export function readHtml(html: string, limits: HtmlLimits = htmlLimits): HtmlFacts {
  return new HtmlReader(html, limits).read();
}

/** Words are those shown where it began: hidden ones of a shown link are not among them. */
type OpenLink = { readonly href: string; readonly isHidden: boolean; words: string };
type Hiding = { readonly name: string; depth: number };

class HtmlReader {
  readonly #html: string;
  readonly #limits: HtmlLimits;
  #complete: boolean;
  #at = 0;
  #shown = '';
  #hidden = '';
  readonly #links: HtmlLink[] = [];
  readonly #images: HtmlImage[] = [];
  readonly #resources: string[] = [];
  readonly #anchors = new Set<string>();
  readonly #active: string[] = [];
  #base: string | undefined;
  #link: OpenLink | undefined;
  #hiding: Hiding | undefined;
  #isApart = false;
  readonly #attributes: TagAttributes;

  constructor(html: string, limits: HtmlLimits) {
    this.#complete = html.length <= limits.characters;
    this.#html = this.#complete ? html : html.slice(0, limits.characters).replace(/<$/, ''); // a tag begins there
    this.#limits = limits;
    this.#attributes = new TagAttributes(limits.words);
  }

  read(): HtmlFacts {
    const html = this.#html;
    while (this.#at < html.length) {
      const found = html.indexOf('<', this.#at);
      const open = found < 0 ? html.length : found;
      if (open > this.#at) this.#textUpTo(open);
      this.#at = open;
      if (found >= 0) this.#markup();
    }
    this.#endLink();
    return {
      text: collapse(decodeEntities(this.#shown)),
      hiddenText: collapse(decodeEntities(this.#hidden)),
      links: this.#links,
      images: this.#images,
      resources: this.#resources,
      anchors: this.#anchors,
      base: this.#base,
      active: this.#active,
      complete: this.#complete,
    };
  }

  #addText(text: string): void {
    this.#add(text);
    this.#isApart = false;
  }

  /** Words before and after do not touch. */
  #separate(): void {
    if (this.#isApart) return;
    this.#add(' ');
    this.#isApart = true;
  }

  #add(text: string): void {
    const isHidden = this.#hiding !== undefined;
    const room = this.#limits.text - (isHidden ? this.#hidden : this.#shown).length;
    const kept = text.length > room ? text.slice(0, Math.max(room, 0)) : text;
    if (isHidden) this.#hidden += kept;
    else this.#shown += kept;
    const link = this.#link;
    if (link?.isHidden === isHidden && link.words.length < this.#limits.words) link.words += text;
  }

  /** Most of what stands between two tags is the line end of the source. */
  #textUpTo(end: number): void {
    let at = this.#at;
    while (at < end && isBlank(this.#html.charCodeAt(at))) at++;
    if (at === end) this.#separate();
    else this.#addText(this.#html.slice(this.#at, end));
  }

  /** At a `<`. §13.2.5.6 */
  #markup(): void {
    const next = this.#html.charCodeAt(this.#at + 1);
    if (isLetter(next)) this.#startTag();
    else if (next === SLASH) this.#endTag();
    else if (next === 0x21) this.#declaration();
    else if (next === 0x3f) this.#skipTo('>', 1);
    else {
      this.#addText('<');
      this.#at++;
    }
  }

  /** `<!--`, `<!doctype`, `<![endif]`. §13.2.5.42 */
  #declaration(): void {
    const isComment = this.#html.startsWith('--', this.#at + 2);
    const isEmpty =
      isComment && (this.#html.startsWith('>', this.#at + 4) || this.#html.startsWith('->', this.#at + 4));
    if (isComment && !isEmpty) this.#skipTo('-->', 3, 4);
    else this.#skipTo('>', 1);
  }

  #skipTo(what: string, length: number, from = 1): void {
    const found = this.#html.indexOf(what, this.#at + from);
    this.#at = found < 0 ? this.#html.length : found + length;
  }

  #endTag(): void {
    const start = this.#at + 2;
    if (!isLetter(this.#html.charCodeAt(start))) {
      this.#skipTo('>', 1);
      return;
    }
    const nameEnd = this.#nameEnd(start);
    const tag = tagNamed(this.#html, start, nameEnd);
    this.#at = nameEnd;
    this.#readAttributes(undefined);
    if (tag.inline !== true) this.#separate();
    if (tag.name === 'a') this.#endLink();
    const hiding = this.#hiding;
    if (hiding?.name !== tag.name || --hiding.depth > 0) return;
    this.#hiding = undefined;
    this.#isApart = false;
  }

  #startTag(): void {
    const nameEnd = this.#nameEnd(this.#at + 1);
    const tag = tagNamed(this.#html, this.#at + 1, nameEnd);
    const { name } = tag;
    const attributes = this.#attributes;
    attributes.clear();
    this.#at = nameEnd;
    if (!this.#readAttributes(tag.attributes)) return; // §13.2.5.33: a tag that the text ends in is none
    if (tag.inline !== true) this.#separate();
    if (tag.active) this.#keep(this.#active, name);
    this.#note(name, attributes);
    if (this.#hiding === undefined) {
      if (attributes.hides && !tag.isVoid) this.#hide(name);
    } else if (this.#hiding.name === name) this.#hiding.depth++;
    if (tag.raw) this.#skipRaw(name);
    else if (name === 'plaintext') this.#restIsText();
  }

  #hide(name: string): void {
    this.#hiding = { name, depth: 1 };
    this.#isApart = false;
  }

  #nameEnd(start: number): number {
    const html = this.#html;
    let at = start;
    for (let code = html.charCodeAt(at); at < html.length && (code > GREATER || !endsName(code)); )
      code = html.charCodeAt(++at);
    return at;
  }

  /** §13.2.5.32 to .40: from after the name to after the `>`. False: there is none, and the tag swallows the rest. */
  #readAttributes(wanted: AttributeNames | undefined): boolean {
    const html = this.#html;
    const end = html.length;
    let at = this.#at;
    while (at < end) {
      let code = html.charCodeAt(at);
      while (isBlank(code) || code === SLASH) code = html.charCodeAt(++at);
      if (code === GREATER) {
        this.#at = at + 1;
        return true;
      }
      const nameStart = at++; // a leading equals sign belongs to the name
      for (code = html.charCodeAt(at); at < end && (code > GREATER || !(endsName(code) || code === EQUALS)); )
        code = html.charCodeAt(++at);
      const nameEnd = at;
      while (isBlank(code)) code = html.charCodeAt(++at);
      if (code !== EQUALS) {
        if (wanted) this.#attributes.add(wanted, html, nameStart, nameEnd, 0, 0);
        continue;
      }
      code = html.charCodeAt(++at);
      while (isBlank(code)) code = html.charCodeAt(++at);
      const isQuoted = code === QUOTE || code === APOSTROPHE;
      const valueStart = isQuoted ? at + 1 : at;
      at = isQuoted ? this.#quoteEnd(valueStart, code) : this.#plainEnd(at);
      if (wanted) this.#attributes.add(wanted, html, nameStart, nameEnd, valueStart, at);
      if (isQuoted) at++;
    }
    this.#at = end;
    return false;
  }

  #quoteEnd(from: number, quote: number): number {
    const found = this.#html.indexOf(quote === QUOTE ? '"' : "'", from);
    return found < 0 ? this.#html.length : found;
  }

  #plainEnd(from: number): number {
    const html = this.#html;
    let at = from;
    for (let code = html.charCodeAt(at); at < html.length && code !== GREATER && !isBlank(code); )
      code = html.charCodeAt(++at);
    return at;
  }

  #skipRaw(name: string): void {
    const html = this.#html;
    for (let from = this.#at; ; ) {
      const found = html.indexOf('</', from);
      if (found < 0) {
        this.#at = html.length;
        return;
      }
      from = found + 2;
      const after = from + name.length;
      if (html.slice(from, after).toLowerCase() !== name) continue;
      if (after >= html.length || endsName(html.charCodeAt(after))) {
        this.#at = found;
        return;
      }
    }
  }

  #restIsText(): void {
    this.#addText(this.#html.slice(this.#at));
    this.#at = this.#html.length;
  }

  #note(name: string, wanted: TagAttributes): void {
    if (wanted.anchor !== undefined) this.#anchors.add(wanted.anchor);
    if (name === 'a' || name === 'area') {
      if (name === 'a') this.#endLink();
      if (wanted.href !== undefined) this.#openLink(name, wanted);
    } else if (name === 'img') {
      const { src = '', alt, width, height } = wanted;
      this.#keep(this.#images, { src, alt: alt && decodeEntities(alt), width: pixels(width), height: pixels(height) });
      if (this.#link !== undefined && alt) this.#addAlternative(alt);
    } else if (name === 'base') this.#base ??= wanted.href;
    else {
      const fetched = name === 'link' ? wanted.href : (wanted.background ?? wanted.src);
      if (fetched !== undefined) this.#keep(this.#resources, fetched);
    }
  }

  #addAlternative(alt: string): void {
    this.#separate();
    this.#addText(alt);
    this.#separate();
  }

  #openLink(name: string, { href = '', alt = '' }: TagAttributes): void {
    if (name === 'area') this.#keep(this.#links, { href, text: collapse(decodeEntities(alt)) });
    else this.#link = { href, isHidden: this.#hiding !== undefined, words: '' };
  }

  #endLink(): void {
    const link = this.#link;
    if (link === undefined) return;
    this.#link = undefined;
    const text = collapse(decodeEntities(link.words.slice(0, this.#limits.words)));
    this.#keep(this.#links, { href: link.href, text });
  }

  #keep<T>(list: T[], one: T): void {
    if (list.length < this.#limits.things) list.push(one);
    else this.#complete = false;
  }
}

/** Runs of blanks to one space, none at the ends; what only steers the layout is no text. */
function collapse(text: string): string {
  if (!uncollapsed.test(text)) return text;
  return text
    .replace(/(?:[\u00ad\u200b-\u200f\u2060-\u2064\ufeff]|\u034f)+/g, '')
    .replace(/\s{2,}|[^\S ]/g, ' ')
    .trim();
}
const uncollapsed = /[\u00ad\u200b-\u200f\u2060-\u2064\ufeff]|\u034f|\s\s|[^\S ]|^ | $/;

function isLetter(code: number): boolean {
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x7a;
}

function isBlank(code: number): boolean {
  return code === SPACE || code === LF || code === CR || code === TAB || code === FF;
}

function endsName(code: number): boolean {
  return code === GREATER || code === SLASH || isBlank(code);
}
