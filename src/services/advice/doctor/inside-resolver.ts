/** DNS as the doctor may believe it: zone text that stands in for it has no word on names of others, so these are unknown. */
import type { DomainName } from '../../../format/domain-name.ts';
import type { Resolver } from '../../../protocol/dns/types.ts';
import { isBeyondZone } from './beyond-zone.ts';
import type { DoctorWorld } from './types.ts';

export function insideResolver(world: DoctorWorld, domain: DomainName): Resolver {
  const { resolver, zoneText } = world;
  if (zoneText === undefined) return resolver;
  return {
    lookup: async (name, type, options) => {
      const answer = await resolver.lookup(name, type, options);
      return (await isBeyondZone(world, domain, name, answer)) ? { kind: 'failed', why: 'servfail' } : answer;
    },
  };
}
