/** SPF-01: no SPF record at all. */

import type { Fix } from '../../types.ts';
import type { DomainFacts, Judged, Rule } from '../types.ts';
import { fixByRecord, txtAt } from './mend-record.ts';
import { aboutRecord, sayNotTold } from './read-record.ts';

export const recordMissing: Rule<'SPF-01'> = { id: 'SPF-01', judge: judgeMissing };

function judgeMissing(facts: DomainFacts): readonly Judged[] {
  const { txt, records, nearRecords } = facts.spf;
  const { domain } = facts.subject;
  const about = aboutRecord(facts);
  if (txt.kind === 'failed') return [{ ...about, status: 'unknown', meaning: sayNotTold(domain) }];
  if (records.length > 0)
    return [{ ...about, status: 'pass', meaning: `${domain} says in DNS who may send its mail.` }];
  // DNS-01 tells: whoever mistyped the name is not to publish anything.
  if (txt.kind === 'none' && txt.why === 'nxdomain' && facts.subject.senders.length === 0)
    return [{ ...about, status: 'skip', meaning: `${domain} does not exist in the DNS.` }];
  const meaning =
    nearRecords.length > 0
      ? `${domain} has something that looks like an SPF record, but receivers do not see it as one.`
      : `${domain} does not say in DNS which servers may send its mail, so receivers cannot tell yours from anybody's.`;
  const fix = fixByRecord(facts) ?? defaultFix(facts);
  return [{ ...about, status: 'fail', meaning, ...(fix && { fix }) }];
}

/** Nobody said who sends, and nothing shows it. */
function defaultFix({ spf: { mx }, subject: { domain } }: DomainFacts): Fix {
  const more = `Name each service that sends for you, and see its term in the record: posthorn check ${domain} --sender NAME (posthorn senders lists them).`;
  if (mx.kind === 'failed') return { delete: [], set: [], steps: [more] };
  const hosts = mx.kind === 'found' ? mx.records.filter(({ exchange }) => exchange !== '' && exchange !== '.') : [];
  const isSilent = hosts.length === 0;
  const doubt = isSilent
    ? 'This record says that nobody sends mail as the domain, because nothing shows that somebody does.'
    : 'This record lets the hosts send that take mail for the domain, and nobody else.';
  return { delete: [], set: [txtAt(domain, isSilent ? 'v=spf1 -all' : 'v=spf1 mx ~all')], steps: [doubt, more] };
}
