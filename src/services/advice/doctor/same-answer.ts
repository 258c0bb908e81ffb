/** Whether two names show the same records: then a wildcard answers for both. RFC 4592 §2.1.1. Pure. */
import type { DnsAnswer } from '../../../protocol/dns/types.ts';

export function isSameAnswer(one: DnsAnswer<string>, other: DnsAnswer<string>): boolean {
  if (one.kind !== 'found' || other.kind !== 'found' || one.records.length !== other.records.length) return false;
  const known = new Set(other.records);
  return one.records.every((text) => known.has(text));
}
