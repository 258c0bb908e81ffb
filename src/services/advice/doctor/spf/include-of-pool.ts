/** SPF-15: the whole pool of a service may send, though its mail never needs this record. */
import { printable } from '../../../../base/printable.ts';
import type { Fix } from '../../types.ts';
import type { DomainFacts, Judged, Rule } from '../types.ts';
import { withoutThem } from './mend-record.ts';
import type { NamedService } from './named-services.ts';
import { aboutRecord, judgeRecord } from './read-record.ts';
import { idlePools } from './usual-edits.ts';

export const includeOfPool: Rule<'SPF-15'> = {
  id: 'SPF-15',
  judge: (facts) => judgeRecord(facts, () => judgePools(facts)),
};

function judgePools(facts: DomainFacts): readonly Judged[] {
  const found = idlePools(facts);
  if (found.length > 0) return found.map((one) => judgePool(facts, one, withoutThem(facts, found, one)));
  return [
    {
      ...aboutRecord(facts),
      status: 'pass',
      meaning: 'No service is let in here that sends with a return path of its own.',
    },
  ];
}

function judgePool(facts: DomainFacts, { at, term, target, service }: NamedService, edited: Fix): Judged {
  const written = printable(term, 80);
  const who = service?.name ?? target;
  const meaning = `${written} lets every customer of ${who} send as ${facts.subject.domain}, and is of no use: ${who} sends with a return path of ${service?.aligns.spf === 'no' ? 'its own' : 'its own, or with a name below yours'}.`;
  const path = `In ${who} set a return path below ${facts.subject.domain} ("custom return path", "MAIL FROM domain"); posthorn plan ${facts.subject.domain} --sender ${service?.id ?? 'NAME'} writes its records.`;
  const steps = [...(service?.aligns.spf === 'with-return-path' ? [path] : []), ...(edited.steps ?? [])];
  const fix = { delete: edited.delete, set: edited.set, ...(steps.length > 0 && { steps }) };
  return { subject: written, evidence: [facts.show(at, 'TXT')], status: 'fail', meaning, fix };
}
