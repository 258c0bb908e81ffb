/**
 * The few records that a person creates once, in the domain's own zone or, for a domain as a whole, in the one above it, and what of the
 * office's records stays beside them. Pure.
 */
import type { DomainName } from '../../../format/domain-name.ts';
import type { OwnOffice, SetupType } from '../types.ts';
import { delegatedNames, isOwnSelector, spfInclude } from './delegated-names.ts';

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

/** Nothing beside a whole zone: all of it is the office's. */
export function recordsBeside(domain: DomainName, office: OwnOffice): readonly RecordToCreate[] {
  const { delegation, receives, hostname, proof, keys } = office;
  if (delegation?.kind !== 'names') return [];
  const imported = keys.filter(({ selector, retired }) => !retired && !isOwnSelector(selector));
  return [
    ...(proof ? [{ ...proof, type: 'TXT' as const, why: 'the domain is yours: it may send while this is there' }] : []),
    ...(receives
      ? [{ name: domain, type: 'MX' as const, value: `10 ${hostname}`, why: 'mail to the domain comes here' }]
      : []),
    ...imported.map(({ selector, record }) => ({
      name: `${selector}._domainkey.${domain}`,
      type: 'TXT' as const,
      value: record,
      why: 'DKIM: a key that was brought along',
    })),
  ];
}
