/** Facts in, findings out: every rule is asked, in the order of the families. Pure. */
import type { Finding } from '../types.ts';
import { addressRules } from './address/rules.ts';
import { bimiRules } from './bimi/rules.ts';
import { checks } from './checks/checks.ts';
import { daneRules } from './dane/rules.ts';
import { dkimRules } from './dkim/rules.ts';
import { dmarcRules } from './dmarc/rules.ts';
import { dnsRules } from './dns/rules.ts';
import { listRules } from './lists/rules.ts';
import { stsRules } from './mta-sts/rules.ts';
import { mxRules } from './mx/rules.ts';
import { parkedRules } from './parked/rules.ts';
import { spfRules } from './spf/rules.ts';
import { tlsReportRules } from './tls-rpt/rules.ts';
import type { Check, DomainFacts, Rule } from './types.ts';

export const rules: readonly Rule[] = [
  ...dnsRules,
  ...mxRules,
  ...spfRules,
  ...dkimRules,
  ...dmarcRules,
  ...stsRules,
  ...tlsReportRules,
  ...daneRules,
  ...bimiRules,
  ...addressRules,
  ...listRules,
  ...parkedRules,
];

export function judgeDomain(facts: DomainFacts): readonly Finding[] {
  return rules.flatMap((rule) => findingsOf(rule, facts));
}

/** What one rule says of a domain. */
export function findingsOf({ id, judge }: Rule, facts: DomainFacts): readonly Finding[] {
  const check: Check = checks[id as keyof typeof checks];
  return judge(facts).map(({ status, subject, severity, meaning, evidence, fix }) => ({
    id,
    status,
    severity: severity ?? check.severity,
    subject,
    title: check.title,
    meaning,
    why: check.why,
    evidence,
    ...(fix !== undefined && { fix }),
  }));
}
