/**
 * A picture's XML, and no more of XML than a logo may have: elements, attributes, text, comments, CDATA. A document type (and with it
 * every entity of one's own), a processing instruction, or anything unfinished is refused as a whole. Linear and bounded. Pure.
 */
export type SvgElement = {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly SvgElement[];
  readonly text: string;
};

export type SvgReading =
  | { readonly ok: true; readonly root: SvgElement }
  | { readonly ok: false; readonly why: string };

/** Pictures beyond these draw nothing that a logo needs. (Our choice.) */
const depthMax = 64;
const elementsMax = 5_000;

const opening = /<([A-Za-z_][\w.:-]*)((?:\s+[A-Za-z_][\w.:-]*\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>/y;
const closing = /<\/([A-Za-z_][\w.:-]*)\s*>/y;
const attribute = /([A-Za-z_][\w.:-]*)\s*=\s*(?:"([^"<]*)"|'([^'<]*)')/g;
const characters = /[^<]+/y;

type Open = {
  readonly name: string;
  readonly attributes: Map<string, string>;
  readonly children: Open[];
  text: string;
};

export function readSvg(document: string): SvgReading {
  const text = document.replace(/^\ufeff?(?:<\?xml[^>]{0,200}\?>)?/, '').trim();
  const root: Open = { name: '', attributes: new Map(), children: [], text: '' };
  const open: Open[] = [root];
  let at = 0;
  let elements = 0;
  while (at < text.length) {
    const step = takeToken(text, at, open);
    if (typeof step === 'string') return { ok: false, why: step };
    at = step.end;
    if (step.isElement && ++elements > elementsMax)
      return { ok: false, why: `it has more than ${elementsMax} elements` };
    if (open.length > depthMax) return { ok: false, why: `its elements lie more than ${depthMax} deep` };
  }
  const [only, ...others] = root.children;
  if (open.length > 1) return { ok: false, why: `<${open.at(-1)?.name}> is not closed` };
  return only && others.length === 0 ? { ok: true, root: only } : { ok: false, why: 'it is not one whole element' };
}

type Taken = { readonly end: number; readonly isElement?: boolean };

/** Takes what stands at `at` into the elements that are open; a sentence when it may not stand there. */
function takeToken(text: string, at: number, open: Open[]): Taken | string {
  const top = open.at(-1) as Open;
  if (text.startsWith('<!--', at)) return skipTo(text, '-->', at + 4) ?? 'a comment has no end';
  if (text.startsWith('<![CDATA[', at)) {
    const skipped = skipTo(text, ']]>', at + 9);
    if (skipped === undefined) return 'a CDATA section has no end';
    top.text += text.slice(at + 9, skipped.end - 3);
    return skipped;
  }
  if (text.startsWith('<!', at)) return 'it has a document type or entities of its own';
  if (text.startsWith('<?', at)) return 'it has a processing instruction';
  if (text[at] !== '<') return takeCharacters(text, at, open);
  return text[at + 1] === '/' ? takeClosing(text, at, open) : takeOpening(text, at, open);
}

function skipTo(text: string, end: string, from: number): Taken | undefined {
  const at = text.indexOf(end, from);
  return at < 0 ? undefined : { end: at + end.length };
}

function match(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  const here = new RegExp(pattern);
  here.lastIndex = at;
  return here.exec(text);
}

function takeCharacters(text: string, at: number, open: Open[]): Taken | string {
  const found = match(characters, text, at)?.[0] ?? '';
  if (/&(?!(?:lt|gt|amp|quot|apos|#[0-9]{1,7}|#x[0-9A-Fa-f]{1,6});)/.test(found))
    return 'it uses an entity that XML does not have';
  if (open.length === 1 && found.trim() !== '') return 'it has text outside of the picture';
  (open.at(-1) as Open).text += found;
  return { end: at + found.length };
}

function takeClosing(text: string, at: number, open: Open[]): Taken | string {
  const found = match(closing, text, at);
  const top = open.at(-1);
  if (found === null || open.length === 1 || top?.name !== found[1]) return 'its elements do not close in order';
  open.pop();
  return { end: at + found[0].length };
}

function takeOpening(text: string, at: number, open: Open[]): Taken | string {
  const found = match(opening, text, at);
  if (found === null) return 'an element is not written as XML wants it';
  const [whole, name = '', written = '', empty = ''] = found;
  const attributes = new Map<string, string>();
  for (const [, key = '', double, single] of written.matchAll(attribute)) {
    if (attributes.has(key)) return `an element has ${key} twice`;
    attributes.set(key, double ?? single ?? '');
  }
  const element: Open = { name, attributes, children: [], text: '' };
  (open.at(-1) as Open).children.push(element);
  if (empty === '') open.push(element);
  return { end: at + whole.length, isElement: true };
}
