/** What stands in zone text, name by name: an answer of the DNS tells of one type at a time, and hides what is beside an alias. */
import { dnsNameText, lowerDnsName } from '../../format/dns-name.ts';
import { typeCodeOf, typeText } from '../../format/dns-record.ts';
import { isEqualOrBelow, type QueryName } from '../../format/domain-name.ts';
import type { ZoneText } from '../../format/zone-file.ts';

type NameInZone = {
  /** Lower case, without the final dot. */
  readonly name: string;
  /** Each once. */
  readonly types: readonly string[];
};

/** The look into zone text that stands in for the DNS. */
export type ZoneNames = (domain: QueryName) => Promise<readonly NameInZone[]>;

/** A zone of more names is that of a whole company, and the mail names are few. (Our choice.) */
const namesMax = 5_000;

/** Names that hold records, at or below a domain, in the order of the text. */
export function zoneNames(zones: readonly ZoneText[]): ZoneNames {
  const names = new Map<string, Set<string>>();
  for (const { name, data } of zones.flatMap((zone) => [...zone.records, ...zone.unread])) {
    const text = dnsNameText(lowerDnsName(name));
    names.set(text, (names.get(text) ?? new Set()).add(typeText(typeCodeOf(data))));
  }
  return async (domain) =>
    [...names]
      .filter(([name]) => isEqualOrBelow(name as QueryName, domain))
      .slice(0, namesMax)
      .map(([name, types]) => ({ name, types: [...types] }));
}
