/** Whether a key of a zone is the one that the parent zone vouches for. RFC 4034 §5.1.4, RFC 4509, RFC 6605 */
import { createHash } from 'node:crypto';
import { type DnsName, lowerDnsName } from '../../format/dns-name.ts';
import type { DelegationSigner, ZoneKey } from './types.ts';

/** By digest type. GOST (3) is withdrawn, RFC 9906; others we cannot tell. */
const digests: Readonly<Record<number, string>> = { 1: 'sha1', 2: 'sha256', 4: 'sha384' };

export function canTell({ digestType }: DelegationSigner): boolean {
  return Object.hasOwn(digests, digestType);
}

export function vouchesFor(signer: DelegationSigner, zone: DnsName, key: ZoneKey): boolean {
  const digest = digests[signer.digestType];
  if (digest === undefined || signer.algorithm !== key.algorithm) return false;
  const data = Uint8Array.of(key.flags >> 8, key.flags & 0xff, key.protocol, key.algorithm);
  const owner = lowerDnsName(zone).map((label) =>
    Buffer.from(`${String.fromCharCode(label.length)}${label}`, 'latin1'),
  );
  const hash = createHash(digest);
  for (const part of [...owner, Uint8Array.of(0), data, key.key]) hash.update(part);
  return hash.digest().equals(signer.digest);
}
