/** STS-04: the mail hosts of the domain against its policy: named, and proven by their certificates; and names that are no host of it. */
import { printable } from '../../../../base/printable.ts';
import { matchesMx } from '../../../../protocol/mta-sts/policy.ts';
import type { StsPolicy } from '../../../../protocol/mta-sts/types.ts';
import type { Severity } from '../../types.ts';
import { fails, orElse, passes, quoted, skips, staysUnknown } from '../judged.ts';
import type { LookedAtHost } from '../mail-hosts.ts';
import type { DomainFacts, Judged, Rule } from '../types.ts';
import { policyUrl } from './facts.ts';
import { hostProblem } from './host-problem.ts';
import { policyFix } from './plan-policy.ts';

export const uncoveredHosts: Rule<'STS-04'> = { id: 'STS-04', judge };

function judge(facts: DomainFacts): readonly Judged[] {
  const { announced, file, policyHost, receives, hosts } = facts.sts;
  const url = policyUrl(facts.subject.domain);
  if (announced.kind === 'none' || policyHost === 'absent' || (file !== undefined && !file.ok))
    return [skips({ subject: url, meaning: 'There is no encryption policy to hold the mail hosts against.' })];
  if (file === undefined)
    return [
      staysUnknown({
        subject: url,
        meaning: 'Whether the encryption policy fits the mail hosts is not known: its file was not fetched.',
      }),
    ];
  if (receives === 'unknown')
    return [
      staysUnknown({
        subject: url,
        evidence: [facts.show(facts.subject.domain, 'MX')],
        meaning: `The mail hosts of ${facts.subject.domain} could not be looked up.`,
      }),
    ];
  const { policy } = file;
  if (policy.mode === 'none') return [skips({ subject: url, meaning: 'The policy asks for nothing (mode: none).' })];
  return [
    ...orElse(
      hosts.map((host) => judgeHost(facts, policy, host)),
      () => skips({ subject: url, meaning: `${facts.subject.domain} has no mail host.` }),
    ),
    ...strangers(facts, policy),
  ];
}

function judgeHost(facts: DomainFacts, policy: StsPolicy, looked: LookedAtHost): Judged {
  const { host, probe } = looked;
  const { subject, show } = facts;
  const isHard = policy.mode === 'enforce';
  const severity: Severity = isHard ? 'error' : 'warn';
  const evidence = [show(policyUrl(subject.domain), 'HTTPS'), show(subject.domain, 'MX')];
  const outcome = isHard
    ? 'senders that obey it do not deliver there'
    : 'once it is in force, senders will not deliver there';
  if (!matchesMx(policy, host))
    return fails({
      subject: host,
      severity,
      evidence,
      meaning: `The encryption policy does not name the mail host ${host}: ${outcome}.`,
      fix: policyFix(facts, isHard ? 'enforce' : 'testing'),
    });
  if (probe === undefined || probe.kind === 'failed')
    return staysUnknown({
      subject: host,
      evidence: [...evidence, show(host, 'SMTP')],
      meaning: `The encryption policy names ${host}; whether it proves its name could not be seen${probe ? `: ${printable(probe.why)}` : ''}.`,
    });
  const problem = hostProblem(looked);
  const seen = [...evidence, show(host, 'SMTP')];
  if (problem === undefined)
    return passes({
      subject: host,
      evidence: seen,
      meaning: `The encryption policy names ${host}, which proves its name by a valid certificate.`,
    });
  return fails({
    subject: host,
    severity,
    evidence: seen,
    meaning: `The encryption policy names ${host}, but ${problem}: ${outcome}.`,
    fix: {
      delete: [],
      set: [],
      steps: [`give ${host} a certificate from a public authority with this very name, and let it offer STARTTLS`],
    },
  });
}

/** Names in the policy that no mail host has: harmless, and mostly a host that was moved away from. */
function strangers({ sts, subject, show }: DomainFacts, policy: StsPolicy): readonly Judged[] {
  const extra = policy.mx.filter((pattern) => !sts.hosts.some(({ host }) => matchesMx({ mx: [pattern] }, host)));
  const [first] = extra;
  if (first === undefined || sts.hosts.length === 0) return [];
  const others = extra.length > 1 ? ` and ${extra.length - 1} more` : '';
  return [
    fails({
      subject: first,
      severity: 'advice',
      evidence: [show(policyUrl(subject.domain), 'HTTPS'), show(subject.domain, 'MX')],
      meaning: `The encryption policy names ${quoted(first)}${others}, which is no mail host of the domain: whoever gets hold of that name could take your mail unnoticed.`,
      fix: { delete: [], set: [], steps: ['take the name out of the policy file, then change the id of the record'] },
    }),
  ];
}
