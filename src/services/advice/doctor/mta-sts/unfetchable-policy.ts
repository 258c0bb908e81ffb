/** STS-02: the policy file does not come as senders fetch it, or is no policy. */
import { fails, passes, skips, staysUnknown } from '../judged.ts';
import type { DomainFacts, Judged, Rule } from '../types.ts';
import { policyHostName, policyUrl } from './facts.ts';
import { policyFix } from './plan-policy.ts';

export const unfetchablePolicy: Rule<'STS-02'> = {
  id: 'STS-02',
  judge: (facts) => [judge(facts)],
};

const words = {
  certificate: 'The web server shows no valid certificate for this name, so for senders there is no encryption policy',
  'fetch-error': 'Senders cannot fetch the file with the encryption policy, so for them there is none',
  invalid: 'The file with the encryption policy is not valid, so senders ignore it',
} as const;

function judge(facts: DomainFacts): Judged {
  const { sts, subject, show } = facts;
  const url = policyUrl(subject.domain);
  const { announced, file } = sts;
  if (announced.kind === 'none' || sts.policyHost === 'absent')
    return skips({ subject: url, meaning: 'There is no encryption policy to fetch.' });
  if (file === undefined)
    return staysUnknown({
      subject: url,
      meaning:
        sts.policyHost === 'unknown'
          ? `The file with the encryption policy was not fetched: the address of ${policyHostName(subject.domain)} could not be looked up.`
          : 'The file with the encryption policy was not fetched: nothing may be asked of the network.',
    });
  const evidence = [show(url, 'HTTPS')];
  if (file.ok)
    return passes({
      subject: url,
      evidence,
      meaning: `The encryption policy is served at mta-sts.${subject.domain} as it has to be.`,
    });
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
  const serve = policyFix(facts).steps ?? [];
  return code === 'invalid' ? serve : [...serve, 'answer with status 200, without a redirect'];
}
