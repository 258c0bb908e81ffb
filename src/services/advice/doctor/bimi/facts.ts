/** The logo that a domain publishes, what is behind it, and the DMARC that lets it be shown. */
import { type DomainName, parseQueryName } from '../../../../format/domain-name.ts';
import { judgeLogo, type LogoVerdict } from '../../../../protocol/bimi/judge-logo.ts';
import { type BimiEvidence, evidenceOctetsMax, readEvidence } from '../../../../protocol/bimi/read-evidence.ts';
import { type BimiRecord, parseBimiRecord } from '../../../../protocol/bimi/record.ts';
import { createRecordFinder, type FoundRecord, walkTree } from '../../../../protocol/dmarc/tree-walk.ts';
import type { DoctorWorld, GatherSubject } from '../types.ts';

/** `not-asked`: there is none, or nothing may be fetched. */
type Fetched<T> =
  | { readonly kind: 'fetched'; readonly mediaType: string; readonly octets: Uint8Array; readonly read: T }
  | { readonly kind: 'failed'; readonly say: string }
  | { readonly kind: 'not-asked' };

export type BimiFacts = {
  /** Where the record that counts stands: the domain's own, else that of its organizational domain. */
  readonly name: string;
  readonly record: BimiRecord | { readonly kind: 'failed'; readonly why: string };
  readonly logo: Fetched<LogoVerdict>;
  readonly evidence: Fetched<BimiEvidence>;
  /** DMARC of the domain and of its organizational domain, the first that has a record each; failures too. */
  readonly dmarc: readonly { readonly domain: DomainName; readonly found: FoundRecord }[];
};

/** Larger than any logo may be, so that its size can be told. */
const logoFetchMax = 131_072;

const bimiName = (domain: string) => `default._bimi.${domain}`;

export async function gatherBimiFacts(world: DoctorWorld, { domain }: GatherSubject): Promise<BimiFacts> {
  const walked = walkTree(domain, createRecordFinder(world.resolver));
  const own = await recordAt(world, domain);
  const organization = own.kind === 'none' ? ((await walked).organizationalDomain ?? domain) : domain;
  const record = organization === domain ? own : await recordAt(world, organization);
  const isFound = record.kind === 'found';
  const [logo, evidence, { steps, organizationalDomain }] = await Promise.all([
    isFound && record.logo !== undefined
      ? fetched(world, record.logo, logoFetchMax, async (octets) => judgeLogo(octets))
      : notAsked,
    isFound && record.evidence !== undefined
      ? fetched(world, record.evidence, evidenceOctetsMax, (octets) =>
          readEvidence(octets, [domain, organization, bimiName(domain)]),
        )
      : notAsked,
    walked,
  ]);
  const counts = new Set([domain, organizationalDomain ?? domain]);
  const dmarc = steps.filter((step) => counts.has(step.domain) || step.found.kind === 'failed');
  return { name: bimiName(organization), record, logo, evidence, dmarc };
}

const notAsked = { kind: 'not-asked' } as const;

async function recordAt({ resolver }: DoctorWorld, domain: DomainName): Promise<BimiFacts['record']> {
  const name = parseQueryName(bimiName(domain));
  if (name === undefined) return { kind: 'none' };
  const answer = await resolver.lookup(name, 'TXT');
  if (answer.kind === 'failed') return answer;
  return parseBimiRecord(answer.kind === 'found' ? answer.records : []);
}

async function fetched<T>(
  { probes }: DoctorWorld,
  url: string,
  octetsMax: number,
  read: (octets: Uint8Array) => Promise<T>,
): Promise<Fetched<T>> {
  const { file } = probes;
  if (file === undefined) return notAsked;
  const came = await file(url, { octetsMax });
  if (!came.ok) return came.isUnasked ? notAsked : { kind: 'failed', say: came.say };
  return { kind: 'fetched', mediaType: came.mediaType, octets: came.octets, read: await read(came.octets) };
}
