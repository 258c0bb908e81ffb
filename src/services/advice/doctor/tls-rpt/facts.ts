/** Whether senders are asked for reports about encryption, and whether the places they are sent to can take them. RFC 8460 §3 */
import { type DomainName, parseDomainName, parseQueryName } from '../../../../format/domain-name.ts';
import type { DnsAnswer } from '../../../../protocol/dns/types.ts';
import { parseTlsRptRecord, type TlsRptRecord } from '../../../../protocol/tls-rpt/record.ts';
import { isBeyondZone } from '../beyond-zone.ts';
import { lookAtMailHosts, type Receiving } from '../mail-hosts.ts';
import type { DoctorWorld, GatherSubject } from '../types.ts';

export type ReportPlace = {
  /** As published: `mailto:tls@example.com`. */
  readonly uri: string;
  readonly kind: 'mailto' | 'https';
  /** Undefined: what stands there is no domain. */
  readonly domain: DomainName | undefined;
  readonly canReceive: 'yes' | 'no' | 'unknown';
};

export type TlsReportFacts = {
  readonly texts: DnsAnswer<string>;
  readonly record: TlsRptRecord | { readonly kind: 'failed'; readonly why: string };
  readonly places: readonly ReportPlace[];
  readonly receives: Receiving['receives'];
};

export const reportRecordName = (domain: string) => `_smtp._tls.${domain}`;

export async function gatherTlsReportFacts(world: DoctorWorld, { domain }: GatherSubject): Promise<TlsReportFacts> {
  const [{ receives }, texts] = await Promise.all([lookAtMailHosts(world, domain), textsAt(world, domain)]);
  const record = texts.kind === 'failed' ? texts : parseTlsRptRecord(texts.kind === 'found' ? texts.records : []);
  const places = record.kind === 'found' ? record.rua.map((uri) => lookAtPlace(world, domain, uri)) : [];
  return { texts, record, places: await Promise.all(places), receives };
}

async function textsAt({ resolver }: DoctorWorld, domain: DomainName): Promise<DnsAnswer<string>> {
  const name = parseQueryName(reportRecordName(domain));
  return name === undefined ? tooLong : resolver.lookup(name, 'TXT');
}

const tooLong = { kind: 'none', why: 'nxdomain', ttlSeconds: 0, secure: false } as const;

async function lookAtPlace(world: DoctorWorld, own: DomainName, uri: string): Promise<ReportPlace> {
  const isMail = /^mailto:/i.test(uri);
  const kind = isMail ? 'mailto' : 'https';
  const domain = isMail ? domainOfMail(uri) : domainOfUrl(uri);
  if (domain === undefined) return { uri, kind, domain, canReceive: 'no' };
  const canReceive = isMail ? await takesMail(world, domain) : await hasAddress(world, domain);
  const isOthers = canReceive === 'no' && (await isUnknownHere(world, own, domain));
  return { uri, kind, domain, canReceive: isOthers ? 'unknown' : canReceive };
}

async function isUnknownHere(world: DoctorWorld, own: DomainName, domain: DomainName): Promise<boolean> {
  return isBeyondZone(world, own, domain, await world.resolver.lookup(domain, 'A'));
}

function domainOfMail(uri: string): DomainName | undefined {
  const address = uri.slice('mailto:'.length).split('?', 1)[0] ?? '';
  return parseDomainName(address.slice(address.lastIndexOf('@') + 1));
}

function domainOfUrl(uri: string): DomainName | undefined {
  return URL.canParse(uri) ? parseDomainName(new URL(uri).hostname) : undefined;
}

async function takesMail(world: DoctorWorld, domain: DomainName): Promise<ReportPlace['canReceive']> {
  const mx = await world.resolver.lookup(domain, 'MX');
  if (mx.kind === 'failed') return 'unknown';
  if (mx.kind === 'found') return mx.records.some(({ exchange }) => exchange !== '') ? 'yes' : 'no'; // RFC 7505 §3
  return mx.why === 'nxdomain' ? 'no' : hasAddress(world, domain);
}

async function hasAddress({ resolver }: DoctorWorld, domain: DomainName): Promise<ReportPlace['canReceive']> {
  const answers = await Promise.all([resolver.lookup(domain, 'A'), resolver.lookup(domain, 'AAAA')]);
  if (answers.some(({ kind }) => kind === 'found')) return 'yes';
  return answers.some(({ kind }) => kind === 'failed') ? 'unknown' : 'no';
}
