/** MSG-03: lines end with CRLF and nothing else. */
import { failed, passed, seen, steps } from '../judged.ts';
import type { ContentRule } from '../types.ts';

export const lineEnds: ContentRule<'MSG-03'> = {
  id: 'MSG-03',
  judge: ({ lines }) => {
    const subject = 'line ends';
    const culprit = lines.bareLfAt === undefined ? 'CR without LF' : 'LF without CR';
    const at = lines.bareLfAt ?? lines.bareCrAt;
    if (at === undefined) return [passed({ subject, meaning: 'Every line ends as it must.' })];
    const meaning = `A line ends with ${culprit}; servers disagree on whether that is a line end.`; // RFC 5321 §2.3.8
    const fix = steps('End every line with CRLF, both characters, before the message is signed.');
    return [failed({ subject, meaning, evidence: [seen('first place', `octet ${at}: ${culprit}`)], fix })];
  },
};
