/** MX-01: whether the domain says where its mail goes. Pure. */
import { recordsIn, whyUnanswered } from '../ask.ts';
import { fails, listed, passes, skips, staysUnknown } from '../judged.ts';
import { usageOf } from '../parked/usage.ts';
import type { DomainFacts, Judged } from '../types.ts';
import { isNull } from './no-hosts.ts';
import { plannedMx } from './plan-fix.ts';

export function noMailHost(facts: DomainFacts): readonly Judged[] {
  const { mx, subject, show } = facts;
  const { domain } = subject;
  const evidence = [show(domain, 'MX')];
  if (mx.mx.kind === 'found') {
    const hosts = recordsIn(mx.mx).filter((record) => !isNull(record));
    const meaning =
      hosts.length === 0
        ? `${domain} says plainly that it takes no mail (null MX), so senders are told at once.`
        : `Mail to ${domain} goes to ${listed(hosts.map(({ exchange }) => exchange))}.`;
    return [passes({ subject: domain, meaning, evidence })];
  }
  const addresses = [mx.address, mx.address6];
  const open = [mx.mx, ...addresses].filter(({ kind }) => kind === 'failed');
  const hasAddress = addresses.some(({ kind }) => kind === 'found');
  if (mx.mx.kind === 'failed' || (!hasAddress && open.length > 0)) {
    const meaning = `Where mail to ${domain} goes could not be found out: ${whyUnanswered(...open)}.`;
    return [staysUnknown({ subject: domain, meaning, evidence })];
  }
  const { usage } = usageOf(facts);
  if (usage === 'absent')
    return [skips({ subject: domain, meaning: `${domain} does not exist in the DNS.`, evidence })];
  if (usage === 'closed')
    return [
      skips({ subject: domain, meaning: `${domain} says that nobody sends from it, and takes no mail.`, evidence }),
    ];
  return [nowhere(facts, hasAddress, usage)];
}

function nowhere(facts: DomainFacts, hasAddress: boolean, usage: string): Judged {
  const { domain } = facts.subject;
  const { show } = facts;
  const planned = plannedMx(facts);
  const fix = planned ?? {
    delete: [],
    set: [],
    steps: [
      `Say who takes the mail, and the records follow: posthorn plan ${domain} --sender NAME`,
      `If nobody shall write to ${domain}, publish instead: ${domain} MX 0 .`,
    ],
  };
  return fails({
    subject: domain,
    // Of a web site that nobody sends from, nobody expects to be answered.
    ...(hasAddress && usage !== 'used' && { severity: 'advice' as const }),
    meaning: hasAddress
      ? `${domain} has no MX record, so mail to it is tried at its web server: replies and bounces are lost there.`
      : `No mail reaches ${domain}: it has neither an MX record nor an address.`,
    evidence: [show(domain, 'MX'), show(domain, 'A'), show(domain, 'AAAA')],
    fix,
  });
}
