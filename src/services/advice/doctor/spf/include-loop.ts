/** SPF-08: records that include each other in a circle. */
import { printable } from '../../../../base/printable.ts';
import type { DomainFacts, Judged, Rule } from '../types.ts';
import { fixOwnRecord } from './mend-record.ts';
import { aboutRecord, judgeRecord, ownRecords } from './read-record.ts';
import { faultsBelow, isPartlyUnknown, type TreeFault } from './tree-faults.ts';

export const includeLoop: Rule<'SPF-08'> = {
  id: 'SPF-08',
  judge: (facts) => judgeRecord(facts, () => judgeLoops(facts)),
};

function judgeLoops(facts: DomainFacts): readonly Judged[] {
  const loops = faultsBelow(facts.spf.tree).filter(({ fault }) => fault === 'loop');
  const [first] = loops;
  if (first !== undefined) return [judgeLoop(facts, first)];
  if (isPartlyUnknown(facts.spf.tree))
    return [
      { ...aboutRecord(facts), status: 'unknown', meaning: 'The DNS did not show every record that it includes.' },
    ];
  return [{ ...aboutRecord(facts), status: 'pass', meaning: 'No record that it includes leads back to itself.' }];
}

function judgeLoop(facts: DomainFacts, { term, at, below }: TreeFault): Judged {
  const meaning = `The record of ${at} leads back to ${below.domain} by ${printable(term, 80)}, round and round: receivers give up, and it lets nobody send.`;
  const own = ownRecords(facts).find((one) => one.at === at);
  const steps = [
    `Tell whoever keeps ${at} that its SPF record leads back to ${below.domain}, or take the include out that leads there.`,
  ];
  const fix = own ? fixOwnRecord(facts, own.at, own.text, { drop: [term] }) : { delete: [], set: [], steps };
  const evidence = [facts.show(at, 'TXT'), ...(at === below.domain ? [] : [facts.show(below.domain, 'TXT')])];
  return { subject: below.domain, evidence, status: 'fail', meaning, ...(fix && { fix }) };
}
