/** MSG-04: HTML comes with a plain text. */
import { failed, passed, skipped, steps } from '../judged.ts';
import type { ContentRule } from '../types.ts';

const tenths = 5;

export const htmlOnly: ContentRule<'MSG-04'> = {
  id: 'MSG-04',
  judge: ({ html, plain }) => {
    const subject = 'text part';
    if (html === undefined) {
      return plain === undefined
        ? [skipped({ subject, meaning: 'The message shows no text at all.' })]
        : [passed({ subject, meaning: 'The message is plain text, which everybody can read.' })];
    }
    if (plain !== undefined && plain.trim() !== '')
      return [passed({ subject, meaning: 'The message comes as HTML and as plain text.' })];
    const meaning =
      plain === undefined ? 'The message comes as HTML only.' : 'The plain text beside the HTML is empty.';
    const fix = steps('Add a text/plain part with the same words, before the HTML, in a multipart/alternative.');
    return [failed({ subject, meaning, fix, tenths })];
  },
};
