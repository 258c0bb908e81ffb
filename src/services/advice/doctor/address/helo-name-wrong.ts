/** IPR-04: what a server calls itself in HELO. RFC 5321 §4.1.1.1, §2.3.5 */
import { type DomainName, isEqualOrBelow } from '../../../../format/domain-name.ts';
import { parseIpAddress } from '../../../../format/ip-address.ts';
import { looksGeneric } from '../../score/message/looks-generic.ts';
import type { Fix } from '../../types.ts';
import type { DomainFacts, Judged, Rule } from '../types.ts';
import { leadTo, nameAddress } from './reverse-fix.ts';
import { addressesOf, type OwnHost } from './sending-addresses.ts';

export const heloNameWrong: Rule<'IPR-04'> = { id: 'IPR-04', judge: judgeHelos };

function judgeHelos(facts: DomainFacts): readonly Judged[] {
  const { helos } = facts.addresses;
  if (helos.length > 0) return helos.map((helo) => judgeHelo(facts, helo));
  const meaning = 'Nobody said what a server of the domain calls itself.';
  return [{ subject: facts.subject.domain, evidence: [], status: 'skip', meaning }];
}

/** Names that lead nowhere outside of a house. RFC 6762 §3, RFC 6761 §6, RFC 8375 §3; the others by habit */
const indoors = /(?:^|\.)(?:localhost|localdomain|local|lan|home|internal|intranet|home\.arpa|invalid)$/;

function judgeHelo(facts: DomainFacts, helo: OwnHost): Judged {
  const { name, four, six } = helo;
  const about = { subject: name, evidence: [facts.show(name, 'A'), facts.show(name, 'AAAA')] };
  if (!name.includes('.') || indoors.test(name)) {
    const meaning = `The server calls itself ${name}, a name that means something in its own house only.`;
    return { ...about, status: 'fail', meaning, fix: callIt(facts) };
  }
  if (four.kind === 'failed' || six.kind === 'failed')
    return {
      ...about,
      status: 'unknown',
      meaning: `The DNS did not tell whether ${name}, which the server calls itself, exists.`,
    };
  const sending = facts.addresses.addresses.filter((one) => one.name === name && one.isStated);
  if (four.kind === 'none' && six.kind === 'none') {
    const meaning = `The server calls itself ${name}, which leads to no address.`;
    const set = sending.flatMap(({ ip }) => leadTo(facts, name, ip));
    const fix = set.length > 0 ? { delete: [], set } : callIt(facts);
    return { ...about, status: 'fail', meaning, fix };
  }
  return judgeAgreement(facts, helo, about);
}

function judgeAgreement(facts: DomainFacts, helo: OwnHost, about: Pick<Judged, 'subject' | 'evidence'>): Judged {
  const { name } = helo;
  const own = addressesOf(helo).map(({ text }) => text);
  const sending = facts.addresses.addresses.filter((one) => one.name === name && one.isStated);
  const astray = sending.find(({ ip }) => !own.includes(ip.text));
  if (astray !== undefined) {
    const meaning = `The server at ${astray.ip.text} calls itself ${name}, which leads to ${own.join(', ')} instead.`;
    const set = leadTo(facts, name, astray.ip);
    return { ...about, status: 'fail', meaning, fix: set.length > 0 ? { delete: [], set } : callIt(facts) };
  }
  const other = sending.find(({ pointers }) => pointers.kind === 'found' && !pointers.records.includes(name));
  if (other !== undefined) {
    const called = other.pointers.kind === 'found' ? other.pointers.records.join(', ') : '';
    const meaning = `The server at ${other.ip.text} calls itself ${name}, but its address is called ${called}: receivers like the two to be one.`;
    return { ...about, status: 'fail', meaning, fix: nameAddress(facts, other) };
  }
  if (sending.some(({ pointers }) => pointers.kind === 'failed'))
    return { ...about, status: 'unknown', meaning: `The DNS did not tell what the addresses of ${name} are called.` };
  return { ...about, status: 'pass', meaning: `${name}, which the server calls itself, leads to its address.` };
}

function callIt({ subject: { domain, helo }, addresses: { addresses } }: DomainFacts): Fix {
  const confirmed = addresses.find(
    ({ ip, iprev, isStated }) => isStated && iprev.result === 'pass' && !looksGeneric(iprev.name ?? '', ip.text),
  )?.iprev.name;
  const isGood = (name: DomainName | undefined) =>
    name !== undefined && isEqualOrBelow(name, domain) && !indoors.test(name);
  const wanted = addresses.find(({ isStated }) => isStated)?.name;
  const name = confirmed ?? [helo, wanted].find(isGood) ?? `mail.${domain}`;
  const first = addresses.find(({ isStated }) => isStated)?.ip.text;
  const lead =
    confirmed === undefined && parseIpAddress(first ?? '')
      ? ` (an A or AAAA record of that name leads to ${first})`
      : '';
  return { delete: [], set: [], steps: [`Have the server call itself ${name} in HELO and EHLO${lead}.`] };
}
