/** IPR-07: names of mail that lead to addresses nobody outside can reach. RFC 6890 §2.2 */
import { type IpAddress, isPublicAddress } from '../../../../format/ip-address.ts';
import type { DomainFacts, Judged, Rule } from '../types.ts';
import { addressesOf, type OwnHost } from './sending-addresses.ts';

export const addressInward: Rule<'IPR-07'> = { id: 'IPR-07', judge: judgeHosts };

function judgeHosts(facts: DomainFacts): readonly Judged[] {
  const { hosts, helos } = facts.addresses;
  const all = [...new Map([...hosts, ...helos].map((host) => [host.name, host])).values()];
  const found = all.flatMap((host) => {
    const inward = addressesOf(host).filter((ip) => !isPublicAddress(ip));
    return inward.length === 0 ? [] : [judgeHost(facts, host, inward)];
  });
  if (found.length > 0) return found;
  const { domain } = facts.subject;
  const unknown = all.find(({ four, six }) => four.kind === 'failed' || six.kind === 'failed');
  if (unknown !== undefined) {
    const evidence = [facts.show(unknown.name, 'A'), facts.show(unknown.name, 'AAAA')];
    return [
      {
        subject: unknown.name,
        evidence,
        status: 'unknown',
        meaning: `The DNS did not tell where ${unknown.name} leads.`,
      },
    ];
  }
  const seen = all.find(({ four, six }) => four.kind === 'found' || six.kind === 'found');
  if (seen === undefined)
    return [{ subject: domain, evidence: [], status: 'skip', meaning: 'No name of the domain leads to an address.' }];
  const evidence = all.slice(0, toldMax).map(({ name }) => facts.show(name, 'A'));
  return [
    {
      subject: domain,
      evidence,
      status: 'pass',
      meaning: 'Every name that mail uses leads to an address of the internet.',
    },
  ];
}

const toldMax = 10;

function judgeHost(facts: DomainFacts, { name }: OwnHost, inward: readonly IpAddress[]): Judged {
  const shown = inward.map(({ text }) => text).join(', ');
  const meaning = `${name} leads to ${shown}, ${inward.length === 1 ? 'an address' : 'addresses'} inside somebody's own network: nobody on the internet can reach or believe that.`;
  const typeOf = ({ family }: IpAddress) => (family === 4 ? 'A' : 'AAAA');
  const fix = {
    delete: inward.map((ip) => ({ name, type: typeOf(ip), value: ip.text })),
    set: [],
    steps: [`If ${name} has no other address, set the one that it has on the internet.`],
  };
  const evidence = [...new Set(inward.map(typeOf))].map((type) => facts.show(name, type));
  // A web site alone can be behind such an address by mistake without any harm to mail.
  const isMail = name !== facts.subject.domain;
  return { subject: name, evidence, status: 'fail', ...(!isMail && { severity: 'warn' as const }), meaning, fix };
}
