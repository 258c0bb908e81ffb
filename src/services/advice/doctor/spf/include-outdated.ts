/** SPF-16: an include by a name that the service has given up. */
import { printable } from '../../../../base/printable.ts';
import { parseQueryName } from '../../../../format/domain-name.ts';
import type { DomainFacts, Judged, Rule } from '../types.ts';
import { type CurrentInclude, currentInclude } from './current-include.ts';
import { isDead } from './edit-text.ts';
import { fixOwnRecord } from './mend-record.ts';
import { isWanted, type NamedService, namedServices } from './named-services.ts';
import { aboutRecord, judgeRecord } from './read-record.ts';

export const includeOutdated: Rule<'SPF-16'> = {
  id: 'SPF-16',
  judge: (facts) => judgeRecord(facts, () => judgeNames(facts)),
};

function judgeNames(facts: DomainFacts): readonly Judged[] {
  const found = namedServices(facts).flatMap((one) => {
    const current = isWanted(facts, one) ? undefined : currentOf(facts, one);
    return current === undefined ? [] : [judgeName(facts, one, current)];
  });
  if (found.length > 0) return found;
  return [
    {
      ...aboutRecord(facts),
      status: 'pass',
      meaning: 'The record names every service by the name that it uses today.',
    },
  ];
}

/** A newer name that has no record itself helps nobody. */
function currentOf(facts: DomainFacts, { term, target }: NamedService): CurrentInclude | undefined {
  if (!/^[+]?include:/i.test(term)) return undefined;
  const current = currentInclude(facts.subject.catalogue, target, { exactly: true });
  const newer = parseQueryName(current?.term.slice('include:'.length) ?? '');
  return newer === undefined || isDead(facts.spf.answers, newer) ? undefined : current;
}

function judgeName(
  facts: DomainFacts,
  { at, text, term, target }: NamedService,
  { who, term: current }: CurrentInclude,
): Judged {
  const meaning = `${printable(term, 80)} is an old name: the addresses of ${who} stand in ${current.slice('include:'.length)} today.`;
  const fix = fixOwnRecord(facts, at, text, { replace: new Map([[term, [current]]]) });
  const evidence = [facts.show(at, 'TXT'), facts.show(target, 'TXT')];
  return { subject: printable(term, 80), evidence, status: 'fail', meaning, ...(fix && { fix }) };
}
