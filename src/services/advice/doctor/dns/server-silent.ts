/** DNS-03: servers that are named for the zone and do not answer for it. Pure. */
import { recordsIn, recordsOf } from '../ask.ts';
import { fails, listed, passes, staysUnknown } from '../judged.ts';
import type { DomainFacts, Judged } from '../types.ts';
import { serversHeard } from './servers-heard.ts';

export function serverSilent(facts: DomainFacts): readonly Judged[] {
  const { dns, subject, show } = facts;
  const { domain } = subject;
  const { answering, silent } = serversHeard(dns.servers);
  if (answering.length === 0) return [nothingHeard(facts, silent)];
  const evidence = [...silent, ...answering].map((server) => show(domain, 'MX', server));
  if (silent.length === 0) {
    const meaning =
      answering.length === 1
        ? `The name server of ${domain} answers (${listed(answering)}).`
        : `All ${answering.length} name servers of ${domain} answer.`;
    return [passes({ subject: domain, meaning, evidence })];
  }
  return silent.map((server) => {
    const isNamed = recordsIn(dns.own.ns).includes(server) && answering.length > 1;
    const gone = isNamed ? recordsOf(domain, 'NS', [server]) : [];
    return fails({
      subject: server,
      meaning: `The name server ${server} is named for ${domain} and does not answer for it: whoever comes to it waits or gets no answer.`,
      evidence: evidence.filter((one) => one.server === undefined || one.server === server).slice(0, 1),
      fix: {
        delete: gone,
        set: [],
        steps: [
          `Ask the DNS host to serve ${domain} on ${server}.`,
          `If it is not a server of this domain any more, remove ${server} at the registrar${isNamed ? ' and in the zone' : ''}.`,
        ],
      },
    });
  });
}

/** Not one of them: rather it is this machine that cannot reach them, unless nobody can; then DNS-01 says so. */
function nothingHeard({ dns, subject: { domain }, show }: DomainFacts, silent: readonly string[]): Judged {
  const problem = dns.servers?.mx.said.kind === 'failed' ? dns.servers.mx.said.say : undefined;
  const why = dns.isZoneText
    ? 'a zone file has no servers'
    : (problem ??
      (silent.length > 0 ? 'none of them could be reached from this machine' : 'only one resolver was asked'));
  return staysUnknown({
    subject: domain,
    meaning: `Whether every name server of ${domain} answers could not be seen: ${why}.`,
    evidence: [show(domain, 'NS')],
  });
}
