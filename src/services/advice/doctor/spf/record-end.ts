/** SPF-09: how the record ends, and whether it lets everybody pass. RFC 7208 §4.7, §5.1 */
import type { SpfTree } from '../../../../protocol/spf/include-tree.ts';
import { parseSpfRecord, type Qualifier, type SpfRecord } from '../../../../protocol/spf/record.ts';
import type { DomainFacts, Judged, Rule } from '../types.ts';
import { fixByRecord } from './mend-record.ts';
import { aboutRecord, judgeRecord } from './read-record.ts';

export const recordEnd: Rule<'SPF-09'> = {
  id: 'SPF-09',
  judge: (facts) => judgeRecord(facts, ({ record }) => [judgeEnd(facts, record)]),
};

function judgeEnd(facts: DomainFacts, record: SpfRecord): Judged {
  const about = aboutRecord(facts);
  const { strangers, tree } = facts.spf;
  const end = endOf(record, tree);
  const passes = strangers.length > 0 && strangers.every(({ result }) => result === 'pass');
  const fix = passes || end === '+' || end === '?' || end === 'open' ? fixByRecord(facts) : undefined;
  const mend = fix && { fix };
  if (passes || end === '+') {
    const by = strangers[0]?.matched;
    const term = by === undefined ? '+all' : by;
    const meaning = `The record lets everybody in the world send as ${facts.subject.domain}, by ${term}.`;
    return { ...about, status: 'fail', severity: 'critical', meaning, ...mend };
  }
  if (end === '?')
    return {
      ...about,
      status: 'fail',
      meaning: 'The record ends with "?all", which says nothing about strangers: receivers treat it like no record.',
      ...mend,
    };
  if (end === 'open')
    return {
      ...about,
      status: 'fail',
      severity: 'warn',
      meaning: 'The record has no end ("~all" or "-all"), so it says nothing about servers that it does not name.',
      ...mend,
    };
  if (end === 'unknown')
    return {
      ...about,
      status: 'unknown',
      meaning: 'The record goes on in another one (redirect=), and the DNS did not show how that ends.',
    };
  const how = end === '-' ? 'are to be refused' : 'are doubtful';
  return {
    ...about,
    status: 'pass',
    meaning: `The record ends with "${end}all": servers that it does not name ${how}.`,
  };
}

/** RFC 7208 §4.6.4: each is a lookup. */
const redirectsMax = 10;

function endOf(record: SpfRecord, tree: SpfTree): Qualifier | 'open' | 'unknown' {
  let [here, below]: [SpfRecord, SpfTree | undefined] = [record, tree];
  for (let step = 0; step <= redirectsMax; step++) {
    const all = here.directives.find(({ kind }) => kind === 'all');
    if (all !== undefined) return all.qualifier;
    const { redirect } = here;
    if (redirect === undefined) return 'open';
    below = below?.terms.find(({ text }) => text === redirect.text)?.below;
    const parsed = below?.record === undefined ? undefined : parseSpfRecord(below.record);
    if (!parsed?.ok) return 'unknown';
    here = parsed.value;
  }
  return 'unknown';
}
