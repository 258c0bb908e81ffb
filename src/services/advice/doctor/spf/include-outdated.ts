/** SPF-16: an include by a name that the service has given up. */
import { printable } from '../../../../base/printable.ts';
import type { DomainFacts, Judged, Rule } from '../types.ts';
import { fixOwnRecord } from './mend-record.ts';
import { aboutRecord, judgeRecord } from './read-record.ts';
import { type Outdated, outdatedNames } from './usual-edits.ts';

export const includeOutdated: Rule<'SPF-16'> = {
  id: 'SPF-16',
  judge: (facts) => judgeRecord(facts, () => judgeNames(facts)),
};

function judgeNames(facts: DomainFacts): readonly Judged[] {
  const found = outdatedNames(facts);
  if (found.length > 0) return found.map((one) => judgeName(facts, one, found));
  return [
    {
      ...aboutRecord(facts),
      status: 'pass',
      meaning: 'The record names every service by the name that it uses today.',
    },
  ];
}

function judgeName(
  facts: DomainFacts,
  { at, text, term, target, current }: Outdated,
  all: readonly Outdated[],
): Judged {
  const today = current.term.slice('include:'.length);
  const meaning = `${printable(term, 80)} is an old name: the addresses of ${current.who} stand in ${today} today.`;
  const here = all.filter((one) => one.at === at);
  const fix = fixOwnRecord(facts, at, text, { replace: new Map(here.map((one) => [one.term, [one.current.term]])) });
  const evidence = [facts.show(at, 'TXT'), facts.show(target, 'TXT')];
  return { subject: printable(term, 80), evidence, status: 'fail', meaning, ...(fix && { fix }) };
}
