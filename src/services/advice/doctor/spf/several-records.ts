/** SPF-02: more than one SPF record. RFC 7208 §4.5 */
import type { DomainFacts, Judged, Rule } from '../types.ts';
import { fixByRecord } from './mend-record.ts';
import { aboutRecord, sayNotTold, spfAt } from './read-record.ts';

export const severalRecords: Rule<'SPF-02'> = { id: 'SPF-02', judge: judgeSeveral };

function judgeSeveral(facts: DomainFacts): readonly Judged[] {
  const about = aboutRecord(facts);
  const { kind } = spfAt(facts);
  if (kind === 'unknown') return [{ ...about, status: 'unknown', meaning: sayNotTold(facts.subject.domain) }];
  if (kind === 'none') return [{ ...about, status: 'skip', meaning: 'There is no SPF record to look at.' }];
  if (kind !== 'several') return [{ ...about, status: 'pass', meaning: 'There is one SPF record, as it has to be.' }];
  const { length } = facts.spf.records;
  const meaning = `There are ${length} SPF records; with more than one, receivers use none, so nobody is allowed to send.`;
  const fix = fixByRecord(facts);
  return [{ ...about, status: 'fail', meaning, ...(fix && { fix }) }];
}
