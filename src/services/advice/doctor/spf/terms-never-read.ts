/** SPF-11: terms behind `all`, and a redirect beside it. RFC 7208 §5.1, §6.1 */
import { printable } from '../../../../base/printable.ts';
import type { DomainFacts, Judged, Rule } from '../types.ts';
import { fixByRecord } from './mend-record.ts';
import { aboutRecord, judgeRecord, type OneRecord } from './read-record.ts';

export const termsNeverRead: Rule<'SPF-11'> = {
  id: 'SPF-11',
  judge: (facts) => judgeRecord(facts, (one) => [judgeOrder(facts, one)]),
};

function judgeOrder(facts: DomainFacts, { record }: OneRecord): Judged {
  const about = aboutRecord(facts);
  const at = record.directives.findIndex(({ kind }) => kind === 'all');
  const behind = at < 0 ? [] : record.directives.slice(at + 1).map(({ text }) => text);
  const redirect = record.hasAll ? record.redirect?.text : undefined;
  const idle = [...behind, ...(redirect === undefined ? [] : [redirect])];
  if (idle.length === 0) return { ...about, status: 'pass', meaning: 'Every term of the record is read.' };
  const meaning = `${printable(idle.join(' '), 120)} ${idle.length === 1 ? 'has' : 'have'} no effect: "all" ends the record, and receivers do not read on.`;
  const fix = fixByRecord(facts);
  return { ...about, status: 'fail', meaning, ...(fix && { fix }) };
}
