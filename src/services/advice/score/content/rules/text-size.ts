/** MSG-13: short enough to be shown whole. */
import { failed, passed, seen, skipped, steps } from '../judged.ts';
import type { ContentRule } from '../types.ts';

/** Gmail cuts a message there and shows a link. */
const clippedOctets = 102 * 1_024;

export const textSize: ContentRule<'MSG-13'> = {
  id: 'MSG-13',
  judge: ({ html, plain, shownOctets }) => {
    const what = html === undefined ? 'plain text' : 'HTML';
    if (html === undefined && plain === undefined)
      return [skipped({ subject: 'text', meaning: 'The message shows no text at all.' })];
    const size = `${Math.ceil(shownOctets / 1_024)} KB`;
    const evidence = [seen(what, `${shownOctets} octets`)];
    if (shownOctets <= clippedOctets)
      return [passed({ subject: what, meaning: `The ${what} has ${size}; Gmail shows up to 102 KB.`, evidence })];
    const meaning = `The ${what} has ${size}: Gmail cuts it after 102 KB and hides the rest.`;
    const fix = steps(
      'Shorten it below 100 KB: take out unused styles, pictures written into the HTML, and repeated blocks.',
    );
    return [failed({ subject: what, meaning, evidence, fix })];
  },
};
