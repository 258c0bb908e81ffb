/**
 * Whoever wants reports about our domain sent to another one needs that one's word: a TXT record there. Who keeps the other zone has
 * to set it. Pure. RFC 9990 ("Verifying External Destinations")
 */
import { type DomainName, isEqualOrBelow, parseDomainName } from '../../../format/domain-name.ts';
import { isDmarcRecord } from '../../../protocol/dmarc/record.ts';
import { parseReportUri } from '../../../protocol/dmarc/report-uri.ts';
import { walkAnswers } from '../../../protocol/dmarc/tree-walk.ts';
import type { PlanNote, PlannedRecord } from '../types.ts';
import { dnsAnswer, type Facts } from './facts.ts';
import { type Context, type Part, self, ttlSeconds } from './part.ts';

export function planReportPermits(context: Context, rua: readonly string[]): Part {
  const records: PlannedRecord[] = [];
  const notes: PlanNote[] = [];
  for (const host of hostsOf(rua)) {
    const ours = isOurs(context, host);
    if (ours) continue;
    const name = `${context.domain}._report._dmarc.${host}`;
    const answer = context.facts.answer(name, 'TXT');
    const isGiven = answer.kind === 'found' && answer.values.some(isDmarcRecord);
    const state = isGiven ? 'present' : answer.kind === 'failed' || ours === undefined ? 'unknown' : 'missing';
    const why = `lets reports about ${context.domain} go to addresses at ${host}; it stands in the zone of ${host}`;
    records.push({
      name,
      type: 'TXT',
      value: 'v=DMARC1',
      ttl: ttlSeconds,
      state,
      needed: 'required',
      why,
      sender: self,
    });
    if (state === 'missing')
      notes.push({
        code: 'report-permit',
        name,
        say: `Receivers send no reports to ${host} before it says so in its own DNS: ask whoever keeps that zone.`,
      });
  }
  return { records, notes };
}

function hostsOf(rua: readonly string[]): readonly DomainName[] {
  const hosts = rua.flatMap((uri) => {
    const host = parseReportUri(uri)?.mailbox?.domain;
    return (host === undefined ? undefined : parseDomainName(host)) ?? [];
  });
  return [...new Set(hosts)];
}

/** Undefined where a failure of the DNS leaves it open. */
function isOurs({ domain, facts }: Context, host: DomainName): boolean | undefined {
  if (isEqualOrBelow(host, domain)) return true;
  const [ours, theirs] = [organization(facts, domain), organization(facts, host)];
  return ours === undefined || theirs === undefined ? undefined : ours === theirs;
}

function organization(facts: Facts, domain: DomainName): DomainName | undefined {
  return walkAnswers(domain, (above) => dnsAnswer(facts, `_dmarc.${above}`, 'TXT')).organizationalDomain;
}
