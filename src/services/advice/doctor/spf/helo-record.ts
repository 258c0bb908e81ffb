/** SPF-18: an SPF record for the name that a server says in HELO. RFC 7208 §2.3, §2.4 */
import type { DomainFacts, Judged, Rule } from '../types.ts';
import type { HeloFact } from './helo-names.ts';
import { txtAt } from './mend-record.ts';

export const heloRecord: Rule<'SPF-18'> = { id: 'SPF-18', judge: judgeHelos };

function judgeHelos(facts: DomainFacts): readonly Judged[] {
  const { helos } = facts.spf;
  if (helos.length > 0) return helos.map((one) => judgeHelo(facts, one));
  const meaning = 'No server of your own is known, and services see to their own names.';
  return [{ subject: facts.subject.domain, evidence: [], status: 'skip', meaning }];
}

function judgeHelo({ show }: DomainFacts, { name, txt, records, tried }: HeloFact): Judged {
  const about = { subject: name, evidence: [show(name, 'TXT')] };
  if (txt.kind === 'failed')
    return { ...about, status: 'unknown', meaning: `The DNS did not tell whether ${name} has an SPF record.` };
  const [record] = records;
  const own = 'v=spf1 a -all';
  const fix = { delete: records.map((value) => txtAt(name, value)), set: [txtAt(name, own)] };
  if (record === undefined) {
    const meaning = `The server calls itself ${name}, which has no SPF record: bounces, which have no other sender, go out unproven.`;
    return { ...about, status: 'fail', meaning, fix };
  }
  const refused = tried.find(({ result }) => result !== 'pass' && result !== 'temperror');
  if (refused !== undefined) {
    const meaning = `The server at ${refused.address} calls itself ${name}, whose own SPF record does not let it pass (${refused.result}).`;
    const term = `${refused.address.includes(':') ? 'ip6' : 'ip4'}:${refused.address}`;
    const value = records.length === 1 ? withTerm(record, term) : own;
    return { ...about, status: 'fail', meaning, fix: { ...fix, set: [txtAt(name, value)] } };
  }
  if (tried.some(({ result }) => result === 'temperror'))
    return {
      ...about,
      status: 'unknown',
      meaning: `The DNS did not tell whether the record of ${name} lets its server pass.`,
    };
  return { ...about, status: 'pass', meaning: `${name}, which the server calls itself, has an SPF record.` };
}

/** In front, so that nothing ends the record before it. */
function withTerm(record: string, term: string): string {
  const [version = '', ...terms] = record.split(' ');
  return [version, term, ...terms].join(' ');
}
