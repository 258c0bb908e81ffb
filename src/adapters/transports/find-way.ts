/** Asks DNS for the way to a destination: its MX hosts in order, then the addresses of each. The choosing is `protocol/smtp/client-mx.ts`. */
import type { Random } from '../../base/random.ts';
import { type DomainName, parseDomainName } from '../../format/domain-name.ts';
import { type IpAddress, parseIpAddress } from '../../format/ip-address.ts';
import type { DnsAnswer, Resolver } from '../../protocol/dns/types.ts';
import {
  type AddressChoice,
  type AddressRules,
  chooseAddresses,
  chooseMx,
  type LeftOut,
  type MxContext,
  type NoWay,
} from '../../protocol/smtp/client-mx.ts';
import type { FixedRoute, RouteFacts } from '../../services/outbound/transport.ts';

export type WayHost = { readonly host: string; readonly preference: number; readonly port: number };

export type Way =
  | {
      readonly kind: 'hosts';
      readonly source: RouteFacts['source'];
      readonly hosts: readonly WayHost[];
      readonly leftOut: readonly LeftOut[];
      /** Domains with the same hosts share connections and their measure. */
      readonly site: string;
      /** The MX answer was proven by DNSSEC. */
      readonly secure: boolean;
      /** The operator named the host: it may be on loopback or a private network. */
      readonly trusted: boolean;
    }
  | (NoWay & { readonly leftOut: readonly LeftOut[] });

export async function findMx(
  resolver: Resolver,
  domain: DomainName,
  context: MxContext & { readonly port: number; readonly signal: AbortSignal },
): Promise<Way> {
  const answer = await resolver.lookup(domain, 'MX', { signal: context.signal });
  const choice = chooseMx(domain, answer, context);
  if (choice.kind === 'no-way') return choice;
  const names = choice.hosts.map(({ host }) => host);
  return {
    ...choice,
    hosts: choice.hosts.map((host) => ({ ...host, port: context.port })),
    site: `${names.toSorted().join(' ')}:${context.port}`,
    trusted: false,
  };
}

export function fixedWay(route: FixedRoute, source: 'route' | 'relay'): Way {
  return {
    kind: 'hosts',
    source,
    hosts: [{ ...route, preference: 0 }],
    leftOut: [],
    site: `${route.host}:${route.port}`,
    secure: false,
    trusted: true,
  };
}

export type HostAddresses =
  | ({ readonly kind: 'found' } & AddressChoice)
  | { readonly kind: 'none' }
  | { readonly kind: 'failed'; readonly why: string };

export async function findAddresses(
  resolver: Resolver,
  host: string,
  rules: AddressRules & { readonly random: Random; readonly signal: AbortSignal },
): Promise<HostAddresses> {
  const literal = parseIpAddress(host);
  if (literal) return { kind: 'found', ...chooseAddresses([literal], rules) };
  const name = parseDomainName(host);
  if (!name) return { kind: 'none' };
  const { signal } = rules;
  const answers = await Promise.all([
    resolver.lookup(name, 'AAAA', { signal }),
    resolver.lookup(name, 'A', { signal }),
  ]);
  const addresses = answers.flatMap(addressesIn);
  if (addresses.length > 0) return { kind: 'found', ...chooseAddresses(addresses, rules) };
  const failed = answers.find((answer) => answer.kind === 'failed');
  return failed ? { kind: 'failed', why: failed.why } : { kind: 'none' };
}

function addressesIn(answer: DnsAnswer<string>): IpAddress[] {
  if (answer.kind !== 'found') return [];
  return answer.records.flatMap((text) => parseIpAddress(text) ?? []);
}
