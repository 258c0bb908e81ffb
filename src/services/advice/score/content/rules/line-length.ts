/** MSG-02: no line longer than what every server takes. */
import { failed, passed, seen, steps } from '../judged.ts';
import type { ContentRule } from '../types.ts';

const lineMax = 998; // RFC 5322 §2.1.1

export const lineLength: ContentRule<'MSG-02'> = {
  id: 'MSG-02',
  judge: ({ lines }) => {
    const subject = 'lines';
    const evidence = [seen('longest line', `${lines.longestLine} octets`)];
    if (lines.longestLine <= lineMax) return [passed({ subject, meaning: 'No line is too long.', evidence })];
    const meaning = `The longest line has ${lines.longestLine} characters; at most ${lineMax} are allowed.`;
    const fix = steps('Send the part with the long line as quoted-printable (text) or base64 (everything else).');
    return [failed({ subject, meaning, evidence, fix })];
  },
};
