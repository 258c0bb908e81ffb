/**
 * Our own template: by one click at the DNS host, the names that mail needs below a domain lead to the zone in which the office keeps them,
 * and the domain's SPF record includes the one that is kept there.
 */
import { delegatedNames } from '../hosted/delegated-names.ts';

export const delegationService = 'delegation';

/** Parts of the template that are applied or not; `receiving` only where the office gets the domain's mail. */
export type DelegationGroup = 'sending' | 'receiving';

export type TemplateOwner = {
  /** A domain of the operator, which is also where the key stands that signs links. */
  readonly providerId: string;
  readonly providerName: string;
};

/** As it is handed to DNS hosts: `<providerId>.delegation.json`. */
export function delegationTemplate({ providerId, providerName }: TemplateOwner): object {
  const labelsOf = (receives: boolean) => delegatedNames({ receives, keys: [] }).map(({ label }) => label);
  const sending = labelsOf(false);
  const alias = (host: string) => {
    const groupId: DelegationGroup = sending.includes(host) ? 'sending' : 'receiving';
    return { type: 'CNAME', host, pointsTo: `${host}.%zone%`, ttl: 3600, groupId };
  };
  return {
    providerId,
    providerName,
    serviceId: delegationService,
    serviceName: 'E-mail records, kept for you',
    version: 1,
    description: 'Lets the post office of this domain publish SPF, DKIM, DMARC and TLS policies, and keep them right',
    variableDescription: '%zone%: the zone in which the post office keeps the records of this domain',
    syncPubKeyDomain: providerId,
    syncBlock: false,
    records: [
      ...labelsOf(true).map(alias),
      { type: 'SPFM', host: '@', spfRules: 'include:_spf.%zone%', groupId: 'sending' satisfies DelegationGroup },
    ],
  };
}
