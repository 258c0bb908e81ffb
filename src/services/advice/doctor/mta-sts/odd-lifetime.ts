/** STS-05: a policy that is forgotten within a day, or that asks to be kept longer than allowed. */
import { policyAgeMaxSeconds } from '../../../../protocol/mta-sts/policy.ts';
import { fails, passes, skips, staysUnknown } from '../judged.ts';
import type { DomainFacts, Judged, Rule } from '../types.ts';
import { policyUrl } from './facts.ts';

export const oddLifetime: Rule<'STS-05'> = {
  id: 'STS-05',
  judge: (facts) => [judge(facts)],
};

const daySeconds = 86_400;

function judge({ sts, subject, show }: DomainFacts): Judged {
  const url = policyUrl(subject.domain);
  const { file, maxAgeWritten } = sts;
  if (sts.announced.kind === 'none' || sts.policyHost === 'absent')
    return skips({ subject: url, meaning: 'There is no encryption policy.' });
  if (file === undefined)
    return staysUnknown({
      subject: url,
      meaning: 'How long senders keep the encryption policy is not known: its file was not fetched.',
    });
  if (maxAgeWritten === undefined) return skips({ subject: url, meaning: 'What is served names no lifetime.' });
  const evidence = [show(url, 'HTTPS')];
  const steps = ['write "max_age: 604800" (a week) into the policy file, then change the id of the record'];
  if (maxAgeWritten > policyAgeMaxSeconds)
    return fails({
      subject: url,
      evidence,
      meaning: `The encryption policy asks to be kept for ${maxAgeWritten} seconds, more than a year: senders take it for no policy at all.`,
      fix: { delete: [], set: [], steps },
    });
  if (maxAgeWritten < daySeconds)
    return fails({
      subject: url,
      evidence,
      meaning: `Senders forget the encryption policy after ${maxAgeWritten} seconds, less than a day: an attacker only has to wait that long.`,
      fix: { delete: [], set: [], steps },
    });
  const days = Math.floor(maxAgeWritten / daySeconds);
  return passes({
    subject: url,
    evidence,
    meaning: `Senders keep the encryption policy for ${days} ${days === 1 ? 'day' : 'days'}.`,
  });
}
