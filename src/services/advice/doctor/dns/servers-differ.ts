/** DNS-02: servers that say different things about mail. Pure. */
import { isDmarcRecord } from '../../../../protocol/dmarc/record.ts';
import { isSpfRecord } from '../../../../protocol/spf/record.ts';
import { fails, listed, passes, staysUnknown } from '../judged.ts';
import type { DomainFacts, Judged } from '../types.ts';
import type { ServerFacts, ServerRound } from './gather/zone.ts';
import { serversHeard } from './servers-heard.ts';

const spoken = { mx: 'MX records', txt: 'the SPF record', dmarc: 'the DMARC record' } as const;

export function serversDiffer({ dns, subject: { domain }, show }: DomainFacts): readonly Judged[] {
  const { servers } = dns;
  const { answering, silent } = serversHeard(servers);
  if (servers === undefined || answering.length === 0) {
    const why = dns.isZoneText ? 'a zone file has no servers' : 'they could not be asked one by one';
    const meaning = `Whether all name servers of ${domain} say the same could not be seen: ${why}.`;
    return [staysUnknown({ subject: domain, meaning, evidence: [show(domain, 'NS')] })];
  }
  const differing = (Object.keys(spoken) as (keyof ServerFacts)[]).flatMap((key) => {
    const views = viewsOf(servers[key]);
    return views.length > 1 ? [{ key, views }] : [];
  });
  if (differing.length > 0)
    return differing.map(({ key, views }) => differ(domain, spoken[key], servers[key], views, show));
  const asked = servers.mx;
  const rest = silent.length > 0 ? ` (${listed(silent)} could not be compared)` : '';
  return [
    passes({
      subject: domain,
      meaning:
        answering.length === 1
          ? `The name server ${answering[0]} speaks for ${domain}; no other one was heard${rest}.`
          : `All ${answering.length} name servers say the same about mail for ${domain}${rest}.`,
      evidence: answering.map((server) => show(asked.name, asked.type, server)),
    }),
  ];
}

function differ(
  domain: string,
  what: string,
  { name, type }: ServerRound,
  views: readonly (readonly string[])[],
  show: DomainFacts['show'],
): Judged {
  return fails({
    subject: name,
    meaning: `Name servers of ${domain} answer differently for ${what} (${views.map((view) => listed(view)).join(' against ')}): what a receiver sees depends on which of them it asks.`,
    evidence: views.flat().map((server) => show(name, type, server)),
    fix: {
      delete: [],
      set: [],
      steps: [
        'If the zone was changed within the last hour, wait and look again: the servers may still be copying it.',
        'Otherwise compare the zone on these servers, and remove at the registrar those of a DNS host that was left.',
      ],
    },
  });
}

/** Servers that say the same, together; the silent ones say nothing. */
function viewsOf({ said, name, type }: ServerRound): readonly (readonly string[])[] {
  const views = new Map<string, string[]>();
  for (const { server, answer } of said.kind === 'asked' ? said.answers : []) {
    if (answer.kind === 'failed') continue;
    const records = answer.kind === 'found' ? answer.records : [];
    const isOfMail = name.startsWith('_dmarc.') ? isDmarcRecord : isSpfRecord;
    const told = type === 'TXT' ? (records as readonly string[]).filter(isOfMail) : records;
    const view = told
      .map((one) => JSON.stringify(one))
      .sort()
      .join();
    views.set(view, [...(views.get(view) ?? []), server]);
  }
  return [...views.values()];
}
