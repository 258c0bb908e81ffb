/** The policy document of a domain of the office: what it declares, the keys it signs with, how its mail is received. */
import { type Outcome, refuse } from '../../../base/outcome.ts';
import type { DomainName } from '../../../format/domain-name.ts';
import { parseDmarcRecord } from '../../../protocol/dmarc/record.ts';
import type { StsMode } from '../../../protocol/mta-sts/types.ts';
import type { Directory } from '../../directory/directory.ts';
import { stageOf } from '../plan/dmarc-ladder.ts';
import { stsMaxAgeSeconds } from '../sts-policy.ts';
import type { Declaration, RecordSet } from '../types.ts';
import type { ServedPolicies, ServedPolicy } from './served-policies.ts';

export type OfficePolicyPorts = {
  readonly directory: Pick<Directory, 'domain' | 'keysOf'>;
  readonly hostname: DomainName;
  readonly delegations: {
    readonly stsModeOf: (domain: DomainName) => Promise<StsMode>;
    readonly answered: (domain: DomainName) => Promise<readonly RecordSet[]>;
  };
  readonly declaration: (domain: DomainName) => Promise<Declaration | undefined>;
  readonly policies: Pick<ServedPolicies, 'find' | 'push'>;
  /** `https://mx.example.com` */
  readonly origin: string;
};

export const policiesPath = '/.well-known/eml-policies/';

export async function pushOfficePolicy(
  ports: OfficePolicyPorts,
  domain: DomainName,
  { contact }: { readonly contact?: string } = {},
): Promise<Outcome<ServedPolicy, 'domain-unknown' | 'bad-document'>> {
  const { directory, hostname, delegations, origin, policies } = ports;
  const known = await directory.domain(domain);
  if (known === undefined) return refuse('domain-unknown', `${domain} is not a domain of this office.`);
  const keys = (await directory.keysOf(domain))
    .filter(({ state }) => state !== 'retired')
    .map(({ selector, publicRecord }) => ({ selector, record: publicRecord }));
  const received = { mx: [hostname], reports: [`mailto:postmaster@${domain}`] };
  const mode = known.receives ? await delegations.stsModeOf(domain) : 'none';
  const tls = { mode, ...(known.receives ? received : { mx: [], reports: [] }), maxAgeSeconds: stsMaxAgeSeconds };
  return policies.push({
    declaration: await declaredNow(ports, domain),
    url: `${origin}${policiesPath}${domain}.json`,
    draft: { keys, tls },
    ...(contact !== undefined && { contact }),
  });
}

/** A declaration need not say the stage, nor may it lower one: where the office answers the DMARC record itself, that one counts. */
async function declaredNow(
  { declaration, delegations }: Pick<OfficePolicyPorts, 'declaration' | 'delegations'>,
  domain: DomainName,
): Promise<Declaration> {
  const declared = (await declaration(domain)) ?? { domain, senders: [] };
  const answered = await delegations.answered(domain);
  const dmarc = answered.find(({ name, type }) => type === 'TXT' && name.startsWith('_dmarc.'));
  const read = parseDmarcRecord(dmarc?.values[0] ?? '');
  return read.ok ? { ...declared, dmarc: { ...declared.dmarc, stage: stageOf(read.value) } } : declared;
}

/** What is served of a domain once it was pushed: keys are replaced and senders declared, and the document follows. */
export async function currentOfficePolicy(
  ports: OfficePolicyPorts,
  domain: DomainName,
): Promise<ServedPolicy | undefined> {
  const held = await ports.policies.find(domain);
  if (held === undefined) return undefined;
  const now = await pushOfficePolicy(ports, domain);
  return now.ok ? now.value : held;
}
