/** The hosts that take a domain's mail, and how they are looked at: one wish for all families, so that each host is dialled once. Pure. */
import { type DomainName, parseDomainName } from '../../../format/domain-name.ts';
import type { DnsAnswer, RecordData } from '../../../protocol/dns/types.ts';
import type { ProbeWish } from './types.ts';

/** More than any sender tries. (Our choice.) */
const hostsMax = 10;

/** By preference, each once. Names that no host can have are left out: MX-03 tells of them. */
export function mailHostsOf(domain: DomainName, answer: DnsAnswer<RecordData['MX']>): readonly DomainName[] {
  if (answer.kind === 'failed') return [];
  if (answer.kind === 'none') return answer.why === 'nodata' ? [domain] : []; // RFC 5321 §5.1: the implicit MX
  const names = answer.records
    .toSorted((a, b) => a.preference - b.preference)
    .flatMap(({ exchange }) => parseDomainName(exchange) ?? []); // RFC 7505 §3: `.` is no host
  return [...new Set(names)].slice(0, hostsMax);
}

export function mailHostWish(domain: DomainName, host: DomainName): ProbeWish {
  return { host, domain, recipients: ['postmaster', 'abuse'] }; // RFC 5321 §4.5.1, RFC 2142 §4
}
