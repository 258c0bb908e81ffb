/** Asking for the name of an address, and making the name lead back. Pure. */
import { type DomainName, isEqualOrBelow } from '../../../../format/domain-name.ts';
import { type IpAddress, reverseName } from '../../../../format/ip-address.ts';
import { askForReverseName } from '../../../setup/setup.ts';
import type { Fix, FixRecord } from '../../types.ts';
import type { DomainFacts, Judged } from '../types.ts';
import type { LookedAtAddress } from './facts.ts';
import { addressesOf } from './sending-addresses.ts';

export function aboutAddress({ show }: DomainFacts, { ip }: LookedAtAddress): Pick<Judged, 'subject' | 'evidence'> {
  return { subject: ip.text, evidence: [show(reverseName(ip), 'PTR')] };
}

/** The PTR stands in the zone of whoever owns the address; the name that it has to lead to is ours. */
export function nameAddress(facts: DomainFacts, { ip, name, pointers }: LookedAtAddress): Fix {
  const there = pointers.kind === 'found' ? pointers.records : [];
  const record = (value: string): FixRecord => ({ name: reverseName(ip), type: 'PTR', value });
  return {
    delete: there.filter((one) => one !== name).map(record),
    set: [...leadTo(facts, name, ip), record(name)],
    steps: [askForReverseName(ip.text, name)],
  };
}

/** The record that makes a name lead to the address, where it does not, and where it is the domain's. */
export function leadTo(
  { subject: { domain }, addresses: { hosts, helos } }: DomainFacts,
  name: DomainName,
  ip: IpAddress,
): readonly FixRecord[] {
  if (!isEqualOrBelow(name, domain)) return [];
  const known = [...hosts, ...helos].find((one) => one.name === name);
  const leads = known !== undefined && addressesOf(known).some(({ text }) => text === ip.text);
  return leads ? [] : [{ name, type: ip.family === 4 ? 'A' : 'AAAA', value: ip.text }];
}

/** Rules about addresses have nothing to say where none is known. */
export function judgeAddresses(
  facts: DomainFacts,
  family: 4 | 6 | 'both',
  judge: (address: LookedAtAddress) => Judged,
): readonly Judged[] {
  const found = facts.addresses.addresses.filter(({ ip }) => family === 'both' || ip.family === family);
  if (found.length > 0) return found.map(judge);
  const kind = family === 'both' ? 'address' : `IPv${family} address`;
  const meaning = `No ${kind} is known that mail of the domain leaves from (--ip, or --sender own:ADDRESS).`;
  return [{ subject: facts.subject.domain, evidence: [], status: 'skip', meaning }];
}
