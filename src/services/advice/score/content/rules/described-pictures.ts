/** MSG-07: each picture says in words what it shows. */
import { count, failed, passed, seen, skipped, someOf, steps } from '../judged.ts';
import type { ContentRule } from '../types.ts';
import { picturesOf } from './image-only.ts';

export const describedPictures: ContentRule<'MSG-07'> = {
  id: 'MSG-07',
  judge: (content) => {
    const subject = 'pictures';
    const pictures = picturesOf(content);
    if (pictures.length === 0) return [skipped({ subject, meaning: 'The message has no pictures.' })];
    const silent = pictures.filter(({ alt }) => alt === undefined);
    if (silent.length === 0)
      return [passed({ subject, meaning: 'Every picture has its words, or says that it needs none.' })];
    const meaning = `${count(silent.length, 'picture')} of ${pictures.length} ${silent.length === 1 ? 'has' : 'have'} no alternative text.`;
    const evidence = someOf(silent, ({ src }) => seen('img src', src || '(none)'));
    const fix = steps('Add alt="what it shows" to each of them, or alt="" where it is decoration.');
    return [failed({ subject, meaning, evidence, fix })];
  },
};
