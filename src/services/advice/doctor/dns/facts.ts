/** What the doctor gathers of a domain's place in the DNS: its zone and servers, wildcards, aliases, names written twice. */
import { type Asked, ask } from '../ask.ts';
import type { DoctorWorld, GatherSubject } from '../types.ts';
import { type AliasFacts, gatherAliases } from './gather/aliases.ts';
import { type DoubledFacts, gatherDoubled } from './gather/doubled.ts';
import { gatherRegistration, type RegistrationFacts } from './gather/registration.ts';
import { gatherWild, type WildFacts } from './gather/wild.ts';
import { gatherServers, gatherZone, type ServerFacts, type ZoneFacts } from './gather/zone.ts';

export type DnsFacts = {
  readonly isZoneText: boolean;
  readonly own: OwnAnswers;
  readonly zone: ZoneFacts;
  readonly servers?: ServerFacts;
  readonly wild: WildFacts;
  readonly doubled: DoubledFacts;
  readonly aliases: AliasFacts;
  readonly registration?: RegistrationFacts;
};

/** What stands at the domain itself. */
type OwnAnswers = {
  readonly ns: Asked<'NS'>;
  readonly mx: Asked<'MX'>;
  readonly text: Asked<'TXT'>;
  readonly address: Asked<'A'>;
  readonly address6: Asked<'AAAA'>;
};

export async function gatherDnsFacts(world: DoctorWorld, subject: GatherSubject): Promise<DnsFacts> {
  const { domain } = subject;
  const [ns, mx, text, address, address6, zone, servers, wild, doubled, aliases, registration] = await Promise.all([
    ask(world, domain, 'NS'),
    ask(world, domain, 'MX'),
    ask(world, domain, 'TXT'),
    ask(world, domain, 'A'),
    ask(world, domain, 'AAAA'),
    gatherZone(world, domain),
    gatherServers(world, domain),
    gatherWild(world, domain),
    gatherDoubled(world, subject),
    gatherAliases(world, subject),
    gatherRegistration(world, domain),
  ]);
  const own = { ns, mx, text, address, address6 };
  const isZoneText = world.zoneText !== undefined;
  const known = { ...(servers && { servers }), ...(registration && { registration }) };
  return { isZoneText, own, zone, ...known, wild, doubled, aliases };
}
