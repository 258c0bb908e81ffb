/** MTA-STS as senders find it: the record, the file and who serves it, and the mail hosts it speaks of. RFC 8461 */
import { asBuffer } from '../../../../base/bytes.ts';
import type { DomainName } from '../../../../format/domain-name.ts';
import { parseQueryName } from '../../../../format/domain-name.ts';
import type { DnsAnswer } from '../../../../protocol/dns/types.ts';
import type { Announced, Fetched } from '../../../../protocol/mta-sts/decide-policy.ts';
import { policyOctetsMax } from '../../../../protocol/mta-sts/policy.ts';
import { announcedOf, fetchPolicy } from '../../../../protocol/mta-sts/sts-policies.ts';
import { lookAtMailHosts, type Receiving } from '../mail-hosts.ts';
import type { DoctorWorld, GatherSubject } from '../types.ts';

export type StsFacts = Receiving & {
  /** All texts at `_mta-sts.<domain>`. */
  readonly texts: DnsAnswer<string>;
  readonly announced: Announced;
  /** Whether `mta-sts.<domain>`, which serves the policy, has an address. */
  readonly policyHost: 'there' | 'absent' | 'unknown';
  /** Absent where nobody could fetch it, or there is nowhere to fetch it from. */
  readonly file?: Fetched;
  /** Seconds, as written in the file, also where that makes it no policy. */
  readonly maxAgeWritten?: number;
};

export const stsRecordName = (domain: string) => `_mta-sts.${domain}`;
export const policyHostName = (domain: string) => `mta-sts.${domain}`;
export const policyUrl = (domain: string) => `https://${policyHostName(domain)}/.well-known/mta-sts.txt`;

export async function gatherStsFacts(world: DoctorWorld, { domain }: GatherSubject): Promise<StsFacts> {
  const [receiving, texts, announced, served] = await Promise.all([
    lookAtMailHosts(world, domain),
    textsAt(world, domain),
    announcedOf(world.resolver, domain),
    gatherFile(world, domain),
  ]);
  return { ...receiving, texts, announced, ...served };
}

async function textsAt({ resolver }: DoctorWorld, domain: DomainName): Promise<DnsAnswer<string>> {
  const name = parseQueryName(stsRecordName(domain));
  return name === undefined ? tooLong : resolver.lookup(name, 'TXT');
}

const tooLong = { kind: 'none', why: 'nxdomain', ttlSeconds: 0, secure: false } as const;

type Served = Pick<StsFacts, 'policyHost' | 'file' | 'maxAgeWritten'>;

/** Asked for also where no record announces it: a policy that nobody looks at is a finding. */
async function gatherFile(world: DoctorWorld, domain: DomainName): Promise<Served> {
  const policyHost = await findPolicyHost(world, domain);
  const { policyFile } = world.probes;
  if (policyHost !== 'there' || policyFile === undefined) return { policyHost };
  const raw = policyFile(domain);
  const [file, came] = await Promise.all([fetchPolicy(() => raw, domain), raw]);
  if (came.isUnasked) return { policyHost };
  const age = came.ok ? ageIn(came.octets) : undefined;
  return { policyHost, file, ...(age !== undefined && { maxAgeWritten: age }) };
}

async function findPolicyHost({ resolver }: DoctorWorld, domain: DomainName): Promise<StsFacts['policyHost']> {
  const name = parseQueryName(policyHostName(domain));
  if (name === undefined) return 'absent';
  const answers = await Promise.all([resolver.lookup(name, 'A'), resolver.lookup(name, 'AAAA')]);
  if (answers.some(({ kind }) => kind === 'found')) return 'there';
  return answers.some(({ kind }) => kind === 'failed') ? 'unknown' : 'absent';
}

function ageIn(octets: Uint8Array): number | undefined {
  const text = asBuffer(octets.subarray(0, policyOctetsMax)).toString('latin1');
  const digits = /^max_age:[ \t]*([0-9]{1,15})[ \t]*\r?$/m.exec(text)?.[1];
  return digits === undefined ? undefined : Number(digits);
}
