/** Keys to sign with: made, read from PEM, and the TXT record that publishes their other half. RFC 6376 §3.6.1, RFC 8463 §4 */
import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { accept, type Outcome, refuse } from '../../base/outcome.ts';
import type { SigningAlgorithm } from './types.ts';

export type ImportedKey = {
  readonly algorithm: SigningAlgorithm;
  readonly privateKey: KeyObject;
  readonly bits: number;
  /** The value of the TXT record at selector._domainkey.domain. */
  readonly publicRecord: string;
};

export type GeneratedKey = {
  /** PKCS#8 */
  readonly privateKeyPem: string;
  /** The value of the TXT record at selector._domainkey.domain. */
  readonly publicRecord: string;
};

const rsaBits = 2048; // RFC 8301 §3.2: signers should; more does not fit one UDP answer nor 255 octets per string
const rsaBitsMin = 1024; // RFC 8301 §3.2
const rsaBitsMax = 4096; // RFC 8301 §3.2: verifiers need not take more
const ed25519SpkiPrefixOctets = 12; // RFC 8410 §4

const generatePair = promisify(generateKeyPair);

/** An RSA key takes 50 to 500 ms of a thread of the pool; the process goes on meanwhile. */
export async function generateDkimKey(algorithm: SigningAlgorithm): Promise<GeneratedKey> {
  const { privateKey } = await (algorithm === 'rsa-sha256'
    ? generatePair('rsa', { modulusLength: rsaBits })
    : generatePair('ed25519'));
  return {
    privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicRecord: publicRecordOf(privateKey),
  };
}

/** PKCS#8 or PKCS#1 PEM without passphrase. The refusal never repeats what was read. */
export function importPrivateKey(pem: string): Outcome<ImportedKey, 'bad-private-key'> {
  const privateKey = readPem(pem);
  if (privateKey === undefined) return no('this is no private key in PEM form without a passphrase');
  const kind = kindOfKey(privateKey);
  return kind.ok ? accept({ ...kind.value, privateKey, publicRecord: publicRecordOf(privateKey) }) : kind;
}

/** What a private key signs with, if it is one that receivers take. */
export function kindOfKey(privateKey: KeyObject): Outcome<Pick<ImportedKey, 'algorithm' | 'bits'>, 'bad-private-key'> {
  if (privateKey.type !== 'private') return no('to sign takes a private key');
  if (privateKey.asymmetricKeyType === 'ed25519') return accept({ algorithm: 'ed25519-sha256', bits: 256 });
  if (privateKey.asymmetricKeyType !== 'rsa') return no('DKIM signs with RSA or Ed25519 keys only');
  const bits = privateKey.asymmetricKeyDetails?.modulusLength ?? 0;
  if (bits >= rsaBitsMin && bits <= rsaBitsMax) return accept({ algorithm: 'rsa-sha256', bits });
  return no(`an RSA key of ${bits} bit is not accepted by receivers: it must have ${rsaBitsMin} to ${rsaBitsMax}`);
}

/** @param key RSA or Ed25519, the private or the public half */
export function publicRecordOf(key: KeyObject): string {
  const spki = (key.type === 'private' ? createPublicKey(key) : key).export({ type: 'spki', format: 'der' });
  const isEd25519 = key.asymmetricKeyType === 'ed25519';
  const octets = isEd25519 ? spki.subarray(ed25519SpkiPrefixOctets) : spki;
  return `v=DKIM1; k=${isEd25519 ? 'ed25519' : 'rsa'}; p=${octets.toString('base64')}`;
}

function readPem(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem);
  } catch {
    return undefined;
  }
}

function no(say: string): Outcome<never, 'bad-private-key'> {
  return refuse('bad-private-key', say);
}
