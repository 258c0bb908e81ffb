/** The name under which a list is asked about an address or a domain. Pure. RFC 5782 §2.1, §2.4, §3 */
import { parseQueryName, type QueryName } from '../../format/domain-name.ts';
import { type IpAddress, parseIpAddress } from '../../format/ip-address.ts';
import type { BlockList, ListSubject } from './types.ts';

/** Undefined where the list has no word on such a thing, or the name would be too long. */
export function listQuery(list: BlockList, subject: ListSubject): QueryName | undefined {
  if (subject.kind !== list.about) return undefined;
  if (subject.kind === 'domain') return parseQueryName(`${subject.domain}.${list.zone}`);
  if (!list.families.includes(subject.address.family)) return undefined;
  return parseQueryName(`${reversed(subject.address)}.${list.zone}`);
}

/** What it is known to list, or not to. */
export function testQuery(list: BlockList, which: 'listed' | 'clean'): QueryName | undefined {
  const text = list.test[which];
  const address = list.about === 'address' ? parseIpAddress(text) : undefined;
  return parseQueryName(`${address ? reversed(address) : text}.${list.zone}`);
}

/** Octets of IPv4, nibbles of IPv6, the last one first. */
function reversed({ family, bytes }: IpAddress): string {
  const parts = family === 4 ? [...bytes].map(String) : [...bytes.toHex()];
  return parts.reverse().join('.');
}
