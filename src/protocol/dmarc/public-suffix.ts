/**
 * Organizational domains by the Public Suffix List, as receivers find them that still follow RFC 7489 §3.2. Never used for our
 * own verdict: RFC 9989 walks the tree. The list is part of the `tldts` package, rules of ICANN and private ones alike.
 */

import type { Soon } from '../../base/soon.ts';
import type { DomainName } from '../../format/domain-name.ts';

export type PublicSuffixes = {
  /** Undefined for a public suffix itself. */
  readonly organizationalDomain: (domain: DomainName) => DomainName | undefined;
};

/** The list takes some 30 ms to read, so it is read when first needed and kept by whoever asks often. */
export async function loadPublicSuffixes(): Promise<PublicSuffixes> {
  const { getDomain } = await import('tldts');
  const options = { allowPrivateDomains: true, extractHostname: false, validateHostname: false, detectIp: false };
  return { organizationalDomain: (domain) => (getDomain(domain, options) as DomainName | null) ?? undefined };
}

/** The list, read once. */
export function publicSuffixesOnce(): () => Soon<PublicSuffixes> {
  let loaded: Soon<PublicSuffixes> | undefined;
  return () => {
    loaded ??= loadPublicSuffixes().then((suffixes) => {
      loaded = suffixes;
      return suffixes;
    });
    return loaded;
  };
}
