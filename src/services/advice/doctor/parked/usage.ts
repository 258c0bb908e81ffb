/** Whether a domain is used for mail. Pure. */
import { isSpfRecord, parseSpfRecord } from '../../../../protocol/spf/record.ts';
import { recordsIn, whyUnanswered } from '../ask.ts';
import type { DomainFacts } from '../types.ts';

/**
 * used: somebody sends or receives. closed: it says itself that nobody does. silent: nothing shows either. absent: there is no such
 * domain.
 */
export type Usage =
  | { readonly usage: 'used' | 'closed' | 'silent' | 'absent' }
  | { readonly usage: 'unknown'; readonly why: string };

export function usageOf({ subject, dns }: DomainFacts): Usage {
  const { senders, selectors, addresses, office, reports } = subject;
  const hasMail = Object.values(reports?.bySender ?? {}).some(({ messages }) => messages > 0);
  const isOffice = office !== undefined && (office.receives || office.keys.length > 0);
  if (senders.length + selectors.length + addresses.length > 0 || isOffice || hasMail) return { usage: 'used' };
  const { mx, text, address, ns } = dns.own;
  const exchanges = recordsIn(mx).map(({ exchange }) => exchange);
  const spf = recordsIn(text).filter(isSpfRecord);
  if (exchanges.some((exchange) => exchange !== '') || spf.some(letsSend)) return { usage: 'used' };
  if (mx.kind === 'failed' || text.kind === 'failed') return { usage: 'unknown', why: whyUnanswered(mx, text) };
  if ([mx, text, address, ns].every((answer) => answer.kind === 'none' && answer.why === 'nxdomain'))
    return { usage: 'absent' };
  return { usage: exchanges.length > 0 || spf.some(letsNobodySend) ? 'closed' : 'silent' };
}

/** It says so, or nothing shows the contrary: then what it lacks is told as a domain without mail (PRK), and by nobody else. */
export function isUnused(facts: DomainFacts): boolean {
  const { usage } = usageOf(facts);
  return usage === 'closed' || usage === 'silent';
}

/** Any term that can give a better result than "not from here". */
function letsSend(text: string): boolean {
  const record = parseSpfRecord(text);
  if (!record.ok) return true; // somebody wrote it for a purpose
  const { directives, redirect, hasAll } = record.value;
  return (
    directives.some(({ qualifier, kind }) => qualifier === '+' || (qualifier === '?' && kind !== 'all')) ||
    (redirect !== undefined && !hasAll)
  );
}

function letsNobodySend(text: string): boolean {
  const record = parseSpfRecord(text);
  return record.ok && record.value.directives[0]?.kind === 'all' && record.value.directives[0].qualifier === '-';
}
