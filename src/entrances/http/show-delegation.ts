/** What of a domain the office keeps, as the API spells it. Pure; the type is that of the schema. */
import type { DomainName } from '../../format/domain-name.ts';
import type { DelegationView } from '../../services/setup/setup.ts';
import type { Delegation } from './schemas/setup.ts';

/** @param view undefined: nothing */
export function showDelegation(domain: DomainName, view: DelegationView | undefined): Delegation {
  if (view === undefined)
    return { object: 'delegation', domain, delegated: false, spf_held: [], records: [], beside: [], answered: [] };
  const { delegation, stsMode, records, beside, answered } = view;
  const { kind, zone, nameServers, spfHeld = [] } = delegation;
  return {
    object: 'delegation',
    domain,
    delegated: true,
    kind,
    zone,
    name_servers: [...nameServers],
    mta_sts: stsMode,
    spf_held: spfHeld.map(({ terms, ...held }) => ({ ...held, terms: [...terms] })),
    records: records.map((record) => ({ ...record })),
    beside: beside.map((record) => ({ ...record })),
    answered: answered.map(({ values, ...set }) => ({ ...set, values: [...values] })),
  };
}
