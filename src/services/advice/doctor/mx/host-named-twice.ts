/** MX-06: one host in several records. Pure. */
import { recordsIn, recordsOf } from '../ask.ts';
import { fails, passes } from '../judged.ts';
import type { DomainFacts, Judged } from '../types.ts';
import { mxText, withoutHosts } from './no-hosts.ts';

export function hostNamedTwice(facts: DomainFacts): readonly Judged[] {
  const none = withoutHosts(facts);
  if (none !== undefined) return [none];
  const { mx, subject, show } = facts;
  const { domain } = subject;
  const byHost = Map.groupBy(recordsIn(mx.mx), ({ exchange }) => exchange);
  const twice = [...byHost].filter(([exchange, records]) => exchange !== '' && records.length > 1);
  const evidence = [show(domain, 'MX')];
  if (twice.length === 0) {
    const meaning = `Every mail host of ${domain} is named once.`;
    return [passes({ subject: domain, meaning, evidence })];
  }
  return twice.map(([exchange, records]) => {
    const values = records.toSorted((a, b) => a.preference - b.preference).map(mxText);
    const keep = values[0] as string;
    const gone = [...new Set(values)].filter((value) => value !== keep);
    const isSame = values.filter((value) => value === keep).length > 1;
    return fails({
      subject: exchange,
      meaning: `${exchange} stands in ${records.length} MX records of ${domain}; one is enough.`,
      evidence,
      fix: {
        delete: recordsOf(domain, 'MX', isSame ? [keep, ...gone] : gone),
        set: recordsOf(domain, 'MX', isSame ? [keep] : []),
      },
    });
  });
}
