/** MX-05: a proof of ownership that nobody took away. Pure. */
import { recordsIn, recordsOf } from '../ask.ts';
import { fails, passes } from '../judged.ts';
import type { DomainFacts, Judged } from '../types.ts';
import { mxText, withoutHosts } from './no-hosts.ts';

/** What Microsoft's wizard wants for a proof of ownership. */
export const isLeftover = (exchange: string) => exchange.endsWith('.msv1.invalid');

export function proofLeftOver(facts: DomainFacts): readonly Judged[] {
  const none = withoutHosts(facts);
  if (none !== undefined) return [none];
  const { mx, subject, show } = facts;
  const { domain } = subject;
  const left = [
    ...new Set(
      recordsIn(mx.mx)
        .filter(({ exchange }) => isLeftover(exchange))
        .map(mxText),
    ),
  ];
  const evidence = [show(domain, 'MX')];
  if (left.length === 0) {
    const meaning = `No proof of ownership is left among the MX records of ${domain}.`;
    return [passes({ subject: domain, meaning, evidence })];
  }
  return [
    fails({
      subject: domain,
      meaning: `MX ${left.join(', ')} once proved to Microsoft that ${domain} is yours; now it only sends mail to a name that cannot exist.`,
      evidence,
      fix: { delete: recordsOf(domain, 'MX', left), set: [] },
    }),
  ];
}
