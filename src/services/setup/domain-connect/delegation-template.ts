/**
 * Our own template: by one click at the DNS host, what mail needs below a domain is delegated to our name servers, and the domain's SPF
 * record includes the one that is kept there. Nothing that stands at the domain itself is replaced.
 */

export const delegationService = 'delegation';

/** Names below the domain that a name server of ours answers for from then on. */
const delegatedNames = ['_dmarc', '_domainkey', '_mta-sts', 'mta-sts', '_smtp._tls', '_spf'];

export type TemplateOwner = {
  /** A domain of the operator, which is also where the key stands that signs links. */
  readonly providerId: string;
  readonly providerName: string;
};

/** As it is handed to DNS hosts: `<providerId>.delegation.json`. */
export function delegationTemplate({ providerId, providerName }: TemplateOwner): object {
  return {
    providerId,
    providerName,
    serviceId: delegationService,
    serviceName: 'E-mail records, kept for you',
    version: 1,
    description:
      'Lets the post office of this domain publish SPF, DKIM, DMARC, MTA-STS and TLS reporting, and keep them right',
    variableDescription: '%ns1% and %ns2% are the name servers of the post office',
    syncPubKeyDomain: providerId,
    syncBlock: false,
    records: [
      ...delegatedNames.flatMap((host) =>
        ['%ns1%', '%ns2%'].map((pointsTo) => ({ type: 'NS', host, pointsTo, ttl: 3600, groupId: 'delegation' })),
      ),
      { type: 'SPFM', host: '@', spfRules: 'include:_spf.%fqdn%', groupId: 'spf' },
    ],
  };
}
