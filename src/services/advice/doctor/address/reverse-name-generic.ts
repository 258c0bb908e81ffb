/** IPR-03: a name that looks like a dial-up line's, or like that of a machine that nobody named. */
import { printable } from '../../../../base/printable.ts';
import { looksGeneric } from '../../score/message/looks-generic.ts';
import type { DomainFacts, Judged, Rule } from '../types.ts';
import type { LookedAtAddress } from './facts.ts';
import { aboutAddress, judgeAddresses, nameAddress } from './reverse-fix.ts';

export const reverseNameGeneric: Rule<'IPR-03'> = {
  id: 'IPR-03',
  judge: (facts) => judgeAddresses(facts, 'both', (address) => judgeLook(facts, address)),
};

function judgeLook(facts: DomainFacts, address: LookedAtAddress): Judged {
  const { pointers, ip } = address;
  const about = aboutAddress(facts, address);
  if (pointers.kind === 'failed')
    return { ...about, status: 'unknown', meaning: `The DNS did not tell what ${ip.text} is called.` };
  if (pointers.kind === 'none')
    return { ...about, status: 'skip', meaning: `${ip.text} has no name that could look like anything.` };
  const [first = ''] = pointers.records;
  if (!pointers.records.every((name) => looksGeneric(name, ip.text)))
    return { ...about, status: 'pass', meaning: `The name of ${ip.text} looks like one that somebody chose.` };
  const meaning = `${ip.text} is called ${printable(first, 100)}, as providers name all their customers' lines: receivers take that for a home computer.`;
  return { ...about, status: 'fail', meaning, fix: nameAddress(facts, address) };
}
