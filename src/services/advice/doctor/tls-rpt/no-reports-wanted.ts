/** RPT-01: nobody is asked to tell where encryption failed. */
import { fails, passes, skips, staysUnknown } from '../judged.ts';
import { isUnused } from '../parked/usage.ts';
import type { DomainFacts, Judged, Rule } from '../types.ts';
import { reportRecordName } from './facts.ts';
import { recordFix, recordsThere } from './plan-record.ts';

export const noReportsWanted: Rule<'RPT-01'> = {
  id: 'RPT-01',
  judge: (facts) => [judge(facts)],
};

function judge(facts: DomainFacts): Judged {
  const { tlsReports, subject, sts, show } = facts;
  const name = reportRecordName(subject.domain);
  const evidence = [show(name, 'TXT')];
  const { record } = tlsReports;
  if (record.kind === 'failed')
    return staysUnknown({
      subject: name,
      evidence,
      meaning: `Whether reports about encryption are asked for could not be found out: the DNS gave no answer (${record.why}).`,
    });
  if (record.kind === 'found' || record.kind === 'invalid' || recordsThere(facts).length > 0)
    return passes({ subject: name, evidence, meaning: 'A record asks senders for reports about encryption.' });
  const isPolicyThere = sts.announced.kind === 'found';
  if (tlsReports.receives === 'no' || (!isPolicyThere && isUnused(facts)))
    return skips({
      subject: name,
      meaning: `${subject.domain} ${tlsReports.receives === 'no' ? 'receives' : 'seems to receive'} no mail, so there is nothing to report on.`,
    });
  return fails({
    subject: name,
    ...(isPolicyThere && { severity: 'warn' }),
    evidence,
    meaning: isPolicyThere
      ? 'An encryption policy is published and no reports are asked for: if it keeps mail out, nobody will tell you.'
      : 'Nobody is asked to tell where encryption to your mail hosts failed; senders would, once a day, for free.',
    fix: recordFix(facts),
  });
}
