/** What the rules of this family share. */
import { printable } from '../../../../base/printable.ts';
import { fieldText } from '../../../../format/message/message-index.ts';
import type { Judged } from '../../doctor/types.ts';
import type { FindingEvidence } from '../../types.ts';
import type { MessageFacts, SignatureFacts } from '../types.ts';
import type { AlignmentCheckId } from './checks.ts';

/** A rule always says something: with nothing to look at, that it is skipped. */
export type AlignmentRule = { readonly id: AlignmentCheckId; readonly judge: (facts: MessageFacts) => Judged };

const shownMax = 200;

export const subjectOf = ({ domain }: MessageFacts): string => domain ?? 'From';

export function headerEvidence({ index }: MessageFacts, name: string): FindingEvidence {
  const text = fieldText(index, name);
  return { query: `header ${name}`, answer: text === undefined ? 'no such field' : printable(text, shownMax) };
}

export function signatureEvidence({ domain, selector, result }: SignatureFacts): FindingEvidence {
  return { query: 'DKIM-Signature', answer: `${result} d=${domain || '?'} s=${selector || '?'}` };
}

export function proofEvidence(facts: MessageFacts): readonly FindingEvidence[] {
  const { spf } = facts.evidence;
  return [
    headerEvidence(facts, 'From'),
    ...(spf === undefined ? [] : [{ query: 'SPF', answer: `${spf.result} ${spf.domain}`.trim() }]),
    ...facts.signatures.map(signatureEvidence),
  ];
}

export const passing = ({ signatures }: MessageFacts): readonly SignatureFacts[] =>
  signatures.filter(({ result }) => result === 'pass');

export const skip = (facts: MessageFacts, meaning: string): Judged => ({
  status: 'skip',
  subject: subjectOf(facts),
  meaning,
  evidence: [],
});
