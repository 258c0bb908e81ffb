/**
 * From the answer to an MX query to the hosts that may be tried, in order. Pure; the reasons for leaving a host out travel along.
 * Address records are asked for later, host by host.
 */
import { unreachable } from '../../base/outcome.ts';
import { type Random, shuffle } from '../../base/random.ts';
import { type DomainName, parseDomainName } from '../../format/domain-name.ts';
import { type IpAddress, isPublicAddress } from '../../format/ip-address.ts';
import type { DnsAnswer, RecordData } from '../dns/types.ts';

type MxHost = { readonly host: DomainName; readonly preference: number };
export type LeftOut = { readonly host: string; readonly why: string };

/** The verdict that ends a delivery before any connection; `enhanced` as in RFC 3463. */
export type NoWay = {
  readonly kind: 'no-way';
  readonly final: boolean;
  readonly enhanced: string;
  readonly say: string;
};

export type MxChoice =
  | {
      readonly kind: 'hosts';
      /** `address`: the domain has no MX and stands for itself. */
      readonly source: 'mx' | 'address';
      readonly hosts: readonly MxHost[];
      readonly leftOut: readonly LeftOut[];
      /** The MX answer was proven by DNSSEC. */
      readonly secure: boolean;
    }
  | (NoWay & { readonly leftOut: readonly LeftOut[] });

export type MxContext = {
  /** The names this office answers to. */
  readonly ownNames: readonly string[];
  readonly random: Random;
  readonly hostsMax: number;
};

export function chooseMx(domain: DomainName, answer: DnsAnswer<RecordData['MX']>, context: MxContext): MxChoice {
  switch (answer.kind) {
    case 'failed': // never "no MX": mail would go to a host that is not meant
      return noWay({ enhanced: '4.4.3', say: `the MX of ${domain} could not be looked up (${answer.why})` });
    case 'none':
      if (answer.why === 'nxdomain') return noWay({ final: true, enhanced: '5.1.2', say: `${domain} does not exist` });
      // RFC 5321 §5.1: no MX at all means that the domain itself is the host.
      return among(
        domain,
        { source: 'address', records: [{ preference: 0, exchange: domain }], secure: answer.secure },
        context,
      );
    case 'found':
      return among(domain, { source: 'mx', records: answer.records, secure: answer.secure }, context);
    default:
      return unreachable(answer);
  }
}

type Found = {
  readonly source: 'mx' | 'address';
  readonly records: readonly RecordData['MX'][];
  readonly secure: boolean;
};

function among(domain: DomainName, found: Found, context: MxContext): MxChoice {
  const named = found.records.filter(({ exchange }) => exchange !== '');
  // RFC 7505 §3: a single "." says that the domain takes no mail; beside other records it means nothing.
  if (named.length === 0) return noWay({ final: true, enhanced: '5.1.10', say: `${domain} takes no mail (null MX)` });
  const leftOut: LeftOut[] = [];
  const valid = validHosts(named, leftOut);
  const closer = beforeOurselves(valid, context.ownNames, leftOut);
  if (valid.length > 0 && closer.length === 0)
    return {
      ...noWay({
        final: true,
        enhanced: '5.4.6',
        say: `the MX of ${domain} points to this office, which does not know the domain`,
      }),
      leftOut,
    };
  if (closer.length === 0)
    return { ...noWay({ enhanced: '4.4.4', say: `no MX of ${domain} is a host name` }), leftOut };
  const ordered = inOrder(closer, context.random);
  for (const { host } of ordered.slice(context.hostsMax))
    leftOut.push({ host, why: `more than ${context.hostsMax} hosts` });
  return {
    kind: 'hosts',
    source: found.source,
    hosts: ordered.slice(0, context.hostsMax),
    leftOut,
    secure: found.secure,
  };
}

function noWay(verdict: {
  readonly final?: boolean;
  readonly enhanced: string;
  readonly say: string;
}): NoWay & { leftOut: [] } {
  return { kind: 'no-way', final: verdict.final ?? false, enhanced: verdict.enhanced, say: verdict.say, leftOut: [] };
}

/** Each host once, at its lowest preference. RFC 5321 §5.1: an MX names a host, never an address. */
function validHosts(records: readonly RecordData['MX'][], leftOut: LeftOut[]): MxHost[] {
  const lowest = new Map<DomainName, number>();
  for (const { exchange, preference } of records) {
    const host = parseDomainName(exchange);
    if (!host) leftOut.push({ host: exchange, why: 'not a host name' });
    else lowest.set(host, Math.min(preference, lowest.get(host) ?? preference));
  }
  return [...lowest].map(([host, preference]) => ({ host, preference }));
}

/** RFC 5321 §5.1: where we are an MX ourselves, only hosts with a lower preference value are nearer to the mailbox. */
function beforeOurselves(hosts: readonly MxHost[], ownNames: readonly string[], leftOut: LeftOut[]): MxHost[] {
  const own = hosts.filter(({ host }) => ownNames.includes(host));
  if (own.length === 0) return [...hosts];
  const ours = Math.min(...own.map(({ preference }) => preference));
  for (const { host, preference } of hosts) {
    if (ownNames.includes(host)) leftOut.push({ host, why: 'this office itself' });
    else if (preference >= ours) leftOut.push({ host, why: 'not nearer to the destination than this office' });
  }
  return hosts.filter(({ preference }) => preference < ours);
}

/** RFC 5321 §5.1: by preference, equal ones at random, to spread the load. */
function inOrder(hosts: readonly MxHost[], random: Random): MxHost[] {
  return shuffle(random, hosts).sort((a, b) => a.preference - b.preference);
}

export type AddressChoice = {
  readonly addresses: readonly IpAddress[];
  readonly leftOut: readonly { readonly address: string; readonly why: string }[];
  /** Addresses are known, and every one of them leads back into this house. */
  readonly loops: boolean;
};

export type AddressRules = {
  readonly random: Random;
  /** The operator named this host, or allows such MX hosts in a test. */
  readonly allowPrivate: boolean;
  /** Families we have a source address for. */
  readonly families: readonly (4 | 6)[];
};

/**
 * Order of a host's addresses: families alternate, beginning with either, so that one broken family costs one try. Addresses
 * that cannot be a stranger's are left out: an MX on loopback is a loop, on a private network a way to probe our neighbours.
 */
export function chooseAddresses(found: readonly IpAddress[], rules: AddressRules): AddressChoice {
  const allowed = found.filter((ip) => rules.allowPrivate || isPublicAddress(ip));
  const usable = shuffle(
    rules.random,
    allowed.filter((ip) => rules.families.includes(ip.family)),
  );
  const six = usable.filter((ip) => ip.family === 6);
  const four = usable.filter((ip) => ip.family === 4);
  return {
    addresses: rules.random.float() < 0.5 ? alternate(six, four) : alternate(four, six),
    leftOut: found
      .filter((ip) => !usable.includes(ip))
      .map((ip) => ({
        address: ip.text,
        why: allowed.includes(ip) ? `no source address for IPv${ip.family}` : 'not a public address',
      })),
    loops: found.length > 0 && allowed.length === 0,
  };
}

function alternate<T>(a: readonly T[], b: readonly T[]): T[] {
  const longer = Math.max(a.length, b.length);
  return Array.from({ length: longer }, (_, i) => [...a.slice(i, i + 1), ...b.slice(i, i + 1)]).flat();
}
