/** DAN-04: TLSA records with usage 0 or 1, which mean nothing between mail servers. */
import { fails, listed, passes } from '../judged.ts';
import type { DomainFacts, Judged } from '../types.ts';
import type { DaneHost } from './facts.ts';
import { brokenSignature, hostRule, tlsaEvidence } from './host-rule.ts';
import { tlsaFix } from './plan-tlsa.ts';

export const wrongUsage = hostRule('DAN-04', judge);

function judge(facts: DomainFacts, host: DaneHost): Judged {
  const { tlsa } = host;
  const subject = host.host;
  if (tlsa.kind !== 'found') return brokenSignature(facts, host);
  const evidence = tlsaEvidence(facts, host);
  const wrong = tlsa.records.filter(({ usage }) => usage === 0 || usage === 1);
  if (wrong.length === 0)
    return passes({
      subject,
      evidence,
      meaning: `The DANE records of ${subject} are of the kinds that mail servers look at.`,
    });
  const kinds = listed([...new Set(wrong.map(({ usage }) => String(usage)))]);
  const others = wrong.length === tlsa.records.length ? ', and there is no other: its certificate proves nothing' : '';
  return fails({
    subject,
    evidence,
    meaning: `${subject} has DANE records of usage ${kinds}, which mail servers do not use${others}.`,
    fix: tlsaFix(facts, host, wrong),
  });
}
