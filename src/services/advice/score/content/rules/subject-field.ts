/** MSG-15: one subject, in a form that every program reads. */
import { isAscii } from '../../../../../base/bytes.ts';
import { decodeWords } from '../../../../../format/mime/encoded-word.ts';
import { failed, fieldTexts, passed, seen, steps } from '../judged.ts';
import type { ContentRule, JudgedContent } from '../types.ts';

export const subjectField: ContentRule<'MSG-15'> = {
  id: 'MSG-15',
  judge: ({ index }) => [judgeSubject(fieldTexts(index, 'subject'))],
};

function judgeSubject(subjects: readonly string[]): JudgedContent {
  const subject = 'Subject';
  const [text = ''] = subjects;
  const shown = decodeWords(text);
  const evidence = subjects.slice(0, 3).map((one) => seen('header Subject', decodeWords(one)));
  const wrong = (meaning: string, ...fix: string[]) => failed({ subject, meaning, evidence, fix: steps(...fix) });
  if (subjects.length > 1) return wrong(`The message has ${subjects.length} subjects.`, 'Write one Subject field.'); // RFC 5322 §3.6
  if (shown.trim() === '')
    return wrong('The message has no subject.', 'Write a subject that says what the message is about.');
  if (!isAscii(text))
    return wrong(
      'The subject has letters beyond English ones that are not encoded: many programs show garbage.',
      'Encode it as RFC 2047 says; every mail library does.',
    );
  if (isBrokenWord(shown))
    return wrong(
      'The encoding of the subject is damaged: people see =?...?= in place of words.',
      'Encode the whole subject once, with a mail library, and do not cut it afterwards.',
    );
  if (shown.includes('\ufffd')) return wrong('Some characters of the subject cannot be shown.', 'Encode it as UTF-8.');
  return passed({ subject, meaning: 'The subject is there once and can be read everywhere.', evidence });
}

/** RFC 2047 §2: what still looks like an encoded word after decoding was none that programs understand. */
function isBrokenWord(shown: string): boolean {
  return /=\?[A-Za-z0-9_-]{2,40}\?[BbQq]\?/.test(shown);
}
