/** SPF-13: an include of a service that nobody declared. */
import { printable } from '../../../../base/printable.ts';
import type { Fix } from '../../types.ts';
import type { DomainFacts, Judged, Rule } from '../types.ts';
import { withoutThem } from './mend-record.ts';
import { isWanted, type NamedService, namedServices } from './named-services.ts';
import { aboutRecord, judgeRecord } from './read-record.ts';
import { faultsBelow } from './tree-faults.ts';

export const includeUnneeded: Rule<'SPF-13'> = {
  id: 'SPF-13',
  judge: (facts) => judgeRecord(facts, () => judgeIncludes(facts)),
};

function judgeIncludes(facts: DomainFacts): readonly Judged[] {
  const about = aboutRecord(facts);
  const declared = facts.subject.senders.filter(({ isDeclared }) => isDeclared).map(({ wants }) => wants.sender.id);
  if (declared.length === 0)
    return [
      {
        ...about,
        status: 'skip',
        meaning: 'Nobody said who sends for the domain (--sender), so no include can be told to be one too many.',
      },
    ];
  const dead = new Set(faultsBelow(facts.spf.tree).flatMap(({ term, fault }) => (fault === 'no-record' ? [term] : [])));
  const found = namedServices(facts).filter(
    (one) => !(one.service && declared.includes(one.service.id)) && !isWanted(facts, one) && !dead.has(one.term),
  );
  if (found.length === 0)
    return [{ ...about, status: 'pass', meaning: 'Everybody whom the record names is a sender that you declared.' }];
  return found.map((one) => judgeInclude(facts, one, withoutThem(facts, found, one)));
}

const steps = ['Leave a term in if its service does send for you, and say so next time: --sender NAME.'];

function judgeInclude(facts: DomainFacts, { at, term, target, service }: NamedService, fix: Fix): Judged {
  const written = printable(term, 80);
  const { domain } = facts.subject;
  const lets =
    service === undefined
      ? `lets whoever keeps ${target} choose who may send as ${domain}`
      : `lets ${service.name} and all its customers send as ${domain}`;
  const meaning = `${written} ${lets}, and none of the senders that you declared needs it.`;
  const evidence = [facts.show(at, 'TXT'), facts.show(target, 'TXT')];
  const all = { ...fix, steps: [...steps, ...(fix.steps ?? [])] };
  return { subject: written, evidence, status: 'fail', meaning, fix: all };
}
