/** SPF-10: the term `ptr`. RFC 7208 §5.5 */
import { printable } from '../../../../base/printable.ts';
import type { DomainFacts, Judged, Rule } from '../types.ts';
import { fixOwnRecord } from './mend-record.ts';
import { aboutRecord, judgeRecord } from './read-record.ts';
import { ptrTerms, sayWithoutPtr } from './usual-edits.ts';

export const ptrTerm: Rule<'SPF-10'> = { id: 'SPF-10', judge: (facts) => judgeRecord(facts, () => judgePtr(facts)) };

function judgePtr(facts: DomainFacts): readonly Judged[] {
  const found = ptrTerms(facts);
  if (found.length === 0) return [{ ...aboutRecord(facts), status: 'pass', meaning: 'The record does not use "ptr".' }];
  return found.map(({ at, text, terms }): Judged => {
    const written = printable(terms.join(' '), 80);
    const meaning = `The record of ${at} uses "${written}", which is slow, and which large receivers skip.`;
    const edited = fixOwnRecord(facts, at, text, { drop: terms });
    const steps = [...new Set([sayWithoutPtr(facts), ...(edited?.steps ?? [])])];
    const fix = { delete: edited?.delete ?? [], set: edited?.set ?? [], steps };
    return { subject: at, evidence: [facts.show(at, 'TXT')], status: 'fail', meaning, fix };
  });
}
