/** A public key as its TXT record says it: text to a key that can verify. RFC 6376 §3.6.1, RFC 8463 §4, RFC 8301 §3.2 */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { trimBlanks } from '../../format/message/message-index.ts';
import { parseTagList, type TagList, withoutBlanks } from '../../format/tag-list.ts';
import { decodeBase64 } from './base64.ts';
import type { DkimProblem } from './problems.ts';
import type { Signature, SignedBy } from './signature.ts';

export type KeyRecord = {
  readonly type: 'rsa' | 'ed25519';
  readonly key: KeyObject;
  readonly bits: number;
  /** Undefined: any. */
  readonly hashes: readonly string[] | undefined;
  readonly services: readonly string[];
  /** t=y */
  readonly testing: boolean;
  /** t=s */
  readonly exactDomain: boolean;
};

const keyBitsMin = 1024; // RFC 8301 §3.2
const keyBitsMax = 4096; // RFC 8301 §3.2: more need not be verified; the work grows with the square
const recordOctetsMax = 4_096; // a 4096-bit key needs about 800
const ed25519Octets = 32;
const ed25519SpkiPrefix = Buffer.from('302a300506032b6570032100', 'hex'); // RFC 8410 §4

/**
 * A record that is no DKIM key at all (another TXT at the same name, found through a wildcard) answers `key-unreadable`.
 *
 * @param bitsMax of an RSA key
 */
export function parseKeyRecord(text: string, bitsMax = keyBitsMax): KeyRecord | DkimProblem {
  if (text.length > recordOctetsMax) return 'key-record-too-long';
  const parsed = parseTagList(text);
  if (!parsed.ok) return 'key-unreadable';
  const tags = parsed.value;
  // RFC 6376 §3.6.1: v= is the first tag if it is there at all, and then exactly DKIM1.
  const version = tags.get('v');
  if (version !== undefined && (version.value !== 'DKIM1' || tags.keys().next().value !== 'v')) return 'key-unreadable';
  const p = tags.get('p');
  if (p === undefined) return 'key-unreadable';
  if (p.value === '') return 'key-revoked';
  const type = tags.get('k')?.value ?? 'rsa';
  if (type !== 'rsa' && type !== 'ed25519') return 'key-of-other-type';
  const octets = decodeBase64(withoutBlanks(p.value));
  const key = octets && (type === 'rsa' ? importRsa(octets) : importEd25519(octets));
  if (key === undefined) return 'key-unreadable';
  const bits = type === 'rsa' ? (key.asymmetricKeyDetails?.modulusLength ?? 0) : 256;
  if (type === 'rsa' && bits < keyBitsMin) return 'key-too-small';
  if (type === 'rsa' && bits > bitsMax) return 'key-too-large';
  const flags = listOf(tags, 't') ?? [];
  return {
    type,
    key,
    bits,
    hashes: listOf(tags, 'h'),
    services: listOf(tags, 's') ?? ['*'],
    testing: flags.includes('y'),
    exactDomain: flags.includes('s'),
  };
}

/** Why this key may not verify this signature; undefined when it may. `identity` of an ARC set is absent. */
export function keyObjection(
  key: KeyRecord,
  signature: Pick<SignedBy, 'algorithm' | 'domain'> & Pick<Signature, 'identity'>,
): DkimProblem | undefined {
  if (signature.algorithm !== `${key.type}-sha256`) return 'key-of-other-type'; // RFC 6376 §6.1.2 (7)
  if (key.hashes !== undefined && !key.hashes.includes('sha256')) return 'key-forbids-hash'; // RFC 6376 §6.1.2 (6)
  if (!key.services.includes('*') && !key.services.includes('email')) return 'key-not-for-mail'; // RFC 6376 §3.6.1 (s=)
  // RFC 6376 §3.6.1 (t=s): i= must not be a subdomain of d=.
  const { identity } = signature;
  if (key.exactDomain && identity !== undefined && identity.domain !== signature.domain)
    return 'key-forbids-subdomains';
  return undefined;
}

/** RFC 6376 §3.6.1: a SubjectPublicKeyInfo in practice; the text names RSAPublicKey, which is taken as well. */
function importRsa(octets: Uint8Array): KeyObject | undefined {
  const key = importDer(octets, 'spki') ?? importDer(octets, 'pkcs1');
  return key?.asymmetricKeyType === 'rsa' ? key : undefined;
}

/** RFC 8463 §4: the bare 32 octets. */
function importEd25519(octets: Uint8Array): KeyObject | undefined {
  return octets.length === ed25519Octets ? importDer(Buffer.concat([ed25519SpkiPrefix, octets]), 'spki') : undefined;
}

function importDer(octets: Uint8Array, type: 'spki' | 'pkcs1'): KeyObject | undefined {
  try {
    return createPublicKey({ key: Buffer.from(octets), format: 'der', type });
  } catch {
    return undefined;
  }
}

/** Colon-separated words; unknown ones mean nothing to us. */
function listOf(tags: TagList, name: string): string[] | undefined {
  return tags.get(name)?.value.split(':').map(trimBlanks);
}
