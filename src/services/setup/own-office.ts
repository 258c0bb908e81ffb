/** What the office brings to a domain of its own, for the plan: its name, its DKIM keys, the proof that it asks for. */
import type { DomainName } from '../../format/domain-name.ts';
import type { Directory } from '../directory/directory.ts';
import type { Delegation, OwnOffice } from './types.ts';

/** Undefined where the domain is not the office's, or the office has no name that the world knows. */
export async function ownOffice(
  directory: Pick<Directory, 'domain' | 'keysOf' | 'ownership'>,
  hostname: DomainName,
  domain: DomainName,
  kept?: {
    readonly find: (domain: DomainName) => Promise<Delegation | undefined>;
    readonly policyRecord: (domain: DomainName) => Promise<string | undefined>;
  },
): Promise<OwnOffice | undefined> {
  const known = await directory.domain(domain);
  if (known === undefined || !hostname.includes('.')) return undefined;
  const keys = await directory.keysOf(domain);
  const { name, value } = directory.ownership.proofOf(domain);
  const delegation = await kept?.find(domain);
  const policyRecord = await kept?.policyRecord(domain);
  return {
    hostname,
    receives: known.receives,
    keys: keys.map(({ selector, publicRecord, state }) => ({
      selector,
      record: publicRecord,
      retired: state === 'retired',
      isInUse: state === 'active' || state === 'retiring',
    })),
    ...(known.verified?.by === 'operator' ? {} : { proof: { name, value } }),
    ...(policyRecord !== undefined && { policyRecord }),
    ...(delegation && { delegation }),
  };
}
