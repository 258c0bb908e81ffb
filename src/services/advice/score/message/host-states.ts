/**
 * The host that sent a message, as the states that the table judges. In: the session, the name that was found for its address, what the
 * header notes of the same connection. Asks DNS only whether the HELO name leads anywhere.
 */
import { parseDomainName } from '../../../../format/domain-name.ts';
import { isPublicAddress, parseIpAddress } from '../../../../format/ip-address.ts';
import type { LookupOptions, Resolver } from '../../../../protocol/dns/types.ts';
import type { IprevResult } from '../../../../protocol/iprev/evaluate-iprev.ts';
import { hopFromOutside } from '../../explain-hops.ts';
import type { ExplainedHop } from '../../types.ts';
import type { HostFacts, Known, ScoreNames, ScoreSession } from '../types.ts';
import { looksGeneric } from './looks-generic.ts';

export type HostStates = {
  readonly host: HostFacts;
  readonly names: Pick<ScoreNames, 'address' | 'helo' | 'reverseName'>;
};

/** Of a connection that is known. */
export function hostStates(
  session: ScoreSession & { readonly remoteAddress: string },
  found: {
    readonly iprev: IprevResult | undefined;
    readonly helo: HostFacts['helo'];
    readonly hops: readonly ExplainedHop[];
  },
): HostStates {
  const { remoteAddress, helo } = session;
  const address = parseIpAddress(remoteAddress)?.text ?? remoteAddress;
  const hop = found.hops.findLast((one) => one.address === address);
  return {
    host: {
      reverseName: reverseState(address, found.iprev),
      helo: found.helo,
      encrypted: session.tls === undefined ? encryptionNoted(hop) : session.tls.toLowerCase() === 'none' ? 'no' : 'yes',
    },
    names: {
      address,
      ...(helo !== undefined && helo !== '' && { helo }),
      ...(found.iprev?.name !== undefined && { reverseName: found.iprev.name }),
    },
  };
}

/** Of a connection that the header alone tells of: what it does not say is not known. */
export function hostStatesNoted(hops: readonly ExplainedHop[], session: ScoreSession): HostStates {
  const hop = hopFromOutside(hops.toReversed());
  const { reverseName, address, from } = hop ?? {};
  const isNamed = reverseName !== undefined && address !== undefined;
  return {
    host: {
      reverseName: isNamed ? (looksGeneric(reverseName, address) ? 'generic' : 'confirmed') : 'unknown',
      helo: 'unknown',
      encrypted:
        session.tls === undefined
          ? hop?.tls === undefined
            ? 'unknown'
            : 'yes'
          : session.tls === 'none'
            ? 'no'
            : 'yes',
    },
    names: {
      ...(address !== undefined && { address }),
      ...(reverseName !== undefined && { reverseName }),
      ...(from !== undefined && { helo: from }),
    },
  };
}

export function reverseState(address: string, iprev: IprevResult | undefined): HostFacts['reverseName'] {
  if (iprev === undefined || iprev.result === 'temperror') return 'unknown';
  if (iprev.result === 'pass') return looksGeneric(iprev.name ?? '', address) ? 'generic' : 'confirmed';
  const ip = parseIpAddress(address);
  if (ip === undefined || !isPublicAddress(ip)) return 'unknown'; // nobody outside can ask for that name
  return iprev.result === 'fail' ? 'unconfirmed' : 'missing'; // RFC 8601 §3: permerror is no PTR data
}

/** RFC 3848: ESMTP without S is without TLS. Others who write it differently leave it open. */
function encryptionNoted(hop: ExplainedHop | undefined): Known {
  if (hop?.tls !== undefined) return 'yes';
  return hop?.with === 'ESMTP' ? 'no' : 'unknown';
}

/** RFC 5321 §4.1.4 wants a name that leads to an address; a literal in brackets is legal and nobody's who sends for a living. */
export async function heloState(
  resolver: Resolver,
  helo: string | undefined,
  confirmedName: string | undefined,
  options: LookupOptions = {},
): Promise<HostFacts['helo']> {
  if (helo === undefined || helo === '') return 'unknown';
  const name = helo.includes('[') || parseIpAddress(helo) !== undefined ? undefined : parseDomainName(helo);
  if (name === undefined || !name.includes('.') || name.endsWith('.localdomain')) return 'bad';
  if (name === confirmedName) return 'good';
  const answers = await Promise.all([resolver.lookup(name, 'A', options), resolver.lookup(name, 'AAAA', options)]);
  if (answers.some(({ kind }) => kind === 'found')) return 'good';
  return answers.some(({ kind }) => kind === 'failed') ? 'unknown' : 'bad';
}
