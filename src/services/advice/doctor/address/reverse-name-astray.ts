/** IPR-02: the name of an address does not lead back to it. RFC 8601 §3 */
import { printable } from '../../../../base/printable.ts';
import { isEqualOrBelow, parseDomainName } from '../../../../format/domain-name.ts';
import type { Fix } from '../../types.ts';
import type { DomainFacts, Judged, Rule } from '../types.ts';
import type { LookedAtAddress } from './facts.ts';
import { aboutAddress, judgeAddresses, leadTo, nameAddress } from './reverse-fix.ts';

export const reverseNameAstray: Rule<'IPR-02'> = {
  id: 'IPR-02',
  judge: (facts) => judgeAddresses(facts, 'both', (address) => judgeWayBack(facts, address)),
};

/** As many as are looked at. */
const namesMax = 10;

function judgeWayBack(facts: DomainFacts, address: LookedAtAddress): Judged {
  const { pointers, iprev, ip, isStated } = address;
  const type = ip.family === 4 ? 'A' : 'AAAA';
  const names = pointers.kind === 'found' ? pointers.records.slice(0, namesMax) : [];
  const { subject, evidence } = aboutAddress(facts, address);
  const about = { subject, evidence: [...evidence, ...names.map((name) => facts.show(name, type))] };
  if (pointers.kind === 'none')
    return { ...about, status: 'skip', meaning: `${ip.text} has no name that could lead back.` };
  if (iprev.result === 'pass') return { ...about, status: 'pass', meaning: `${iprev.name} leads back to ${ip.text}.` };
  if (pointers.kind === 'failed' || iprev.result === 'temperror')
    return {
      ...about,
      status: 'unknown',
      meaning: `The DNS did not tell whether the name of ${ip.text} leads back to it.`,
    };
  const meaning = `${ip.text} is called ${printable(names.join(', '), 120)}, but that does not lead back to it, so receivers do not believe the name.`;
  return {
    ...about,
    status: 'fail',
    ...(!isStated && { severity: 'warn' as const }),
    meaning,
    fix: leadBack(facts, address, names),
  };
}

/** A name of the domain's own is made to lead back; any other has to be changed. */
function leadBack(facts: DomainFacts, address: LookedAtAddress, names: readonly string[]): Fix {
  const own = names
    .flatMap((name) => parseDomainName(name) ?? [])
    .find((name) => isEqualOrBelow(name, facts.subject.domain));
  return own === undefined ? nameAddress(facts, address) : { delete: [], set: leadTo(facts, own, address.ip) };
}
