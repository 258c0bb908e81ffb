/** MSG-16: the message says to whom it is. */
import { failed, fieldTexts, passed, seen, steps } from '../judged.ts';
import type { ContentRule } from '../types.ts';

export const recipientNamed: ContentRule<'MSG-16'> = {
  id: 'MSG-16',
  judge: ({ index }) => {
    const subject = 'To';
    const [to, cc] = [fieldTexts(index, 'to'), fieldTexts(index, 'cc')];
    const evidence = [...to, ...cc].slice(0, 2).map((text) => seen('header To, Cc', text));
    const fix = steps('Put the address of the recipient into To, and send each recipient a message of their own.');
    if (to.length === 0 && cc.length === 0)
      return [failed({ subject, meaning: 'The message does not say to whom it is.', fix })];
    if ([...to, ...cc].some((text) => text.includes('@')))
      return [passed({ subject, meaning: 'The message says to whom it is.', evidence })];
    const meaning = 'The message hides to whom it is.';
    return [failed({ subject, severity: 'advice', meaning, evidence, fix })];
  },
};
