/** SPF-03: a mistake in the record, and where it is. RFC 7208 §4.6 */
import { printable } from '../../../../base/printable.ts';
import type { FindingEvidence } from '../../types.ts';
import type { DomainFacts, Judged, Rule } from '../types.ts';
import { fixByRecord } from './mend-record.ts';
import { aboutRecord, judgeRecord, spfAt, type Unreadable } from './read-record.ts';

export const recordUnreadable: Rule<'SPF-03'> = { id: 'SPF-03', judge: judgeSyntax };

function judgeSyntax(facts: DomainFacts): readonly Judged[] {
  const about = aboutRecord(facts);
  const at = spfAt(facts);
  if (at.kind !== 'unreadable')
    return judgeRecord(facts, () => [{ ...about, status: 'pass', meaning: 'The SPF record can be read to its end.' }]);
  const { text, mistake } = at;
  const fix = fixByRecord(facts);
  const meaning = `Receivers cannot read the SPF record, so it lets nobody send: a mistake at character ${mistake.at + 1}, ${mistake.say}.`;
  const evidence = [...about.evidence, caret(facts.subject.domain, text, mistake)];
  return [{ ...about, evidence, status: 'fail', meaning, ...(fix && { fix }) }];
}

/** Fits beside the margin of a terminal. */
const columns = 66;
const before = 24;

/** The text around the mistake, and below it a caret at its first character and its length. */
function caret(domain: string, text: string, { at, length }: Unreadable): FindingEvidence {
  const from = Math.max(0, Math.min(at - before, text.length - columns));
  // One character each, so that the caret stands below what it means.
  const shown = text.slice(from, from + columns).replaceAll(/[^\x20-\x7e]/g, '?');
  const carets = '^'.repeat(Math.max(1, Math.min(length, columns - (at - from))));
  const answer = `${shown}\n${' '.repeat(at - from)}${carets}`;
  return { query: `SPF record of ${printable(domain)}, from character ${from + 1}`, answer };
}
