/** Where aggregate reports are to go: whether mail arrives there, and whether that host takes reports about us. RFC 9990 */
import { type DomainName, parseDomainName, parseQueryName } from '../../../../format/domain-name.ts';
import { type ReportDestination, verifyReportDestination } from '../../../../protocol/dmarc/report-destination.ts';
import type { ReportUri } from '../../../../protocol/dmarc/report-uri.ts';
import type { DnsAnswer } from '../../../../protocol/dns/types.ts';
import { isBeyondZone } from '../beyond-zone.ts';
import { mailHostsOf, mailHostWish } from '../mail-hosts.ts';
import type { DoctorWorld, GatherSubject } from '../types.ts';

export type Destination = {
  readonly uri: string;
  /** Undefined: no address that mail can be sent to. */
  readonly host?: DomainName;
  readonly receives: 'yes' | 'no' | 'unknown';
  /** What the mail host says to a recipient of this address, where it refuses it. */
  readonly refusal?: string;
  readonly permit?: ReportDestination;
  /** Where the other side's word stands. */
  readonly permitName?: string;
  /** Something stands there already. */
  readonly hasPermitText: boolean;
};

export function gatherDestinations(
  world: DoctorWorld,
  subject: GatherSubject,
  uris: readonly ReportUri[],
): Promise<readonly Destination[]> {
  return Promise.all(uris.map((uri) => lookAt(world, subject, uri)));
}

async function lookAt(
  world: DoctorWorld,
  { domain }: GatherSubject,
  { uri, mailbox }: ReportUri,
): Promise<Destination> {
  const host = mailbox && parseDomainName(mailbox.domain);
  if (mailbox === undefined || host === undefined) return { uri, receives: 'no', hasPermitText: false };
  const permitName = parseQueryName(`${domain}._report._dmarc.${host}`);
  const [receives, permit, refusal] = await Promise.all([
    receivesMail(world, domain, host),
    verifyReportDestination(world.resolver, { policyDomain: domain, address: { uri, mailbox } }),
    host === domain ? refusalAt(world, domain, mailbox.local.toLowerCase()) : undefined,
  ]);
  const there = permit.kind === 'refused' && permitName ? await world.resolver.lookup(permitName, 'TXT') : undefined;
  const isBeyond = there !== undefined && (await isBeyondZone(world, domain, host, there));
  return {
    uri,
    host,
    receives,
    ...(refusal !== undefined && { refusal }),
    permit: isBeyond ? { kind: 'unknown', why: `the zone says nothing of ${host}` } : permit,
    ...(permitName && { permitName }),
    hasPermitText: there?.kind === 'found',
  };
}

/** RFC 5321 §5.1; RFC 7505: a null MX takes nothing. */
async function receivesMail(
  world: DoctorWorld,
  domain: DomainName,
  host: DomainName,
): Promise<Destination['receives']> {
  const mx = await world.resolver.lookup(host, 'MX');
  if (mx.kind === 'failed') return 'unknown';
  if (mx.kind === 'found') return mx.records.some(({ exchange }) => exchange !== '') ? 'yes' : 'no';
  if (await isBeyondZone(world, domain, host, mx)) return 'unknown';
  const addresses: readonly DnsAnswer<string>[] = await Promise.all([
    world.resolver.lookup(host, 'A'),
    world.resolver.lookup(host, 'AAAA'),
  ]);
  if (addresses.some(({ kind }) => kind === 'found')) return 'yes';
  return addresses.some(({ kind }) => kind === 'failed') ? 'unknown' : 'no';
}

/** Asked together with everything else that is asked of the domain's mail hosts, so only of the mailboxes asked for there. */
async function refusalAt(world: DoctorWorld, domain: DomainName, local: string): Promise<string | undefined> {
  const { mailHost } = world.probes;
  const [host] = mailHostsOf(domain, await world.resolver.lookup(domain, 'MX'));
  if (mailHost === undefined || host === undefined || !['postmaster', 'abuse'].includes(local)) return undefined;
  const probe = await mailHost(mailHostWish(domain, host));
  const reply = probe.kind === 'seen' ? probe.accepts[local] : undefined;
  return reply?.startsWith('5') ? reply : undefined; // RFC 5321 §4.2.1: 5yz is final
}
