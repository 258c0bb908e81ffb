/** Certificate chains for tests: a root, authorities below it, a server; each may be for another time, name or purpose. */
import 'reflect-metadata';
import { createHash, webcrypto } from 'node:crypto';
import {
  BasicConstraintsExtension,
  cryptoProvider,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import type { TlsIdentity } from '../../src/base/port/net.ts';
import type { Tlsa } from '../../src/protocol/dane/types.ts';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const dayMs = 86_400_000;

export type TestCertificate = {
  readonly der: Uint8Array;
  /** SubjectPublicKeyInfo. */
  readonly spki: Uint8Array;
  readonly pem: string;
  readonly keyPem: string;
  readonly subject: string;
  readonly keys: webcrypto.CryptoKeyPair;
};

export type TestWish = {
  readonly name: string;
  /** Who signs; itself when nobody is given. */
  readonly issuer?: TestCertificate;
  readonly isAuthority?: boolean;
  /** Its key may sign certificates, though it need not be an authority. */
  readonly signs?: boolean;
  /** DNS names besides the subject's common name. */
  readonly names?: readonly string[];
  readonly expired?: boolean;
};

export async function makeCertificate({
  name,
  issuer,
  isAuthority = false,
  signs = isAuthority,
  names = [],
  expired = false,
}: TestWish): Promise<TestCertificate> {
  cryptoProvider.set(webcrypto as unknown as Crypto);
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const endMs = Date.now() + (expired ? -dayMs : 10 * dayMs);
  const certificate: X509Certificate = await X509CertificateGenerator.create({
    serialNumber: `1${Buffer.from(webcrypto.getRandomValues(new Uint8Array(8))).toString('hex')}`,
    subject: `CN=${name}`,
    issuer: issuer?.subject ?? `CN=${name}`,
    notBefore: new Date(endMs - 20 * dayMs),
    notAfter: new Date(endMs),
    publicKey: keys.publicKey,
    signingKey: (issuer?.keys ?? keys).privateKey,
    signingAlgorithm: algorithm,
    extensions: [
      new BasicConstraintsExtension(isAuthority, undefined, true),
      new KeyUsagesExtension(signs ? KeyUsageFlags.keyCertSign : KeyUsageFlags.digitalSignature, true),
      ...(names.length > 0
        ? [new SubjectAlternativeNameExtension(names.map((value) => ({ type: 'dns' as const, value })))]
        : []),
    ],
  });
  return {
    der: new Uint8Array(certificate.rawData),
    spki: new Uint8Array(certificate.publicKey.rawData),
    pem: certificate.toString('pem'),
    keyPem: PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY'),
    subject: certificate.subject,
    keys,
  };
}

/** What a server shows: its own certificate, then the others. */
export function identityOf(server: TestCertificate, ...others: readonly TestCertificate[]): TlsIdentity {
  return { certificatePem: [server, ...others].map(({ pem }) => pem.trim()).join('\n'), privateKeyPem: server.keyPem };
}

export function tlsaOf(certificate: TestCertificate, usage: number, selector: number, matching: number): Tlsa {
  const whole = selector === 0 ? certificate.der : certificate.spki;
  const digest = (name: string) => Uint8Array.from(createHash(name).update(whole).digest());
  return { usage, selector, matching, data: matching === 0 ? whole : digest(matching === 1 ? 'sha256' : 'sha512') };
}
