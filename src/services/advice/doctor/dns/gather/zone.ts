/** The zone a domain lies in: its top, its keys, and what its servers say each for itself. */

import type { DomainName } from '../../../../../format/domain-name.ts';
import { parentOf } from '../../../../../format/domain-name.ts';
import { loadPublicSuffixes } from '../../../../../protocol/dmarc/public-suffix.ts';
import type { AuthoritiesAnswer } from '../../../../../protocol/dns/authorities.ts';
import type { RecordData, RecordType } from '../../../../../protocol/dns/types.ts';
import { type Asked, ask } from '../../ask.ts';
import type { DoctorWorld } from '../../types.ts';

export type ZoneFacts = {
  /** The top of the zone, as far as it shows: the nearest name with an SOA record, else the registered domain. */
  readonly top: DomainName;
  readonly soa: Asked<'SOA'>;
  readonly ds: Asked<'DS'>;
  readonly keys: Asked<'DNSKEY'>;
  /** No name above it can be bought: `example.com`, not `mail.example.com`. */
  readonly isRegistered: boolean;
  /** Of the zone above the registered domain: whether the resolver gets answers at all. */
  readonly above: Asked<'NS'>;
};

/** Names from the domain up that may be the top. More than a handful of zones inside one another nobody has. (Our choice.) */
const topsMax = 4;

export async function gatherZone(world: DoctorWorld, domain: DomainName): Promise<ZoneFacts> {
  const registered = (await loadPublicSuffixes()).organizationalDomain(domain) ?? domain;
  const aboveAsked = ask(world, parentOf(registered) ?? registered, 'NS');
  const candidates = await Promise.all(
    candidatesFor(domain, registered).map(async (name) => {
      const [soa, ds, keys] = await Promise.all([
        ask(world, name, 'SOA'),
        ask(world, name, 'DS'),
        ask(world, name, 'DNSKEY'),
      ]);
      return { top: name, soa, ds, keys };
    }),
  );
  const own = candidates.find(({ soa }) => soa.kind === 'found' && soa.canonicalName === undefined);
  const last = candidates.at(-1) as (typeof candidates)[number];
  return { ...(own ?? last), isRegistered: domain === registered, above: await aboveAsked };
}

function candidatesFor(domain: DomainName, registered: DomainName): readonly [DomainName, ...DomainName[]] {
  const names: [DomainName, ...DomainName[]] = [domain];
  for (let name = parentOf(domain); names.at(-1) !== registered && name !== undefined; name = parentOf(name)) {
    if (names.length < topsMax - 1 || name === registered) names.push(name);
  }
  return names;
}

/** One question, put to every server. */
export type ServerRound<T extends RecordType = RecordType> = {
  readonly name: string;
  readonly type: T;
  readonly said: AuthoritiesAnswer<RecordData[T]>;
};

export type ServerFacts = {
  readonly mx: ServerRound<'MX'>;
  readonly txt: ServerRound<'TXT'>;
  readonly dmarc: ServerRound<'TXT'>;
};

/** Undefined where servers cannot be asked. */
export async function gatherServers(
  { authorities }: DoctorWorld,
  domain: DomainName,
): Promise<ServerFacts | undefined> {
  if (authorities === undefined) return undefined;
  const round = async <T extends RecordType>(name: string, type: T): Promise<ServerRound<T>> => ({
    name,
    type,
    said: await authorities.lookup(name as DomainName, type),
  });
  const [mx, txt, dmarc] = await Promise.all([
    round(domain, 'MX'),
    round(domain, 'TXT'),
    round(`_dmarc.${domain}`, 'TXT'),
  ]);
  return { mx, txt, dmarc };
}
