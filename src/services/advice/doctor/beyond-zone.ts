/**
 * A zone that is checked before it is published (`--zone`) knows nothing of other people's names: where not even their domain is in
 * it, "no such name" is no word of the DNS.
 */
import { type DomainName, isEqualOrBelow, parseQueryName } from '../../../format/domain-name.ts';
import type { DnsAnswer } from '../../../protocol/dns/types.ts';
import type { DoctorWorld } from './types.ts';

export async function isBeyondZone(
  { zoneText, resolver }: DoctorWorld,
  domain: DomainName,
  name: string,
  answer: DnsAnswer<unknown>,
): Promise<boolean> {
  if (zoneText === undefined || answer.kind !== 'none' || answer.why !== 'nxdomain') return false;
  const top = parseQueryName(name.split('.').slice(-2).join('.'));
  if (top === undefined || isEqualOrBelow(domain, top)) return false;
  const known = await resolver.lookup(top, 'TXT');
  return known.kind === 'none' && known.why === 'nxdomain';
}
