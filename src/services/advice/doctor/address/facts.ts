/** What the checks of addresses look at: what each sending address is called, whether that leads back, and what own names lead to. */
import { type DomainName, parseDomainName } from '../../../../format/domain-name.ts';
import { reverseName } from '../../../../format/ip-address.ts';
import type { DnsAnswer, Resolver } from '../../../../protocol/dns/types.ts';
import { evaluateIprev, type IprevResult } from '../../../../protocol/iprev/evaluate-iprev.ts';
import { insideResolver } from '../inside-resolver.ts';
import { mailHostsOf } from '../mail-hosts.ts';
import type { DoctorWorld, GatherSubject, KnownSender } from '../types.ts';
import {
  heloNames,
  lookAtHost,
  type OwnHost,
  ownMailHosts,
  type SendingAddress,
  sendingAddresses,
} from './sending-addresses.ts';

export type LookedAtAddress = SendingAddress & {
  readonly pointers: DnsAnswer<string>;
  /** Whether one of the names leads back. RFC 8601 §3 */
  readonly iprev: IprevResult;
};

type Port25 = { readonly host: DomainName; readonly answer: 'open' | 'blocked' | 'unknown' };

export type AddressFacts = {
  readonly addresses: readonly LookedAtAddress[];
  /** Names that own servers say in HELO. */
  readonly helos: readonly OwnHost[];
  /** Names that mail comes to or leaves from, the domain itself among them. */
  readonly hosts: readonly OwnHost[];
  /** Mail leaves from a server of the domain's own. */
  readonly sendsItself: boolean;
  /** Absent where nobody has to know, or it cannot be tried. */
  readonly port25?: Port25;
};

/** A host that many machines reach: whether this one may is what is asked, and the connection ends there. */
const farHost = parseDomainName('gmail-smtp-in.l.google.com');

export async function gatherAddressFacts(world: DoctorWorld, subject: GatherSubject): Promise<AddressFacts> {
  const { domain, office } = subject;
  const resolver = insideResolver(world, domain);
  const [senders, mx, apex, officeHost] = await Promise.all([
    subject.senders,
    resolver.lookup(domain, 'MX'),
    lookAtHost(resolver, domain),
    office && lookAtHost(resolver, office.hostname),
  ]);
  const names = [...new Set([...(mx.kind === 'found' ? mailHostsOf(domain, mx) : [])])].filter(
    (name) => name !== domain,
  );
  const [hosts, helos, port25] = await Promise.all([
    Promise.all(names.map((name) => lookAtHost(resolver, name))),
    Promise.all(heloNames(subject, senders).map((name) => lookAtHost(resolver, name))),
    sendsItself(subject, senders) ? tryPort25(world) : undefined,
  ]);
  const own = ownMailHosts(subject, mx);
  const mailHosts = [apex, ...hosts].filter(({ name }) => own.includes(name));
  const found = sendingAddresses(subject, senders, { mailHosts, ...(officeHost && { office: officeHost }) });
  return {
    addresses: await Promise.all(found.map((one) => lookAtAddress(resolver, one))),
    helos,
    hosts: [apex, ...hosts],
    sendsItself: sendsItself(subject, senders),
    ...(port25 && { port25 }),
  };
}

function sendsItself({ office, addresses }: GatherSubject, senders: readonly KnownSender[]): boolean {
  return office !== undefined || addresses.length > 0 || senders.some(({ wants }) => wants.sender.family === 'server');
}

async function lookAtAddress(resolver: Resolver, address: SendingAddress): Promise<LookedAtAddress> {
  const [pointers, iprev] = await Promise.all([
    resolver.lookup(reverseName(address.ip), 'PTR'),
    evaluateIprev(resolver, address.ip),
  ]);
  return { ...address, pointers, iprev };
}

async function tryPort25({ probes }: DoctorWorld): Promise<Port25 | undefined> {
  if (probes.port25 === undefined || farHost === undefined) return undefined;
  return { host: farHost, answer: await probes.port25(farHost) };
}
