/** BLK-03: people see where to unsubscribe. */
import { fieldText } from '../../../../../format/message/message-index.ts';
import { failed, passed, seen, steps } from '../../content/judged.ts';
import type { Content } from '../../content/types.ts';
import { leavingWords } from '../leaving-words.ts';
import type { BulkFacts, BulkRule } from '../types.ts';
import { oneClickAddress } from './one-click.ts';

const tenths = 5;

export const visibleLink: BulkRule<'BLK-03'> = {
  id: 'BLK-03',
  judge: (facts, content) => {
    const subject = 'text';
    const found = leavingLink(facts, content);
    if (found !== undefined)
      return [passed({ subject, meaning: 'The text has a link to unsubscribe.', evidence: [seen('link', found)] })];
    const fix = steps('Put a link that says "Unsubscribe" at the end of the text, in the HTML and in the plain text.');
    return [failed({ subject, meaning: 'No link in the text lets the reader unsubscribe.', fix, tenths })];
  },
};

/** A link whose words or address speak of leaving, or that leads where the header does; in plain text the line around it counts. */
function leavingLink(facts: BulkFacts, { links, plain, html }: Content): string | undefined {
  const header = oneClickAddress(fieldText(facts.index, 'list-unsubscribe') ?? '');
  const found = links.findLast(
    // at the end of the text, mostly
    ({ href, text, trouble }) =>
      trouble === undefined && (href === header || leavingWords.test(text) || leavingWords.test(href)),
  );
  if (found !== undefined || html !== undefined || plain === undefined) return found?.href;
  return leavingLine(plain);
}

/** The pattern of words is long: only lines with an address in them, or right above one, are held against it. */
function leavingLine(plain: string): string | undefined {
  let checked = 0;
  for (const { index } of plain.matchAll(/https?:\/\/|mailto:|@/gi)) {
    if (index < checked) continue; // another address of the same line
    const start = plain.lastIndexOf('\n', index) + 1;
    const above = start === 0 ? 0 : plain.lastIndexOf('\n', start - 2) + 1;
    const found = plain.indexOf('\n', index);
    const end = found < 0 ? plain.length : found;
    const lines = plain.slice(Math.max(above, checked), end);
    checked = end;
    if (leavingWords.test(lines)) return lines.slice(0, 200).trim();
  }
  return undefined;
}
