/**
 * Makes certificates: an authority of our own for the sandbox world and tests, and what it issues; a self-signed one for an office
 * that has none yet. P-256, because a handshake with it costs a third of RSA's. Loaded only when something has to be made.
 */
import 'reflect-metadata'; // @peculiar/x509 is built on tsyringe, which insists on it
import { webcrypto } from 'node:crypto';
import {
  BasicConstraintsExtension,
  cryptoProvider,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';
import type { TlsIdentity } from '../../base/port/net.ts';

export type Authority = {
  /** Certificate and key, to be kept. */
  readonly identity: TlsIdentity;
  readonly issue: (wish: CertificateWish) => Promise<TlsIdentity>;
};

export type CertificateWish = {
  /** DNS names; the first is the subject too. */
  readonly names: readonly string[];
  readonly addresses?: readonly string[];
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
};

export type Validity = Pick<CertificateWish, 'notBeforeMs' | 'notAfterMs'>;

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/** A new authority. */
export async function makeAuthority(name: string, validity: Validity): Promise<Authority> {
  const keys = await makeKeys();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: [{ CN: [name] }],
    notBefore: new Date(validity.notBeforeMs),
    notAfter: new Date(validity.notAfterMs),
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ],
  });
  const identity = { certificatePem: certificate.toString('pem'), privateKeyPem: await writeKey(keys.privateKey) };
  return { identity, issue: (wish) => issue(wish, { subject: certificate.subject, key: keys.privateKey }) };
}

/** A certificate that vouches for itself: enough for opportunistic TLS between servers, not for people's programs. */
export async function makeSelfSigned(wish: CertificateWish): Promise<TlsIdentity> {
  const keys = await makeKeys();
  return issue(wish, { subject: `CN=${wish.names[0]}`, key: keys.privateKey }, keys);
}

async function issue(
  wish: CertificateWish,
  issuer: { readonly subject: string; readonly key: webcrypto.CryptoKey },
  own?: webcrypto.CryptoKeyPair,
): Promise<TlsIdentity> {
  const keys = own ?? (await makeKeys());
  const certificate = await X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: [{ CN: [wish.names[0] ?? 'posthorn'] }],
    issuer: issuer.subject,
    notBefore: new Date(wish.notBeforeMs),
    notAfter: new Date(wish.notAfterMs),
    publicKey: keys.publicKey,
    signingKey: issuer.key,
    signingAlgorithm: algorithm,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension([
        ...wish.names.map((value) => ({ type: 'dns' as const, value })),
        ...(wish.addresses ?? []).map((value) => ({ type: 'ip' as const, value })),
      ]),
    ],
  });
  return { certificatePem: certificate.toString('pem'), privateKeyPem: await writeKey(keys.privateKey) };
}

async function makeKeys(): Promise<webcrypto.CryptoKeyPair> {
  cryptoProvider.set(webcrypto as unknown as Crypto);
  return webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
}

async function writeKey(key: webcrypto.CryptoKey): Promise<string> {
  return PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY');
}

/** Positive, 64 random bits. RFC 5280 §4.1.2.2 */
function serialNumber(): string {
  return `1${Buffer.from(webcrypto.getRandomValues(new Uint8Array(8))).toString('hex')}`;
}
