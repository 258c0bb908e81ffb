/** IPR-01 and IPR-05: an address without a name. RFC 8601 §3 */
import type { DomainFacts, Judged, Rule } from '../types.ts';
import type { LookedAtAddress } from './facts.ts';
import { aboutAddress, judgeAddresses, nameAddress } from './reverse-fix.ts';

export const reverseNameMissing: Rule<'IPR-01'> = {
  id: 'IPR-01',
  judge: (facts) => judgeAddresses(facts, 4, (address) => judgeName(facts, address)),
};

export const reverseNameMissing6: Rule<'IPR-05'> = {
  id: 'IPR-05',
  judge: (facts) => judgeAddresses(facts, 6, (address) => judgeName(facts, address)),
};

function judgeName(facts: DomainFacts, address: LookedAtAddress): Judged {
  const { pointers, ip, who, isStated } = address;
  const about = aboutAddress(facts, address);
  if (pointers.kind === 'failed')
    return { ...about, status: 'unknown', meaning: `The DNS did not tell what ${ip.text} is called.` };
  if (pointers.kind === 'found')
    return { ...about, status: 'pass', meaning: `${ip.text} has a name: ${pointers.records[0]}.` };
  const meaning = `${ip.text} (${who}) has no name in the DNS (no PTR record), and most receivers refuse mail from addresses without one.`;
  const fix = nameAddress(facts, address);
  return { ...about, status: 'fail', ...(!isStated && { severity: 'warn' as const }), meaning, fix };
}
