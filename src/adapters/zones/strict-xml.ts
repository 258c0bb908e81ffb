/**
 * XML as Amazon's APIs write it, and no more of XML: elements, text, attributes that nobody needs, the five named entities and numbered
 * ones. A document type, CDATA, a processing instruction after the first line, or anything unfinished is refused as a whole.
 */
export type XmlElement = { readonly name: string; readonly children: readonly XmlElement[]; readonly text: string };

const depthMax = 32;
const token = /<(\/?)([A-Za-z_][\w.:-]*)((?:\s+[\w.:-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>|([^<]+)/y;

type Open = { readonly name: string; readonly children: XmlElement[]; text: string };

export function parseXml(document: string): XmlElement | undefined {
  const text = document.replace(/^\ufeff?<\?xml[^>]*\?>/, '').trim();
  const root: Open = { name: '', children: [], text: '' };
  const open: Open[] = [root];
  const reader = new RegExp(token);
  while (reader.lastIndex < text.length) {
    const found = reader.exec(text);
    const top = open.at(-1);
    if (found === null || top === undefined) return undefined;
    const [, closing, name, , empty, characters] = found;
    if (characters !== undefined) {
      const meant = withoutEntities(characters);
      if (meant === undefined || (top === root && characters.trim() !== '')) return undefined;
      top.text += meant;
    } else if (closing) {
      if (top.name !== name || top === root) return undefined;
      open.pop();
    } else {
      const element: Open = { name: name as string, children: [], text: '' };
      top.children.push(element);
      if (!empty) open.push(element);
      if (open.length > depthMax) return undefined;
    }
  }
  const [only, ...others] = root.children;
  return open.length === 1 && others.length === 0 ? only : undefined;
}

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

function withoutEntities(text: string): string | undefined {
  let broken = false;
  const meant = text.replace(/&([^;&]*)(;?)/g, (_all, name: string, end: string) => {
    const code = /^#(?:x([0-9a-f]{1,6})|([0-9]{1,7}))$/i.exec(name);
    const point = code ? Number.parseInt(code[1] ?? code[2] ?? '', code[1] ? 16 : 10) : undefined;
    const character =
      point === undefined ? entities[name] : point <= 0x10ffff ? String.fromCodePoint(point) : undefined;
    if (end === '' || character === undefined) broken = true;
    return character ?? '';
  });
  return broken ? undefined : meant;
}

export function childOf(element: XmlElement | undefined, name: string): XmlElement | undefined {
  return element?.children.find((child) => child.name === name);
}

export function textIn(element: XmlElement | undefined, name: string): string | undefined {
  return childOf(element, name)?.text;
}

export function xmlText(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
