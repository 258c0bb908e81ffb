/**
 * What the doctor looks through on a command line: the system's name servers and, each for itself, the servers of the domain; or name
 * servers that a person named, which stand for the whole DNS. No database, no settings.
 */
import { hostname } from 'node:os';
import { createNodeNet } from '../adapters/net/node-net.ts';
import { createAuthorities } from '../adapters/resolver/authorities.ts';
import { createStubResolver, type ResolverServer } from '../adapters/resolver/stub-resolver.ts';
import { systemClock } from '../base/clock.ts';
import { Fault } from '../base/outcome.ts';
import type { Net } from '../base/port/net.ts';
import { systemRandom } from '../base/random.ts';
import type { DoctorEyes, DoctorWish } from '../entrances/cli/cli-host.ts';
import { parseDomainName } from '../format/domain-name.ts';
import { isDocumentationAddress, parseIpAddress } from '../format/ip-address.ts';
import { isPublicResolver } from '../protocol/dnsbl/public-resolvers.ts';

type EyesWish = Omit<DoctorWish, 'servers'> & {
  readonly servers: readonly ResolverServer[];
  /** The servers of the domain are asked, too. */
  readonly asksAuthorities: boolean;
};

/** What many domains share: their services, mail hosts and top-level domains. */
const sharedAnswers = { cacheEntriesMax: 3_000, cacheOctetsMax: 4 * 1024 * 1024 };
/** 200 questions at once ran over the receive buffer of a name server that was busy (Linux gives it 208 KB), and were asked again 2 s later. */
const manyDomains = { ...sharedAnswers, lookupsMax: 128, questionsPerSocket: 16 };
/** A name server at home drops some of a burst: of 150 questions at once up to four were answered seconds later, when they were asked again. */
const oneDomain = { lookupsMax: 64 };

export async function openDoctorEyes({
  servers,
  asksAuthorities,
  probes,
  registration,
  isForMany,
  signal,
}: EyesWish): Promise<DoctorEyes> {
  const deps = { net: createNodeNet(), timers: systemClock, random: systemRandom };
  const resolver = createStubResolver({ ...deps, servers, limits: isForMany ? manyDomains : oneDomain });
  return {
    resolver,
    resolverName: servers.map(({ address, port }) => (port === dnsPort ? address : `${address}:${port}`)).join(', '),
    isPublicResolver: servers.some(({ address }) => isPublicResolver(address)),
    ...(asksAuthorities && { authorities: createAuthorities({ ...deps, resolver }) }),
    probes: {
      ...(probes && (await openProbes({ ...deps, resolver }, signal))),
      ...(registration && (await import('./doctor-probes.ts')).createRegistrationProbe({ ...deps, resolver })),
    },
  };
}

const dnsPort = 53;

async function openProbes(
  deps: Omit<Parameters<typeof import('./doctor-probes.ts').createProbes>[0], 'trust'>,
  signal: AbortSignal,
) {
  const { createProbes } = await import('./doctor-probes.ts');
  const ehloName = parseDomainName(hostname()) ?? 'localhost';
  const net = { ...deps.net, dial: dialInVain(deps.net) };
  // A person at the keyboard asks for it: mail hosts in their own network may be looked at.
  return createProbes(
    { ...deps, net, trust: [] },
    {
      ehloName,
      allowPrivate: true,
      isInVain: isDocumentationAddress,
      signal,
    },
  );
}

/** A zone in an example, or one copied from it: nobody waits for hosts that cannot be. */
function dialInVain(net: Net): Net['dial'] {
  return async (to, options) => {
    const ip = parseIpAddress(to.address);
    if (ip !== undefined && isDocumentationAddress(ip))
      throw new Fault('ENETUNREACH', `${to.address} is an address for examples`);
    return net.dial(to, options);
  };
}
