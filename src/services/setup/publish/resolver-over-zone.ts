/**
 * DNS with one zone in the state in which its host holds it: what was published a minute ago, or is not delegated yet, counts, and
 * no cache stands between. Names outside, names handed on to other servers, and addresses that the host makes up itself (aliases of
 * its own at the apex) come from the resolver.
 */
import { isEqualOrBelow, parseQueryName, type QueryName } from '../../../format/domain-name.ts';
import { recordsOfSet } from '../../../format/record-set.ts';
import type { DnsAnswer, LookupOptions, RecordData, RecordType, Resolver } from '../../../protocol/dns/types.ts';
import { cnameChainMax, zoneResolver } from '../../../protocol/dns/zone-resolver.ts';
import { setupTypes } from '../types.ts';
import type { ZoneContents } from '../zone-editor.ts';

export function resolverOverZone({ zone, sets }: ZoneContents, beyond: Resolver): Resolver {
  const records = sets.flatMap((set) => recordsOfSet(set) ?? []);
  const local = zoneResolver([
    { records: records.map((record) => ({ ...record, line: 0, lastLine: 0 })), unread: [], failing: [] },
  ]);
  const cuts = sets.flatMap(({ type, name }) => (type === 'NS' && name !== zone ? (parseQueryName(name) ?? []) : []));
  const isHere = (name: QueryName) => isEqualOrBelow(name, zone) && !cuts.some((cut) => isEqualOrBelow(name, cut));

  const lookup = async <T extends RecordType>(
    name: QueryName,
    type: T,
    options: LookupOptions | undefined,
    followed: number,
  ): Promise<DnsAnswer<RecordData[T]>> => {
    if (!isHere(name) || !isHeld(type)) return beyond.lookup(name, type, options);
    const alias = type === 'CNAME' ? undefined : await local.lookup(name, 'CNAME');
    const target = alias?.kind === 'found' ? parseQueryName(alias.records[0] ?? '') : undefined;
    if (target !== undefined) {
      if (followed === cnameChainMax) return { kind: 'failed', why: 'servfail' };
      const answer = await lookup(target, type, options, followed + 1);
      return answer.kind === 'found' ? { ...answer, canonicalName: answer.canonicalName ?? target } : answer;
    }
    const answer = await local.lookup(name, type);
    const mayBeMadeUp = answer.kind === 'none' && (type === 'A' || type === 'AAAA');
    return mayBeMadeUp ? beyond.lookup(name, type, options) : answer;
  };
  return { lookup: (name, type, options) => lookup(name, type, options, 0) };
}

function isHeld(type: RecordType): boolean {
  return (setupTypes as readonly string[]).includes(type);
}
