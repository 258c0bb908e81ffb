/** What the doctor gathers of the hosts that take a domain's mail, and of the domains that mail is sent from. */
import { parseDomainName } from '../../../../format/domain-name.ts';
import { observedOf } from '../../../setup/setup.ts';
import type { DomainObserved } from '../../../setup/types.ts';
import { type Asked, ask, recordsIn } from '../ask.ts';
import { isBeyondZone } from '../beyond-zone.ts';
import { lookAtMailHosts, type Receiving } from '../mail-hosts.ts';
import type { DoctorWorld, GatherSubject } from '../types.ts';
import { gatherOrigins, type Origin } from './gather-origins.ts';

export type MxFacts = {
  readonly mx: Asked<'MX'>;
  /** By preference, each exchange once. */
  readonly targets: readonly MxTarget[];
  /** Exchanges beyond the number that is looked at. */
  readonly targetsLeft: number;
  /** Addresses of the domain itself: where its mail goes without MX records. */
  readonly address: Asked<'A'>;
  readonly address6: Asked<'AAAA'>;
  readonly receiving: Receiving;
  readonly origins: readonly Origin[];
  /** As the plan takes it. */
  readonly answers: DomainObserved['answers'];
};

export type MxTarget = {
  readonly exchange: string;
  readonly preference: number;
  readonly alias: Asked<'CNAME'>;
  readonly address: Asked<'A'>;
  readonly address6: Asked<'AAAA'>;
  /** Its domain is not in the zone text that was read. */
  readonly isBeyond: boolean;
};

/** More than any sender tries. (Our choice.) */
const targetsMax = 20;

export async function gatherMxFacts(world: DoctorWorld, subject: GatherSubject): Promise<MxFacts> {
  const { domain } = subject;
  const targeted = gatherTargets(world, subject);
  const [mx, alias, address, address6, receiving, origins, targets] = await Promise.all([
    ask(world, domain, 'MX'),
    ask(world, domain, 'CNAME'),
    ask(world, domain, 'A'),
    ask(world, domain, 'AAAA'),
    lookAtMailHosts(world, domain),
    gatherOrigins(world, subject),
    targeted,
  ]);
  const answers = {
    [`MX ${domain}`]: observedOf('MX', mx),
    [`CNAME ${domain}`]: observedOf('CNAME', alias),
    [`A ${domain}`]: observedOf('A', address),
  };
  return { mx, ...targets, address, address6, receiving, origins, answers };
}

async function gatherTargets(
  world: DoctorWorld,
  { domain }: GatherSubject,
): Promise<Pick<MxFacts, 'targets' | 'targetsLeft'>> {
  const mx = await ask(world, domain, 'MX');
  const byName = new Map(
    recordsIn(mx)
      .filter(({ exchange }) => exchange !== '')
      .toSorted((a, b) => b.preference - a.preference)
      .map(({ exchange, preference }) => [exchange, preference]),
  );
  const all = [...byName].toSorted(([a, first], [b, second]) => first - second || (a < b ? -1 : 1));
  const targets = all.slice(0, targetsMax).map(async ([exchange, preference]) => {
    const host = parseDomainName(exchange) ?? '';
    const [alias, address, address6] = await Promise.all([
      ask(world, host, 'CNAME'),
      ask(world, host, 'A'),
      ask(world, host, 'AAAA'),
    ]);
    const isBeyond = host !== '' && (await isBeyondZone(world, domain, exchange, address));
    return { exchange, preference, alias, address, address6, isBeyond };
  });
  return { targets: await Promise.all(targets), targetsLeft: Math.max(0, all.length - targetsMax) };
}
