/** SPF-04: a record of the withdrawn type 99. RFC 7208 §3.1 */
import type { DomainFacts, Judged, Rule } from '../types.ts';

export const oldRecordType: Rule<'SPF-04'> = { id: 'SPF-04', judge: judgeType };

function judgeType({ subject: { domain }, spf: { type99 }, show }: DomainFacts): readonly Judged[] {
  const about = { subject: domain, evidence: [show(domain, 'SPF')] };
  if (type99.kind === 'failed')
    return [
      { ...about, status: 'unknown', meaning: 'The DNS did not tell whether there is a record of the old type SPF.' },
    ];
  if (type99.kind === 'none')
    return [{ ...about, status: 'pass', meaning: 'There is no record of the old type SPF (99), which nobody reads.' }];
  const meaning =
    'There is a record of the old DNS type SPF (99): receivers read TXT alone, and one of the two is sooner or later out of date.';
  const fix = { delete: type99.records.map((value) => ({ name: domain, type: 'SPF', value })), set: [] };
  return [{ ...about, status: 'fail', meaning, fix }];
}
