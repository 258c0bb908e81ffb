/** STS-06: the office serves another policy than the id in DNS was made for. Only for policies of ours: we know what their ids mean. */
import { ownStsPolicy, stsRecordOf } from '../../../setup/setup.ts';
import { fails, passes, skips } from '../judged.ts';
import { mendAtEnd } from '../mend-alias.ts';
import type { DomainFacts, Judged, Rule } from '../types.ts';
import { policyUrl, stsRecordName } from './facts.ts';
import { recordsThere, ttlSeconds } from './plan-policy.ts';

export const staleId: Rule<'STS-06'> = {
  id: 'STS-06',
  judge: (facts) => [judge(facts)],
};

const modes = ['enforce', 'testing', 'none'] as const;

function judge(facts: DomainFacts): Judged {
  const { sts, subject, show } = facts;
  const name = stsRecordName(subject.domain);
  const { announced, file } = sts;
  const hostname = subject.office?.hostname;
  if (hostname === undefined || announced.kind !== 'found' || !file?.ok)
    return skips({
      subject: name,
      meaning: 'Whether the id is that of the encryption policy can only be told of policies this office serves.',
    });
  const served = `${file.policy.lines.join('\r\n')}\r\n`;
  const madeFor = modes.find((mode) => stsRecordOf(ownStsPolicy(hostname, mode)) === `v=STSv1; id=${announced.id}`);
  const isOwn = modes.some((mode) => ownStsPolicy(hostname, mode) === served);
  const evidence = [show(name, 'TXT'), show(policyUrl(subject.domain), 'HTTPS')];
  if (madeFor === undefined && !isOwn)
    return skips({ subject: name, meaning: 'The encryption policy is not one that this office serves.' });
  if (stsRecordOf(served) === `v=STSv1; id=${announced.id}`)
    return passes({
      subject: name,
      evidence,
      meaning: 'The id in DNS is that of the encryption policy which is served.',
    });
  return fails({
    subject: name,
    evidence,
    meaning:
      'The encryption policy was changed and its id in DNS was not: senders go on with the policy they have kept.',
    fix: mendAtEnd(facts, name, {
      delete: recordsThere(facts),
      set: [{ name, type: 'TXT', value: stsRecordOf(served), ttl: ttlSeconds }],
    }),
  });
}
