/** Why a rule has no MX record to look at. Pure. */
import { recordsIn, whyUnanswered } from '../ask.ts';
import { skips, staysUnknown } from '../judged.ts';
import type { DomainFacts, Judged } from '../types.ts';

/** RFC 7505 §3: the root as the exchange. */
export const isNull = ({ exchange }: { readonly exchange: string }) => exchange === '';

export const mxText = ({ preference, exchange }: { readonly preference: number; readonly exchange: string }) =>
  `${preference} ${exchange || '.'}`;

/** Undefined where there are MX records of hosts. */
export function withoutHosts({ mx, subject: { domain }, show }: DomainFacts): Judged | undefined {
  const evidence = [show(domain, 'MX')];
  if (mx.mx.kind === 'failed') {
    const meaning = `Where mail to ${domain} goes could not be found out: ${whyUnanswered(mx.mx)}.`;
    return staysUnknown({ subject: domain, meaning, evidence });
  }
  if (mx.mx.kind === 'none')
    return skips({ subject: domain, meaning: `${domain} has no MX records to look at.`, evidence });
  if (recordsIn(mx.mx).every(isNull))
    return skips({ subject: domain, meaning: `${domain} takes no mail by its own word (null MX).`, evidence });
  return undefined;
}
