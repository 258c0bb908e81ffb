/** The domain's SPF record as receivers take it, and the records at its own names that belong to it. Pure. */
import { isEqualOrBelow, parseQueryName, type QueryName } from '../../../../format/domain-name.ts';
import type { SpfTree } from '../../../../protocol/spf/include-tree.ts';
import { type ParsedSpf, parseSpfRecord, type SpfRecord } from '../../../../protocol/spf/record.ts';
import type { DomainFacts, Judged } from '../types.ts';

export type Unreadable = Extract<ParsedSpf, { readonly ok: false }>;

export type SpfAtDomain =
  | { readonly kind: 'unknown' | 'none' | 'several' }
  | { readonly kind: 'unreadable'; readonly text: string; readonly mistake: Unreadable }
  | { readonly kind: 'one'; readonly text: string; readonly record: SpfRecord };

export function spfAt({ spf: { txt, records } }: DomainFacts): SpfAtDomain {
  if (txt.kind === 'failed') return { kind: 'unknown' };
  const [text, second] = records;
  if (text === undefined) return { kind: 'none' };
  if (second !== undefined) return { kind: 'several' };
  const parsed = parseSpfRecord(text);
  return parsed.ok ? { kind: 'one', text, record: parsed.value } : { kind: 'unreadable', text, mistake: parsed };
}

/** What every finding about the record has. */
export function aboutRecord({ subject: { domain }, show }: DomainFacts): Pick<Judged, 'subject' | 'evidence'> {
  return { subject: domain, evidence: [show(domain, 'TXT')] };
}

export type OneRecord = Extract<SpfAtDomain, { readonly kind: 'one' }>;

/** For rules that ask something of the one record that reads; without one their question does not arise. */
export function judgeRecord(facts: DomainFacts, judge: (one: OneRecord) => readonly Judged[]): readonly Judged[] {
  const at = spfAt(facts);
  if (at.kind === 'one') return judge(at);
  const about = aboutRecord(facts);
  if (at.kind === 'unknown') return [{ ...about, status: 'unknown', meaning: sayNotTold(facts.subject.domain) }];
  return [{ ...about, status: 'skip', meaning: withoutRecord[at.kind] }];
}

export const sayNotTold = (domain: string) => `The DNS did not tell whether ${domain} has an SPF record.`;

const withoutRecord = {
  none: 'There is no SPF record to look at.',
  several: 'There are several SPF records, and receivers look at none of them.',
  unreadable: 'The SPF record cannot be read, so receivers do not get this far.',
} as const;

/** The domain's record and those at its own names that it leads to: what its owner can change. */
export type OwnRecord = { readonly at: QueryName; readonly text: string; readonly record: SpfRecord };

export function ownRecords({ subject: { domain }, spf: { tree } }: DomainFacts): readonly OwnRecord[] {
  const found = new Map<string, OwnRecord>();
  const visit = ({ domain: name, record: text, terms }: SpfTree) => {
    const at = parseQueryName(name);
    const parsed = text === undefined || found.has(name) ? undefined : parseSpfRecord(text);
    if (at && text !== undefined && parsed?.ok && isEqualOrBelow(at, domain))
      found.set(name, { at, text, record: parsed.value });
    for (const { below } of terms) if (below !== undefined) visit(below);
  };
  visit(tree);
  return [...found.values()];
}
