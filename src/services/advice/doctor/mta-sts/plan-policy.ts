/** The policy and the record that a domain ought to have, by its MX of today: for fixes. As the plan has them. Pure. */
import type { StsMode } from '../../../../protocol/mta-sts/types.ts';
import { ownStsPolicy, stsPolicyOf, stsRecordOf } from '../../../setup/setup.ts';
import type { Fix, FixRecord } from '../../types.ts';
import { allNames } from '../mail-hosts.ts';
import { mendAtEnd } from '../mend-alias.ts';
import { isLeftover } from '../mx/proof-left-over.ts';
import type { DomainFacts } from '../types.ts';
import { policyHostName, policyUrl, stsRecordName } from './facts.ts';

/** As the plan has it. */
export const ttlSeconds = 3600;

export function recordsThere({ subject, sts }: DomainFacts): readonly FixRecord[] {
  const name = stsRecordName(subject.domain);
  const texts = sts.texts.kind === 'found' ? sts.texts.records : [];
  return texts
    .filter((text) => /^\s*v\s*=\s*sts/i.test(text))
    .map((value): FixRecord => ({ name, type: 'TXT', value }));
}

/**
 * Serve this policy, then announce it: an id comes from the policy, so it changes when the policy does.
 * @param mode what it is to ask of senders; where nothing is said, what somebody decided already
 */
export function policyFix(facts: DomainFacts, mode = decidedMode(facts)): Fix {
  const name = stsRecordName(facts.subject.domain);
  const own = officeServing(facts);
  const policy = own ? ownStsPolicy(own.hostname, mode) : stsPolicyOf(namesToCover(facts), mode);
  const value = stsRecordOf(policy);
  const there = recordsThere(facts);
  return mendAtEnd(facts, name, {
    delete: there.filter((record) => record.value !== value),
    set: [
      ...(own ? policyHostRecords(facts, own.hostname) : []),
      ...(there.some((record) => record.value === value) ? [] : [{ name, type: 'TXT', value, ttl: ttlSeconds }]),
    ],
    steps: own ? officeSteps(facts, own.stsMode, mode) : [serveStep(facts, policy)],
  });
}

const namesToCover = ({ sts }: DomainFacts): readonly string[] => allNames(sts).filter((host) => !isLeftover(host));

type Asking = Exclude<StsMode, 'none'>;
const isAsking = (mode: StsMode | undefined): mode is Asking => mode !== undefined && mode !== 'none';

/** By what the office was told, the record that announces a policy of ours, or the policy that is served. Who begins, begins with a test. */
function decidedMode(facts: DomainFacts): Asking {
  const { sts, subject } = facts;
  const { announced, file } = sts;
  const told = subject.office?.stsMode;
  if (isAsking(told)) return told;
  const id = announced.kind === 'found' ? `v=STSv1; id=${announced.id}` : undefined;
  if (id === stsRecordOf(stsPolicyOf(namesToCover(facts), 'enforce'))) return 'enforce';
  const served = file?.ok ? file.policy.mode : undefined;
  return isAsking(served) ? served : 'testing';
}

type ServingOffice = { readonly hostname: string; readonly stsMode: StsMode };

/** The office takes the mail and serves the policy itself, once the name of the policy leads to it. */
function officeServing({ sts, subject, dns }: DomainFacts): ServingOffice | undefined {
  const { office, domain } = subject;
  if (office?.stsMode === undefined || !office.receives) return undefined;
  const { hostname, stsMode } = office;
  if (!allNames(sts).every((host) => host === hostname)) return undefined;
  const alias = dns.aliases.seen.find(({ name }) => name === policyHostName(domain))?.alias;
  const isLedHere = alias?.kind === 'found' && alias.records.includes(hostname);
  return sts.policyHost === 'absent' || isLedHere ? { hostname, stsMode } : undefined;
}

function policyHostRecords({ sts, subject }: DomainFacts, hostname: string): readonly FixRecord[] {
  if (sts.policyHost !== 'absent') return [];
  return [{ name: policyHostName(subject.domain), type: 'CNAME', value: hostname, ttl: ttlSeconds }];
}

function officeSteps({ subject: { domain } }: DomainFacts, told: StsMode, mode: StsMode): readonly string[] {
  const serves = 'this office serves the policy itself, at the name that leads to it';
  if (told === mode) return [serves];
  return [`tell this office: posthorn plan ${domain} --mta-sts ${mode} --save`, serves];
}

/** A zone may name any number of them. */
const hostsShown = 50;

function serveStep({ subject }: DomainFacts, policy: string): string {
  const all = policy.trim().split('\r\n');
  const hosts = all.filter((line) => line.startsWith('mx: '));
  const shown =
    hosts.length <= hostsShown
      ? all
      : [
          ...all.filter((line) => !hosts.includes(line)),
          `mx: HOST" for each of the ${hosts.length} mail hosts: "mx: ...`,
        ];
  const lines = shown.map((line) => `"${line}"`);
  return `first serve ${policyUrl(subject.domain)} as text/plain, each of these on a line of its own: ${lines.join(' ')}`;
}
