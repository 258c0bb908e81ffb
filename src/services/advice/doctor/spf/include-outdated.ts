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
  const found = namedServices(facts).flatMap((one): Outdated[] => {
    const current = isWanted(facts, one) ? undefined : currentOf(facts, one);
    return current === undefined ? [] : [{ ...one, current }];
  });
  if (found.length > 0) return found.map((one) => judgeName(facts, one, found));
  return [
    {
      ...aboutRecord(facts),
      status: 'pass',
      meaning: 'The record names every service by the name that it uses today.',
    },
  ];
}

type Outdated = NamedService & { readonly current: CurrentInclude };

/** A newer name that has no record itself helps nobody. */
function currentOf(facts: DomainFacts, { term, target }: NamedService): CurrentInclude | undefined {
  if (!/^[+]?include:/i.test(term)) return undefined;
  const current = currentInclude(facts.subject.catalogue, target, { exactly: true });
  const newer = parseQueryName(current?.term.slice('include:'.length) ?? '');
  return newer === undefined || isDead(facts.spf.answers, newer) ? undefined : current;
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
