/** What the elements of HTML are to a reader of mail, and how the name of a tag is recognised. */
import { type AttributeNames, attributesOf } from './tag-attributes.ts';

export type Tag = {
  /** Lower case. */
  readonly name: string;
  /** Text inside is no text of the mail (§13.2.5.2 to .5, with scripting off). */
  readonly raw?: boolean;
  readonly active?: boolean;
  /** It has no end tag, so nothing is inside it. */
  readonly isVoid?: boolean;
  /** A word goes on across it. */
  readonly inline?: boolean;
  /** Its attributes that tell something. */
  readonly attributes: AttributeNames;
};

type Kind = Pick<Tag, 'raw' | 'active' | 'isVoid' | 'inline'>;

const ordinaryAttributes = attributesOf(['style', 'hidden', 'id', 'name', 'background', 'src']);
const ownAttributes: ReadonlyMap<string, AttributeNames> = new Map([
  ['a', attributesOf(['style', 'hidden', 'id', 'name', 'href'])],
  ['area', attributesOf(['id', 'name', 'href', 'alt'])],
  ['base', attributesOf(['id', 'name', 'href'])],
  ['link', attributesOf(['id', 'name', 'href'])],
  ['img', attributesOf(['id', 'name', 'src', 'alt', 'width', 'height'])],
]);

const tags: ReadonlyMap<string, Tag> = new Map([
  ...tagsOf('style title textarea xmp noembed noframes', { raw: true }),
  ...tagsOf('script iframe', { raw: true, active: true }),
  ...tagsOf('object applet form', { active: true }),
  ...tagsOf('embed', { active: true, isVoid: true }),
  ...tagsOf('img br hr meta link base input col area source', { isVoid: true }),
  ...tagsOf('wbr', { isVoid: true, inline: true }),
  ...tagsOf('a b i u s em strong span font small big code sub sup mark abbr', { inline: true }),
  ...tagsOf('p div table tbody thead tr td th ul ol li center html head body section', {}),
]);

function tagsOf(names: string, kind: Kind): [string, Tag][] {
  return names.split(' ').map((name) => [name, tagOf(name, kind)]);
}

function tagOf(name: string, kind: Kind): Tag {
  return { name, ...kind, attributes: ownAttributes.get(name) ?? ordinaryAttributes };
}

/**
 * The tag whose name stands there. The usual ones are found by their letters: to cut each name out of the text and look it up in a map
 * took a fifth of the reading.
 */
export function tagNamed(html: string, start: number, end: number): Tag {
  const likely = end - start > nameMax ? undefined : byKey[keyOf(html, start, end)];
  if (likely !== undefined && isNamed(html, start, end, likely.name)) return likely;
  const name = html.slice(start, end).toLowerCase();
  return tags.get(name) ?? tagOf(name, {});
}

const nameMax = 8;
/** With this number and the factor below no two of the names have one key; if two had, the first of them would be found faster. */
const keys = 512;

function keyOf(html: string, start: number, end: number): number {
  let key = 0;
  for (let at = start; at < end; at++) key = (key * 9 + (html.charCodeAt(at) | 0x20)) & (keys - 1);
  return key;
}

function isNamed(html: string, start: number, end: number, name: string): boolean {
  if (name.length !== end - start) return false;
  for (let at = 0; at < name.length; at++)
    if ((html.charCodeAt(start + at) | 0x20) !== name.charCodeAt(at)) return false;
  return true;
}

const byKey: readonly (Tag | undefined)[] = Array.from({ length: keys }, (_, key) =>
  [...tags.values()].find(({ name }) => keyOf(name, 0, name.length) === key),
);
