/** RPT-03: a place that reports are sent to and that cannot receive them. */
import { fails, orElse, passes, quoted, skips, staysUnknown } from '../judged.ts';
import type { DomainFacts, Judged, Rule } from '../types.ts';
import { type ReportPlace, reportRecordName } from './facts.ts';
import { recordFix } from './plan-record.ts';

export const deafPlace: Rule<'RPT-03'> = {
  id: 'RPT-03',
  judge: (facts) =>
    orElse(
      facts.tlsReports.places.map((place) => judgePlace(facts, place)),
      () => {
        const subject = reportRecordName(facts.subject.domain);
        return facts.tlsReports.record.kind === 'failed'
          ? staysUnknown({
              subject,
              evidence: [facts.show(subject, 'TXT')],
              meaning: 'The record that asks for reports about encryption could not be looked up.',
            })
          : skips({ subject, meaning: 'No place is named that reports about encryption would go to.' });
      },
    ),
};

function judgePlace(facts: DomainFacts, { uri, kind, domain, canReceive }: ReportPlace): Judged {
  const name = reportRecordName(facts.subject.domain);
  const subject = domain ?? name;
  const types = kind === 'mailto' ? ['MX', 'A', 'AAAA'] : ['A', 'AAAA'];
  const asked = domain === undefined ? [] : types.map((type) => facts.show(domain, type));
  const evidence = [facts.show(name, 'TXT'), ...asked.filter(({ answer }) => answer !== 'not asked')];
  if (canReceive === 'yes')
    return passes({ subject, evidence, meaning: `Reports about encryption to ${quoted(uri)} can arrive.` });
  if (canReceive === 'unknown')
    return staysUnknown({
      subject,
      evidence,
      meaning: `Whether ${quoted(uri)} can receive reports about encryption could not be found out.`,
    });
  const others = facts.tlsReports.places.filter((place) => place.canReceive !== 'no').map((place) => place.uri);
  return fails({
    subject,
    evidence,
    meaning:
      kind === 'mailto'
        ? `Reports about encryption to ${quoted(uri)} are lost: ${domain ?? 'what stands behind the @'} receives no mail.`
        : `Reports about encryption to ${quoted(uri)} are lost: that web address does not exist.`,
    fix: others.length > 0 ? recordFix(facts, `v=TLSRPTv1; rua=${others.join(',')}`) : recordFix(facts),
  });
}
