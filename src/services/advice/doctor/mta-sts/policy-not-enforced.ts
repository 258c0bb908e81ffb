/** STS-03: a policy that has asked for nothing, or only for reports, for too long. */
import type { Fix } from '../../types.ts';
import { fails, passes, skips, staysUnknown } from '../judged.ts';
import type { DomainFacts, Judged, Rule } from '../types.ts';
import { policyUrl, stsRecordName } from './facts.ts';
import { isFitToEnforce } from './host-problem.ts';
import { policyFix } from './plan-policy.ts';

export const policyNotEnforced: Rule<'STS-03'> = {
  id: 'STS-03',
  judge: (facts) => [judge(facts)],
};

const dayMs = 86_400_000;
/** Long enough for reports about every kind of sender. (Our choice; as the stages of DMARC.) */
const testingMaxMs = 30 * dayMs;

function judge(facts: DomainFacts): Judged {
  const { sts, subject, show } = facts;
  const url = policyUrl(subject.domain);
  const { announced, file } = sts;
  if (announced.kind !== 'found' || (file !== undefined && !file.ok) || sts.policyHost === 'absent')
    return skips({ subject: url, meaning: 'There is no encryption policy that could be in force.' });
  if (file === undefined)
    return staysUnknown({
      subject: url,
      meaning: 'Whether the encryption policy is in force is not known: its file was not fetched.',
    });
  const evidence = [show(url, 'HTTPS'), show(stsRecordName(subject.domain), 'TXT')];
  const { mode } = file.policy;
  if (mode === 'enforce')
    return passes({
      subject: url,
      evidence,
      meaning: 'The encryption policy is in force: mail comes over proven encryption or not at all.',
    });
  if (mode === 'none' && subject.office?.stsMode === 'none')
    return passes({
      subject: url,
      evidence,
      meaning: 'The encryption policy is being taken away ("mode: none"), as this office was told.',
    });
  if (mode === 'none')
    return fails({
      subject: url,
      evidence,
      meaning:
        'The encryption policy says "mode: none", which asks senders for nothing; it is only meant for taking a policy away.',
      fix: policyFix(facts, 'testing'),
    });
  return testing(facts, announced.id);
}

function testing(facts: DomainFacts, id: string): Judged {
  const { subject, show, nowMs } = facts;
  const url = policyUrl(subject.domain);
  const evidence = [show(url, 'HTTPS'), show(stsRecordName(subject.domain), 'TXT')];
  const seen = subject.office?.unchangedSinceMs[`TXT ${stsRecordName(subject.domain)}`];
  const sinceMs = seen ?? dateIn(id, nowMs);
  const state = 'The encryption policy is in test mode: senders report what goes wrong and deliver in any case';
  if (sinceMs === undefined)
    return staysUnknown({ subject: url, evidence, meaning: `${state}; for how long already is not known here.` });
  const days = Math.floor((nowMs - sinceMs) / dayMs);
  const by = seen === undefined ? ' by the date in its id' : '';
  if (nowMs - sinceMs <= testingMaxMs)
    return passes({ subject: url, evidence, meaning: `${state}, for ${days} days${by}.` });
  return fails({
    subject: url,
    evidence,
    meaning: `${state}, for ${days} days${by}: it protects nobody as long as it stays there.`,
    fix: enforcing(facts),
  });
}

/** In force is safe only once every host proves its name; until then there is something else to mend first. */
function enforcing(facts: DomainFacts): Fix {
  if (isFitToEnforce(facts.sts)) return policyFix(facts, 'enforce');
  const first =
    'first let every mail host be named by the policy and prove its name (STS-04): else mail to it is held back';
  return {
    delete: [],
    set: [],
    steps: [first, 'then set "mode: enforce" in the policy file and change the id of the record'],
  };
}

/** Most ids are the date of the last change: `20260101T000000Z`, `20260101000000`. One that is no date of the past tells nothing. */
function dateIn(id: string, nowMs: number): number | undefined {
  const [, year, month, day] =
    /^(20[0-9]{2})(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])(?:T?[0-9]{2,6}Z?)?$/.exec(id) ?? [];
  if (day === undefined) return undefined;
  const atMs = Date.UTC(Number(year), Number(month) - 1, Number(day));
  return atMs <= nowMs ? atMs : undefined;
}
