/** MSG-14: a subject in ordinary letters. */
import { decodeWords } from '../../../../../format/mime/encoded-word.ts';
import { failed, fieldTexts, passed, seen, skipped, steps } from '../judged.ts';
import type { ContentRule } from '../types.ts';

/** Letters below which capitals say nothing: `RE: IBM AG`. */
const lettersMin = 12;
/** Percent of the letters that have two cases. */
const capitalsMax = 80;

export const shouting: ContentRule<'MSG-14'> = {
  id: 'MSG-14',
  judge: ({ index }) => {
    const subject = 'Subject';
    const text = decodeWords(fieldTexts(index, 'subject')[0] ?? '').slice(0, subjectMax);
    const capitals = text.match(/\p{Lu}/gu)?.length ?? 0;
    const letters = capitals + (text.match(/\p{Ll}/gu)?.length ?? 0);
    if (letters < lettersMin) return [skipped({ subject, meaning: 'The subject is too short to tell.' })];
    const evidence = [seen('header Subject', text)];
    if (capitals * 100 <= letters * capitalsMax)
      return [passed({ subject, meaning: 'The subject is written in ordinary letters.', evidence })];
    const fix = steps('Write the subject in ordinary letters.');
    return [failed({ subject, meaning: 'The subject is written in capital letters.', evidence, fix })];
  },
};
const subjectMax = 2_000;
