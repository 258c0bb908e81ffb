/** RPT-02: a record that is none, several, or one that names places nobody can report to. */
import { fails, listed, passes, quoted, skips, staysUnknown } from '../judged.ts';
import type { DomainFacts, Judged, Rule } from '../types.ts';
import { reportRecordName } from './facts.ts';
import { recordFix, recordsThere } from './plan-record.ts';

export const brokenRecord: Rule<'RPT-02'> = {
  id: 'RPT-02',
  judge: (facts) => [judge(facts)],
};

function judge(facts: DomainFacts): Judged {
  const { tlsReports, subject, show } = facts;
  const name = reportRecordName(subject.domain);
  const evidence = [show(name, 'TXT')];
  const { record } = tlsReports;
  if (record.kind === 'failed')
    return staysUnknown({
      subject: name,
      evidence,
      meaning: `The record that asks for reports about encryption could not be looked up (${record.why}).`,
    });
  if (record.kind === 'invalid')
    return fails({
      subject: name,
      evidence,
      meaning: `The record that asks for reports about encryption is not valid, so nobody sends any: ${record.why}.`,
      fix: recordFix(facts),
    });
  if (record.kind === 'none') {
    if (recordsThere(facts).length === 0)
      return skips({ subject: name, meaning: 'There is no record that asks for reports about encryption.' });
    return fails({
      subject: name,
      evidence,
      meaning:
        'The record that asks for reports about encryption does not begin with "v=TLSRPTv1;" in exactly these letters, so nobody sends any.',
      fix: recordFix(facts),
    });
  }
  if (record.ignored.length === 0)
    return passes({ subject: name, evidence, meaning: 'The record that asks for reports about encryption is valid.' });
  return fails({
    subject: name,
    severity: 'advice',
    evidence,
    meaning: `Reports about encryption go to a mailbox (mailto:) or a web address (https:) only, and not to ${listed(record.ignored.map((one) => quoted(one)))}.`,
    fix: recordFix(facts, `v=TLSRPTv1; rua=${record.rua.join(',')}`),
  });
}
