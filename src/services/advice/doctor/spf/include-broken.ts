/** SPF-07: an include or a redirect of a name whose SPF record is missing, or no good. RFC 7208 §5.2, §6.1 */
import { printable } from '../../../../base/printable.ts';
import { isEqualOrBelow, parseQueryName } from '../../../../format/domain-name.ts';
import type { DomainFacts, Judged, Rule } from '../types.ts';
import { fixByRecord } from './mend-record.ts';
import { aboutRecord, judgeRecord } from './read-record.ts';
import { faultsBelow, type TreeFault } from './tree-faults.ts';

export const includeBroken: Rule<'SPF-07'> = {
  id: 'SPF-07',
  judge: (facts) => judgeRecord(facts, () => judgeIncludes(facts)),
};

const broken = ['no-record', 'several-records', 'syntax'];
/** Told one by one. */
const toldMax = 10;

function judgeIncludes(facts: DomainFacts): readonly Judged[] {
  const faults = faultsBelow(facts.spf.tree);
  const found = faults.filter(({ fault }) => broken.includes(fault)).slice(0, toldMax);
  const open = faults.filter(({ fault }) => fault === 'dns-failed' || fault === 'not-read').slice(0, toldMax);
  const unknown = open.map((one): Judged => {
    const meaning = `The DNS did not tell whether ${printable(one.below.domain)} has an SPF record, which ${printable(one.term, 80)} relies on.`;
    return { ...about(facts, one), status: 'unknown', meaning };
  });
  const told = [...found.map((one) => judgeBroken(facts, one)), ...unknown];
  if (told.length > 0) return told;
  return [
    { ...aboutRecord(facts), status: 'pass', meaning: 'Every record that it includes is there and can be read.' },
  ];
}

function about({ show }: DomainFacts, { below }: TreeFault): Pick<Judged, 'subject' | 'evidence'> {
  return { subject: below.domain, evidence: [show(below.domain, 'TXT')] };
}

const says = {
  'no-record': 'has no SPF record',
  'several-records': 'has several SPF records',
  syntax: 'has an SPF record that cannot be read',
} as const;

function judgeBroken(facts: DomainFacts, one: TreeFault): Judged {
  const { term, at, below, fault } = one;
  const { domain } = facts.subject;
  const meaning = `The record of ${at} names ${printable(term, 80)}, but ${below.domain} ${says[fault as keyof typeof says]}: receivers who get there give up on the whole of it.`;
  const isMended = at === domain && fault === 'no-record';
  const name = parseQueryName(below.domain);
  const isOwn = name !== undefined && isEqualOrBelow(name, domain);
  const who = isOwn
    ? `Mend the record of ${below.domain}.`
    : `Tell whoever keeps ${below.domain} that its SPF record is broken, or take the term out that leads there.`;
  const fix = isMended ? fixByRecord(facts) : { delete: [], set: [], steps: [who] };
  return { ...about(facts, one), status: 'fail', meaning, ...(fix && { fix }) };
}
