/** The record that a domain ought to have, as the plan has it: for fixes. Pure. */
import { tlsReportText } from '../../../setup/setup.ts';
import type { Fix, FixRecord } from '../../types.ts';
import { mendAtEnd } from '../mend-alias.ts';
import type { DomainFacts } from '../types.ts';
import { reportRecordName } from './facts.ts';

/** As the plan has it. */
const ttlSeconds = 3600;

export function recordsThere({ subject, tlsReports }: DomainFacts): readonly FixRecord[] {
  const name = reportRecordName(subject.domain);
  const texts = tlsReports.texts.kind === 'found' ? tlsReports.texts.records : [];
  return texts.filter(looksLikeTlsReport).map((value): FixRecord => ({ name, type: 'TXT', value }));
}

function looksLikeTlsReport(text: string): boolean {
  return /^[\s"]*v?\s*=?\s*tlsrpt/i.test(text);
}

export function recordFix(facts: DomainFacts, value = tlsReportText(facts.subject.domain)): Fix {
  const name = reportRecordName(facts.subject.domain);
  const fix = { delete: recordsThere(facts), set: [{ name, type: 'TXT', value, ttl: ttlSeconds }] };
  return mendAtEnd(facts, name, fix);
}
