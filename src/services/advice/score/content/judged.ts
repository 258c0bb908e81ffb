/** Small helpers for what a rule answers. */
import type { DomainName } from '../../../../format/domain-name.ts';
import { fieldBody, fieldsNamed, type MessageIndex, unfold } from '../../../../format/message/message-index.ts';
import type { FindingEvidence, FindingStatus, Fix } from '../../types.ts';
import type { Content, JudgedContent } from './types.ts';

type Said = { readonly subject: string; readonly meaning: string; readonly evidence?: readonly FindingEvidence[] };
type Failed = Said & Pick<JudgedContent, 'severity' | 'tenths'> & { readonly fix: Fix };

export function passed(said: Said): JudgedContent {
  return judged('pass', said);
}

export function skipped(said: Said): JudgedContent {
  return judged('skip', said);
}

export function unknown(said: Said): JudgedContent {
  return judged('unknown', said);
}

export function failed(said: Failed): JudgedContent {
  const { fix, severity, tenths } = said;
  return {
    ...judged('fail', said),
    fix,
    ...(severity !== undefined && { severity }),
    ...(tenths !== undefined && { tenths }),
  };
}

function judged(status: FindingStatus, { subject, meaning, evidence = [] }: Said): JudgedContent {
  return { status, subject, meaning, evidence };
}

export function steps(...texts: readonly string[]): Fix {
  return { delete: [], set: [], steps: texts };
}

/** One piece of evidence; long text of strangers is cut. */
export function seen(query: string, answer: string): FindingEvidence {
  return { query, answer: answer.length > answerMax ? `${answer.slice(0, answerMax)}…` : answer };
}
const answerMax = 200;

/** The first few, so that a message of a thousand faults gives a finding of a few lines. */
export function someOf<T>(all: readonly T[], show: (one: T) => FindingEvidence): readonly FindingEvidence[] {
  const shown = all.slice(0, someMax).map(show);
  const left = all.length - shown.length;
  return left > 0 ? [...shown, { query: 'and', answer: `${left} more` }] : shown;
}
const someMax = 5;

/** Bodies of all fields of this name as they stand, unfolded. */
export function fieldTexts(index: MessageIndex, name: string): readonly string[] {
  return fieldsNamed(index, name).map((field) => unfold(fieldBody(index, field)).trim());
}

/** `1 link`, `2 links` */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}

/** Whether two names belong to one organisation, as far as the list of public suffixes knows. */
export function isSameOrganization({ facts }: Content, a: string, b: string): boolean {
  if (a === b) return true;
  const one = facts.organizationOf(a as DomainName) ?? a;
  return one === (facts.organizationOf(b as DomainName) ?? b);
}
