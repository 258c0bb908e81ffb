/** A whole look at a domain in a test: its zone as text, every question counted. */
import assert from 'node:assert/strict';
import { loadCatalogue } from '../../src/app/load-catalogue.ts';
import { type DomainName, parseDomainName } from '../../src/format/domain-name.ts';
import { parseZoneText } from '../../src/format/zone-file.ts';
import type { Resolver } from '../../src/protocol/dns/types.ts';
import { zoneNames } from '../../src/protocol/dns/zone-names.ts';
import { resolverFromZone } from '../../src/protocol/dns/zone-resolver.ts';
import { checkDomain, type DomainCheck } from '../../src/services/advice/doctor/check-domain.ts';
import type { WorldLimits } from '../../src/services/advice/doctor/recorded-world.ts';
import type { CheckSubject } from '../../src/services/advice/doctor/snapshot.ts';
import type { DoctorWorld } from '../../src/services/advice/doctor/types.ts';
import { parseDeclaredSender } from '../../src/services/setup/setup.ts';
import { clinicNowMs } from './doctor.ts';

export const catalogue = await loadCatalogue();

export type Look = Partial<Omit<CheckSubject, 'domain' | 'declared'>> & {
  readonly domain?: string;
  readonly zone: string;
  readonly senders?: readonly string[];
  readonly world?: Partial<DoctorWorld>;
  readonly limits?: WorldLimits;
  /** The zone text stands in for the DNS, as with `--zone`. */
  readonly isUnpublished?: boolean;
};

export async function checked(look: Look): Promise<DomainCheck> {
  const { domain = 'example.com', zone, senders = [], world, limits, isUnpublished, ...about } = look;
  const name = parseDomainName(domain);
  assert.ok(name, domain);
  const live: DoctorWorld = {
    resolver: resolverFromZone(zone),
    resolverName: 'the zone file',
    isPublicResolver: false,
    probes: {},
    nowMs: clinicNowMs,
    ...(isUnpublished && { zoneText: { namesBelow: namesBelow(zone) } }),
    ...world,
  };
  const subject = {
    domain: name as DomainName,
    declared: senders.map(declared),
    selectors: [],
    addresses: [],
    ...about,
  };
  const seen = await checkDomain({ catalogue, world: live, ...(limits && { limits }) }, subject);
  assert.ok(seen.ok, JSON.stringify(seen));
  return seen.value;
}

function declared(text: string) {
  const sender = parseDeclaredSender(catalogue, text);
  assert.ok(sender.ok, text);
  return sender.value;
}

function namesBelow(zone: string) {
  const parsed = parseZoneText(zone);
  assert.ok(parsed.ok, JSON.stringify(parsed));
  return zoneNames([parsed.value]);
}

/** Counts what is asked of it, by `TXT example.com`. */
export function counting(resolver: Resolver): { readonly resolver: Resolver; readonly asked: Map<string, number> } {
  const asked = new Map<string, number>();
  return {
    asked,
    resolver: {
      lookup: (name, type, options) => {
        asked.set(`${type} ${name}`, (asked.get(`${type} ${name}`) ?? 0) + 1);
        return resolver.lookup(name, type, options);
      },
    },
  };
}
