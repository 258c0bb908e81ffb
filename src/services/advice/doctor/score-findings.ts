/**
 * Findings and score brought together: what each failure would give back once it is mended, and a finding for what costs points and
 * shows in no record (whose signature it is, whose return path). Pure.
 */
import { type AlignmentCheckId, alignmentChecks } from '../score/align/checks.ts';
import type { Deduction } from '../score/types.ts';
import type { Prediction, SenderScore } from './predict-score.ts';
import type { DomainFacts, Finding } from './types.ts';

export function scoreFindings(
  findings: readonly Finding[],
  prediction: Prediction,
  { subject, show }: Pick<DomainFacts, 'subject' | 'show'>,
): readonly Finding[] {
  const pointed = findings.map((finding) => {
    const points = finding.status === 'fail' ? pointsOf(finding, prediction) : undefined;
    return points === undefined ? finding : { ...finding, points };
  });
  return [...pointed, ...prediction.senders.flatMap((sender) => alignmentFindings(sender, subject.domain, show))];
}

/** Of the worst sender that it costs anything: its score is the domain's. */
function pointsOf({ id }: Finding, { senders }: Prediction): number | undefined {
  for (const { score } of senders) {
    const deduction = score.deductions.find(({ check }) => check === id);
    if (deduction) return deduction.gainTenths / 10;
  }
  return undefined;
}

/** With what each gives back of that sender's own score. */
function alignmentFindings(sender: SenderScore, domain: string, show: DomainFacts['show']): readonly Finding[] {
  const { label, score } = sender;
  return score.deductions.flatMap((deduction) => {
    if (!isAlignment(deduction.check)) return [];
    const { title, severity, why } = alignmentChecks[deduction.check];
    return [
      {
        id: deduction.check,
        status: 'fail',
        severity,
        subject: label === undefined ? domain : `${domain}, sent by ${label}`,
        title,
        meaning: meaningOf(deduction, sender, domain),
        why,
        evidence: [show(domain, 'TXT')],
        fix: deduction.fix,
        points: deduction.gainTenths / 10,
      } as const,
    ];
  });
}

function isAlignment(check: string): check is AlignmentCheckId {
  return Object.hasOwn(alignmentChecks, check);
}

function meaningOf({ say }: Deduction, { label, name }: SenderScore, domain: string): string {
  if (label === undefined) return say;
  const isSentence = /^[A-Z][a-z]/.test(say);
  return `Mail that ${name} sends for ${domain}: ${isSentence ? say.charAt(0).toLowerCase() + say.slice(1) : say}`;
}
