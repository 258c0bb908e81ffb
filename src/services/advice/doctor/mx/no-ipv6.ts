/** MX-07: whether mail can come over IPv6. Pure. */
import { whyUnanswered } from '../ask.ts';
import { fails, listed, passes, skips, staysUnknown } from '../judged.ts';
import type { DomainFacts, Judged } from '../types.ts';
import { withoutHosts } from './no-hosts.ts';

export function noIpv6(facts: DomainFacts): readonly Judged[] {
  const none = withoutHosts(facts);
  if (none !== undefined) return [none];
  const { mx, subject, show, dns } = facts;
  const { domain, catalogue } = subject;
  const { targets } = mx;
  const names = targets.map(({ exchange }) => exchange);
  const evidence = names.map((name) => show(name, 'AAAA'));
  const open = targets.find(({ address6 }) => address6.kind === 'found');
  if (open !== undefined) {
    const meaning = `Mail to ${domain} can come over IPv6, to ${open.exchange}.`;
    return [passes({ subject: domain, meaning, evidence })];
  }
  const unseen = targets.filter(({ address6, isBeyond }) => isBeyond || address6.kind === 'failed');
  if (unseen.length > 0) {
    const why = dns.isZoneText
      ? 'the zone file knows nothing of other domains'
      : whyUnanswered(...unseen.map(({ address6 }) => address6));
    const meaning = `Whether mail to ${domain} can come over IPv6 could not be seen: ${why}.`;
    return [staysUnknown({ subject: domain, meaning, evidence })];
  }
  if (targets.every(({ address }) => address.kind !== 'found'))
    return [skips({ subject: domain, meaning: `No mail host of ${domain} has an address at all.`, evidence })];
  const service = names.flatMap((name) => catalogue.recogniseName('mx', name)?.sender.name ?? [])[0];
  const steps =
    service === undefined
      ? [`Give ${names[0]} an AAAA record with its IPv6 address, and let the mail server listen there.`]
      : [`Ask ${service} how mail comes in over IPv6; nothing in your own zone is wrong.`];
  return [
    fails({
      subject: domain,
      meaning: `No mail host of ${domain} has an IPv6 address (${listed(names)}): senders that have nothing else cannot deliver.`,
      evidence,
      fix: { delete: [], set: [], steps },
    }),
  ];
}
