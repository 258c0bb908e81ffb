/** The names that the domain's own servers say in HELO, and what their SPF records say of those servers. RFC 7208 §2.3 */
import { type DomainName, parseDomainName } from '../../../../format/domain-name.ts';
import { parseIpAddress } from '../../../../format/ip-address.ts';
import type { DnsAnswer } from '../../../../protocol/dns/types.ts';
import { isSpfRecord } from '../../../../protocol/spf/record.ts';
import { gatherSpfFacts } from '../../../setup/setup.ts';
import type { KnownSender, Subject } from '../types.ts';
import type { SpfQuestions } from './questions.ts';
import { type TriedAddress, tryAddress } from './try-address.ts';

type HeloName = { readonly name: DomainName; readonly addresses: readonly string[] };

export type HeloFact = HeloName & {
  readonly txt: DnsAnswer<string>;
  readonly records: readonly string[];
  /** Its addresses, put to that record. */
  readonly tried: readonly TriedAddress[];
};

/** Of one server; more are the same mistake again. */
const addressesMax = 8;

export function heloNamesOf(subject: Subject, senders: readonly KnownSender[]): readonly HeloName[] {
  const { helo, office, addresses } = subject;
  const names: HeloName[] = [
    ...(helo === undefined ? [] : [{ name: helo, addresses }]),
    ...(office === undefined ? [] : [{ name: office.hostname, addresses: [] }]),
    ...senders.flatMap(({ wants }) =>
      wants.records
        .filter(({ purpose }) => purpose === 'host')
        .flatMap((record) => {
          const name = parseDomainName(record.name);
          return name === undefined ? [] : [{ name, addresses: [record.value] }];
        }),
    ),
  ];
  const byName = new Map<DomainName, string[]>();
  for (const one of names) byName.set(one.name, [...(byName.get(one.name) ?? []), ...one.addresses]);
  return [...byName].map(([name, all]) => ({ name, addresses: [...new Set(all)] }));
}

export async function lookAtHelo(questions: SpfQuestions, helo: HeloName): Promise<HeloFact> {
  const { resolver } = questions;
  const [txt, ...hosts] = await Promise.all([
    resolver.lookup(helo.name, 'TXT'),
    resolver.lookup(helo.name, 'A'),
    resolver.lookup(helo.name, 'AAAA'),
    gatherSpfFacts(resolver, { name: helo.name, texts: [], ownRecord: true }),
  ]);
  const found = hosts.flatMap((answer) => ('kind' in answer && answer.kind === 'found' ? answer.records : []));
  const known = helo.addresses.length > 0 ? helo.addresses : found;
  const addresses = known.filter((text) => parseIpAddress(text) !== undefined).slice(0, addressesMax);
  const records = txt.kind === 'found' ? txt.records.filter(isSpfRecord) : [];
  const tried =
    records.length === 0 ? [] : await Promise.all(addresses.map((one) => tryAddress(resolver, helo.name, one)));
  return { ...helo, addresses, txt, records, tried };
}
