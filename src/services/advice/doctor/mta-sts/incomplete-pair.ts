/** STS-01: a record without a policy, a policy without a record, a record that is none, or neither. */
import type { Fix } from '../../types.ts';
import { fails, passes, skips, staysUnknown } from '../judged.ts';
import { isUnused } from '../parked/usage.ts';
import type { DomainFacts, Judged, Rule } from '../types.ts';
import { policyHostName, policyUrl, stsRecordName } from './facts.ts';
import { policyFix } from './plan-policy.ts';

export const incompletePair: Rule<'STS-01'> = {
  id: 'STS-01',
  judge: (facts) => [judge(facts)],
};

function judge(facts: DomainFacts): Judged {
  const { sts, subject, show } = facts;
  const name = stsRecordName(subject.domain);
  const evidence = [show(name, 'TXT')];
  const { announced } = sts;
  if (announced.kind === 'failed')
    return staysUnknown({
      subject: name,
      evidence,
      meaning: `Whether ${subject.domain} announces an encryption policy could not be found out: the DNS gave no answer (${announced.why}).`,
    });
  if (announced.kind === 'invalid')
    return fails({
      subject: name,
      evidence,
      meaning: `The record that announces the encryption policy is not valid, so nobody looks at it: ${announced.why}.`,
      fix: policyFix(facts),
    });
  return announced.kind === 'found' ? announcedPolicy(facts) : notAnnounced(facts);
}

function announcedPolicy(facts: DomainFacts): Judged {
  const { sts, subject, show } = facts;
  const name = stsRecordName(subject.domain);
  const host = policyHostName(subject.domain);
  const evidence = [show(name, 'TXT'), show(host, 'A'), show(host, 'AAAA')];
  if (sts.policyHost === 'absent')
    return fails({
      subject: host,
      evidence,
      meaning: `An encryption policy is announced, but ${host}, where it has to be served, has no address: nobody can fetch it.`,
      fix: placeFix(facts, host),
    });
  if (sts.policyHost === 'unknown')
    return staysUnknown({ subject: host, evidence, meaning: `The address of ${host} could not be looked up.` });
  return passes({
    subject: name,
    evidence,
    meaning: 'The encryption policy is announced, and the name it is served at exists.',
  });
}

/** Somewhere to serve it: at the office, or at a web server that somebody has to find. */
function placeFix(facts: DomainFacts, host: string): Fix {
  const fix = policyFix(facts);
  if (fix.set.some(({ name }) => name === host)) return fix;
  return { delete: [], set: [], steps: [`give ${host} the address of a web server`, ...(fix.steps ?? [])] };
}

function notAnnounced(facts: DomainFacts): Judged {
  const { sts, subject, show } = facts;
  const name = stsRecordName(subject.domain);
  const evidence = [show(name, 'TXT')];
  if (sts.receives === 'no' || (!sts.file?.ok && isUnused(facts)))
    return skips({
      subject: name,
      meaning: `${subject.domain} ${sts.receives === 'no' ? 'receives' : 'seems to receive'} no mail, so there is nothing to protect on the way.`,
    });
  if (sts.receives === 'unknown')
    return staysUnknown({
      subject: name,
      evidence: [...evidence, show(subject.domain, 'MX')],
      meaning: `No encryption policy is announced; whether ${subject.domain} has mail hosts to protect could not be looked up.`,
    });
  if (sts.file?.ok) {
    const { delete: gone, set } = policyFix(facts);
    return fails({
      subject: name,
      evidence: [...evidence, show(policyUrl(subject.domain), 'HTTPS')],
      meaning: 'An encryption policy is served, but no record in DNS announces it, so nobody looks at it.',
      fix: { delete: gone, set },
    });
  }
  return fails({
    subject: name,
    severity: 'advice',
    evidence,
    meaning:
      'There is no encryption policy (MTA-STS): whoever sits between a sender and your mail host can have mail delivered unencrypted.',
    fix: policyFix(facts),
  });
}
