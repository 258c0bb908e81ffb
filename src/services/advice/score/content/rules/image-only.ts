/** MSG-06: a message says something where pictures are not shown. */
import { count, failed, passed, seen, skipped, steps } from '../judged.ts';
import type { Content, ContentRule } from '../types.ts';

/** Shown letters below which a message with pictures says nothing: about one line. */
const lettersMin = 60;
/** A picture of at most so many pixels each way is there to be counted or to make room. */
const pixelMax = 3;

export const imageOnly: ContentRule<'MSG-06'> = {
  id: 'MSG-06',
  judge: (content) => {
    const subject = 'pictures and words';
    const pictures = picturesOf(content);
    const letters = content.html?.text.length ?? 0;
    if (pictures.length === 0) return [skipped({ subject, meaning: 'The message has no pictures.' })];
    const evidence = [seen('HTML', `${count(pictures.length, 'picture')}, ${count(letters, 'letter')} of text`)];
    if (letters >= lettersMin)
      return [passed({ subject, meaning: 'The message says something without its pictures, too.', evidence })];
    const meaning = `The message shows ${count(pictures.length, 'picture')} and next to no words.`;
    const fix = steps('Write what the pictures say as text into the HTML: at least two or three sentences.');
    return [failed({ subject, meaning, evidence, fix })];
  },
};

/** Those that are there to be looked at. */
export function picturesOf({ html }: Pick<Content, 'html'>): NonNullable<Content['html']>['images'] {
  return html?.images.filter((image) => !isPixel(image)) ?? [];
}

export function isPixel({
  width,
  height,
}: {
  readonly width: number | undefined;
  readonly height: number | undefined;
}): boolean {
  return width !== undefined && height !== undefined && width <= pixelMax && height <= pixelMax;
}
