/** The few records that a person creates once, in the domain's own zone or, for a domain as a whole, in the one above it. Pure. */
import type { DomainName } from '../../../format/domain-name.ts';
import type { OwnOffice, SetupType } from '../types.ts';
import { delegatedNames, spfInclude } from './delegated-names.ts';

export type RecordToCreate = {
  readonly name: string;
  readonly type: SetupType;
  readonly value: string;
  readonly why: string;
};

export function recordsToCreate(domain: DomainName, office: OwnOffice): readonly RecordToCreate[] {
  const { delegation } = office;
  if (delegation === undefined) return [];
  if (delegation.kind === 'zone') {
    const why = 'this server answers for all of it';
    return delegation.nameServers.map((value) => ({ name: domain, type: 'NS', value, why }));
  }
  const include = spfInclude(delegation);
  return [
    ...delegatedNames(office).map(({ label, why }) => ({
      name: `${label}.${domain}`,
      type: 'CNAME' as const,
      value: `${label}.${delegation.zone}`,
      why,
    })),
    {
      name: domain,
      type: 'TXT',
      value: `v=spf1 ${include} ~all`,
      why: `SPF: where there is a record already, ${include} goes into that one`, // RFC 7208 §4.5
    },
  ];
}
