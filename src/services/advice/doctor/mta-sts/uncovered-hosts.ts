/** STS-04: the mail hosts of the domain against its policy: named, and proven by their certificates; and names that are no host of it. */
import { printable } from '../../../../base/printable.ts';
import { matchesMx } from '../../../../protocol/mta-sts/policy.ts';
import type { StsPolicy } from '../../../../protocol/mta-sts/types.ts';
import type { Severity } from '../../types.ts';
import { fails, listed, orElse, passes, quoted, skips, staysUnknown } from '../judged.ts';
import { allNames, type LookedAtHost } from '../mail-hosts.ts';
import type { DomainFacts, Judged, Rule } from '../types.ts';
import { policyUrl } from './facts.ts';
import { hostProblem } from './host-problem.ts';
import { policyFix } from './plan-policy.ts';

export const uncoveredHosts: Rule<'STS-04'> = { id: 'STS-04', judge };

function judge(facts: DomainFacts): readonly Judged[] {
  const { announced, file, policyHost, receives, hosts, otherHosts } = facts.sts;
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
    ...orElse([...hosts.map((host) => judgeHost(facts, policy, host)), ...judgeOthers(facts, policy, otherHosts)], () =>
      skips({ subject: url, meaning: `${facts.subject.domain} has no mail host.` }),
    ),
    ...strangers(facts, policy),
  ];
}

function judgeHost(facts: DomainFacts, policy: StsPolicy, looked: LookedAtHost): Judged {
  const { host, probe } = looked;
  const { subject, show } = facts;
  if (!matchesMx(policy, host)) return unnamed(facts, policy, [host]);
  const { severity, outcome } = harm(policy);
  const evidence = [show(policyUrl(subject.domain), 'HTTPS'), show(subject.domain, 'MX')];
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

function harm({ mode }: StsPolicy): { readonly severity: Severity; readonly outcome: string } {
  return mode === 'enforce'
    ? { severity: 'error', outcome: 'senders that obey it do not deliver there' }
    : { severity: 'warn', outcome: 'once it is in force, senders will not deliver there' };
}

function unnamed(facts: DomainFacts, policy: StsPolicy, names: readonly string[]): Judged {
  const { subject, show } = facts;
  const { severity, outcome } = harm(policy);
  return fails({
    subject: names[0] ?? subject.domain,
    severity,
    evidence: [show(policyUrl(subject.domain), 'HTTPS'), show(subject.domain, 'MX')],
    meaning: `The encryption policy does not name the mail ${names.length > 1 ? 'hosts' : 'host'} ${listed(names)}: ${outcome}.`,
    fix: policyFix(facts, policy.mode === 'enforce' ? 'enforce' : 'testing'),
  });
}

/** There may be any number of them: nobody dials them, and they are told together. */
function judgeOthers(facts: DomainFacts, policy: StsPolicy, names: readonly string[]): readonly Judged[] {
  const { subject, show } = facts;
  const left = names.filter((name) => !matchesMx(policy, name));
  const named = names.filter((name) => matchesMx(policy, name));
  const evidence = [show(policyUrl(subject.domain), 'HTTPS'), show(subject.domain, 'MX')];
  return [
    ...(left.length > 0 ? [unnamed(facts, policy, left)] : []),
    ...(named.length > 0
      ? [
          staysUnknown({
            subject: named[0] ?? '',
            evidence,
            meaning: `The encryption policy names ${listed(named)}; whether they prove their names was not seen: so many mail hosts are not dialled.`,
          }),
        ]
      : []),
  ];
}

/** Names in the policy that no mail host has: harmless, and mostly a host that was moved away from. */
function strangers({ sts, subject, show }: DomainFacts, policy: StsPolicy): readonly Judged[] {
  const names = allNames(sts);
  const extra = policy.mx.filter((pattern) => !names.some((name) => matchesMx({ mx: [pattern] }, name)));
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
