/** Whether a picture is a logo that receivers take: SVG Tiny Portable/Secure, square, with a title, small. Pure. draft-svg-tiny-ps-abrotman-08 */
import { isUtf8 } from 'node:buffer';
import { asBuffer } from '../../base/bytes.ts';
import { printable } from '../../base/printable.ts';
import { readSvg, type SvgElement } from './read-svg.ts';

/** The receivers' limit: 32 KB. */
export const logoOctetsMax = 32_768;
const titleMax = 65;

/** What SVG Tiny PS leaves of SVG Tiny 1.2. */
const allowed: ReadonlySet<string> = new Set(
  (
    'svg title desc metadata g defs use path rect circle ellipse line polyline polygon text textArea tspan tbreak linearGradient ' +
    'radialGradient stop solidColor switch font font-face font-face-src font-face-name glyph missing-glyph hkern prefetch'
  ).split(' '),
);

export type LogoVerdict =
  | { readonly kind: 'good' }
  | { readonly kind: 'bad'; readonly problems: readonly string[] }
  | { readonly kind: 'unknown'; readonly why: string };

/** More problems of one picture help nobody. */
const problemsMax = 8;

export function judgeLogo(octets: Uint8Array): LogoVerdict {
  if (octets[0] === 0x1f && octets[1] === 0x8b) return { kind: 'unknown', why: 'it is compressed (gzip)' };
  if (!isUtf8(octets)) return { kind: 'bad', problems: ['it is not text in UTF-8'] };
  const tooLarge =
    octets.length > logoOctetsMax
      ? [`it has ${octets.length} octets, more than the ${logoOctetsMax} that receivers take`]
      : [];
  const reading = readSvg(asBuffer(octets).toString('utf8'));
  const problems = [...tooLarge, ...(reading.ok ? judgeRoot(reading.root) : [`it is no plain SVG: ${reading.why}`])];
  return problems.length === 0 ? { kind: 'good' } : { kind: 'bad', problems: problems.slice(0, problemsMax) };
}

function judgeRoot(root: SvgElement): readonly string[] {
  if (root.name !== 'svg') return [`it is no SVG but <${printable(root.name, 40)}>`];
  const has = (name: string) => root.attributes.get(name);
  return [
    ...(has('xmlns') === 'http://www.w3.org/2000/svg' ? [] : ['<svg> lacks xmlns="http://www.w3.org/2000/svg"']),
    ...(has('version') === '1.2' ? [] : ['<svg> lacks version="1.2"']),
    ...(has('baseProfile') === 'tiny-ps' ? [] : ['<svg> lacks baseProfile="tiny-ps"']),
    ...(has('x') === undefined && has('y') === undefined ? [] : ['<svg> has x or y, which may not stand there']),
    ...titleProblems(root),
    ...shapeProblems(root),
    ...[...new Set(elementsIn(root).flatMap(elementProblems))],
  ];
}

function titleProblems(root: SvgElement): readonly string[] {
  const title = root.children.find(({ name }) => name === 'title')?.text.trim() ?? '';
  if (title === '') return ['it has no title: <title>Your name</title> right below <svg>'];
  return title.length > titleMax ? [`its title is longer than ${titleMax} characters`] : [];
}

function shapeProblems({ attributes }: SvgElement): readonly string[] {
  const box = (attributes.get('viewBox') ?? '')
    .trim()
    .split(/[\s,]+/)
    .map(Number);
  const [width = 0, height = 0] = [box[2], box[3]];
  const sides = [attributes.get('width'), attributes.get('height')].map((side) => Number.parseFloat(side ?? 'x'));
  const isBoxed = box.length === 4 && box.every(Number.isFinite) && width > 0 && height > 0;
  const isSized = sides.every((side) => Number.isFinite(side) && side > 0);
  if (!isBoxed && !isSized) return ['it does not say its size (viewBox)'];
  const isSquare = (!isBoxed || width === height) && (!isSized || sides[0] === sides[1]);
  return isSquare ? [] : [`it is not square (${isBoxed ? `${width} by ${height}` : `${sides[0]} by ${sides[1]}`})`];
}

function elementsIn(root: SvgElement): readonly SvgElement[] {
  const all: SvgElement[] = [];
  const waiting = [root];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    all.push(next);
    waiting.push(...next.children);
  }
  return all;
}

function elementProblems({ name, attributes }: SvgElement): readonly string[] {
  const isForeign = name.includes(':'); // what an editor leaves behind; receivers refuse it too
  if (isForeign || !allowed.has(name)) return [`<${printable(name, 40)}> may not stand in it`];
  return [...attributes].flatMap(([key, value]) => attributeProblem(key, value));
}

function attributeProblem(key: string, value: string): readonly string[] {
  if (/^on/i.test(key)) return [`${printable(key, 40)}, which runs a script, may not stand in it`];
  const isLink = /^(?:xlink:)?href$/i.test(key);
  if (isLink && !value.trim().startsWith('#')) return ['it refers to something outside of itself'];
  if (/url\(\s*['"]?\s*(?!#|['"\s])/i.test(value)) return ['it refers to something outside of itself'];
  return /javascript:/i.test(value) ? ['it holds a script'] : [];
}
