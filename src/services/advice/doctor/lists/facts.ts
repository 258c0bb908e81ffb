/** What block lists say of the domain and of the addresses that are its own: those given, those of its own mail hosts and servers. */
import { type DomainName, isEqualOrBelow } from '../../../../format/domain-name.ts';
import { type IpAddress, isPublicAddress, parseIpAddress } from '../../../../format/ip-address.ts';
import { publicSuffixesOnce } from '../../../../protocol/dmarc/public-suffix.ts';
import { askLists } from '../../../../protocol/dnsbl/ask-lists.ts';
import type { ListAnswer, ListSubject } from '../../../../protocol/dnsbl/types.ts';
import { mailHostsOf } from '../mail-hosts.ts';
import type { DoctorWorld, GatherSubject } from '../types.ts';

export type ListedSubject = {
  /** `192.0.2.1`, `example.com` */
  readonly text: string;
  readonly kind: ListSubject['kind'];
  readonly answers: readonly ListAnswer[];
};

export type ListFacts = {
  readonly subjects: readonly ListedSubject[];
  /** zone: a zone file knows nothing of block lists. many: whoever asks them for thousands of domains is shut out of them. */
  readonly notAsked?: 'zone' | 'many';
};

/** Addresses that are looked up. (Our choice: each costs some twenty questions.) */
const addressesMax = 8;

export async function gatherListFacts(world: DoctorWorld, subject: GatherSubject): Promise<ListFacts> {
  if (world.zoneText !== undefined) return { subjects: [], notAsked: 'zone' };
  if (subject.isOneOfMany) return { subjects: [], notAsked: 'many' };
  const [domains, addresses] = await Promise.all([
    domainsOf(subject.domain).then((names) =>
      Promise.all(names.map((name) => lookUp(world, name, domainSubject(name)))),
    ),
    addressesOf(world, subject).then((found) =>
      Promise.all(found.map((address) => lookUp(world, address.text, { kind: 'address', address }))),
    ),
  ]);
  return { subjects: [...domains, ...addresses] };
}

const domainSubject = (domain: DomainName): ListSubject => ({ kind: 'domain', domain });

async function lookUp(world: DoctorWorld, text: string, subject: ListSubject): Promise<ListedSubject> {
  const { resolver, isPublicResolver } = world;
  return { text, kind: subject.kind, answers: await askLists(resolver, subject, { isPublicResolver }) };
}

/** Lists of domains hold what was registered; the name itself is asked for too. */
async function domainsOf(domain: DomainName): Promise<readonly DomainName[]> {
  const { organizationalDomain } = await publicSuffixesOnce()();
  const registered = organizationalDomain(domain);
  return registered === undefined || registered === domain ? [domain] : [domain, registered];
}

async function addressesOf(world: DoctorWorld, subject: GatherSubject): Promise<readonly IpAddress[]> {
  const [ofHosts, ofServers] = await Promise.all([
    addressesOfOwnHosts(world, subject.domain),
    addressesOfServers(subject),
  ]);
  const texts = new Set([...subject.addresses, ...ofServers, ...ofHosts]);
  return [...texts]
    .flatMap((text) => parseIpAddress(text) ?? [])
    .filter(isPublicAddress)
    .slice(0, addressesMax);
}

/** Mail hosts of the domain's own name: a service's host is not what the domain sends from. */
async function addressesOfOwnHosts({ resolver }: DoctorWorld, domain: DomainName): Promise<readonly string[]> {
  const mx = await resolver.lookup(domain, 'MX');
  const own = mailHostsOf(domain, mx).filter((host) => mx.kind === 'found' && isEqualOrBelow(host, domain));
  const answers = await Promise.all(own.flatMap((host) => [resolver.lookup(host, 'A'), resolver.lookup(host, 'AAAA')]));
  return answers.flatMap((answer) => (answer.kind === 'found' ? answer.records : []));
}

/** What was declared as `own:ip4=...`; networks are not looked through. */
async function addressesOfServers({ senders }: GatherSubject): Promise<readonly string[]> {
  const own = (await senders).filter(({ wants }) => wants.sender.family === 'server');
  return own.flatMap(({ wants: { values } }) => [values.ip4 ?? [], values.ip6 ?? []].flat());
}
