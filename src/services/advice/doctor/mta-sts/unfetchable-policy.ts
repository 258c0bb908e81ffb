/** STS-02: the policy file does not come as senders fetch it, or is no policy. */
import { fails, passes, skips, staysUnknown } from '../judged.ts';
import type { DomainFacts, Judged, Rule } from '../types.ts';
import { policyUrl } from './facts.ts';
import { policyFix } from './plan-policy.ts';

export const unfetchablePolicy: Rule<'STS-02'> = {
  id: 'STS-02',
  judge: (facts) => [judge(facts)],
};

const words = {
  certificate: 'The web server shows no valid certificate for this name, so senders take the policy for absent',
  'fetch-error': 'Senders cannot fetch the policy file, so for them there is none',
  invalid: 'What is served is no valid policy, so senders ignore it',
} as const;

function judge(facts: DomainFacts): Judged {
  const { sts, subject, show } = facts;
  const url = policyUrl(subject.domain);
  const { announced, file } = sts;
  if (announced.kind === 'none' || sts.policyHost === 'absent')
    return skips({ subject: url, meaning: 'There is no policy to fetch.' });
  if (file === undefined)
    return staysUnknown({
      subject: url,
      meaning: 'The policy file was not fetched: nothing may be asked of the network.',
    });
  const evidence = [show(url, 'HTTPS')];
  if (file.ok) return passes({ subject: url, evidence, meaning: 'The policy file is served as it has to be.' });
  return fails({
    subject: url,
    evidence,
    meaning: `${words[file.code]}: ${file.say}.`,
    fix: { delete: [], set: [], steps: stepsFor(facts, file.code) },
  });
}

function stepsFor(facts: DomainFacts, code: keyof typeof words): readonly string[] {
  if (code === 'certificate')
    return [`give mta-sts.${facts.subject.domain} a certificate for that very name, from a public authority`];
  const serve = policyFix(facts, 'testing').steps ?? [];
  return code === 'invalid' ? serve : [...serve, 'answer with status 200, without a redirect'];
}
