/** BMI-03: a logo without a certificate, which some receivers do not show. */
import { fails, passes, skips } from '../judged.ts';
import type { DomainFacts, Judged } from '../types.ts';
import { bimiRule } from './bimi-rule.ts';
import type { BimiFacts } from './facts.ts';

export const noCertificate = bimiRule('BMI-03', judge);

function judge(facts: DomainFacts, record: Extract<BimiFacts['record'], { kind: 'found' | 'invalid' }>): Judged {
  const { name, evidence: certificate } = facts.bimi;
  const evidence = [facts.show(name, 'TXT')];
  if (record.kind === 'invalid')
    return skips({ subject: name, meaning: 'The record of the logo is not valid (BMI-02).' });
  if (record.evidence === undefined)
    return fails({
      subject: name,
      evidence,
      meaning:
        'No certificate is named for the logo (BIMI): Yahoo and Fastmail may show it, Gmail and Apple Mail do not.',
      fix: {
        delete: [],
        set: [],
        steps: ['buy a mark certificate (VMC or CMC) for the logo, and name its address in a='],
      },
    });
  const isCommon =
    certificate.kind === 'fetched' && certificate.read.kind === 'certificate' && certificate.read.mark === 'CMC';
  return passes({
    subject: name,
    evidence,
    meaning: isCommon
      ? 'A certificate for a mark in use (CMC) is named for the logo: Gmail shows the logo without the blue check.'
      : 'A certificate is named for the logo.',
  });
}
