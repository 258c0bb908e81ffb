/** The addresses that the domain's own mail leaves from, as far as anybody said so or DNS shows it, and the names they ought to have. */
import { type DomainName, isEqualOrBelow, parseDomainName } from '../../../../format/domain-name.ts';
import { type IpAddress, isPublicAddress, parseIpAddress } from '../../../../format/ip-address.ts';
import type { DnsAnswer, RecordData, Resolver } from '../../../../protocol/dns/types.ts';
import { mailHostsOf } from '../mail-hosts.ts';
import type { KnownSender, Subject } from '../types.ts';

export type SendingAddress = {
  readonly ip: IpAddress;
  /** Who says that mail leaves from there: a person, or only that it takes mail for the domain. */
  readonly isStated: boolean;
  /** `your own server`, `mx.example.com` */
  readonly who: string;
  /** The name that it ought to have. */
  readonly name: DomainName;
};

/** A name of the domain's own servers, with its addresses. */
export type OwnHost = {
  readonly name: DomainName;
  readonly four: DnsAnswer<string>;
  readonly six: DnsAnswer<string>;
};

/** More than a person looks at; a hostile zone has no say in it. (Our choice.) */
const addressesMax = 32;

export async function lookAtHost(resolver: Resolver, name: DomainName): Promise<OwnHost> {
  const [four, six] = await Promise.all([resolver.lookup(name, 'A'), resolver.lookup(name, 'AAAA')]);
  return { name, four, six };
}

/** Mail hosts of the domain's own: not those of a service that takes its mail. */
export function ownMailHosts({ domain, catalogue }: Subject, mx: DnsAnswer<RecordData['MX']>): readonly DomainName[] {
  if (mx.kind !== 'found') return [];
  const isOwn = (host: DomainName) => isEqualOrBelow(host, domain) && catalogue.recogniseName('mx', host) === undefined;
  return mailHostsOf(domain, mx).filter(isOwn);
}

/** Names that own servers call themselves: by what a person, a declaration or the office says. */
export function heloNames({ helo, office }: Subject, senders: readonly KnownSender[]): readonly DomainName[] {
  const declared = senders.flatMap(({ wants }) =>
    wants.records.filter(({ purpose }) => purpose === 'host').flatMap(({ name }) => parseDomainName(name) ?? []),
  );
  return [...new Set([...(helo ? [helo] : []), ...(office ? [office.hostname] : []), ...declared])];
}

export function addressesOf({ four, six }: OwnHost): readonly IpAddress[] {
  return [four, six]
    .flatMap((answer) => (answer.kind === 'found' ? answer.records : []))
    .flatMap((text) => parseIpAddress(text) ?? []);
}

type Known = { readonly mailHosts: readonly OwnHost[]; readonly office?: OwnHost };

/** Each once; what a person stated before what is only seen. Private ones are told of elsewhere. */
export function sendingAddresses(
  subject: Subject,
  senders: readonly KnownSender[],
  { mailHosts, office }: Known,
): readonly SendingAddress[] {
  const all: SendingAddress[] = [];
  for (const { wants } of senders)
    for (const record of wants.records.filter(({ purpose }) => purpose === 'host')) {
      const [ip, name] = [parseIpAddress(record.value), parseDomainName(record.name)];
      if (ip && name) all.push({ ip, name, isStated: true, who: wants.sender.name });
    }
  if (office)
    for (const ip of addressesOf(office)) all.push({ ip, name: office.name, isStated: true, who: office.name });
  const usual = subject.helo ?? mailHosts[0]?.name ?? parseDomainName(`mail.${subject.domain}`) ?? subject.domain;
  for (const text of subject.addresses) {
    const ip = parseIpAddress(text);
    if (ip) all.push({ ip, name: usual, isStated: true, who: 'the address that you gave' });
  }
  for (const host of mailHosts)
    for (const ip of addressesOf(host)) all.push({ ip, name: host.name, isStated: false, who: host.name });
  const first = new Map<string, SendingAddress>();
  for (const one of all) if (!first.has(one.ip.text) && isPublicAddress(one.ip)) first.set(one.ip.text, one);
  return [...first.values()].slice(0, addressesMax);
}
