/** Certificates for tests: an authority and what it issues, P-256, made on the spot. */
import 'reflect-metadata';
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
  type X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import type { TlsIdentity } from '../../src/base/port/net.ts';

export type TestAuthority = {
  /** What a client trusts (`TlsClientOptions.trust`). */
  readonly certificatePem: string;
  readonly issue: (what: CertificateWish) => Promise<TlsIdentity>;
};

type CertificateWish = {
  /** DNS names of the certificate; the first is its subject too. */
  readonly names: readonly string[];
  readonly addresses?: readonly string[];
  readonly notBefore?: Date;
  readonly notAfter?: Date;
};

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const dayMs = 86_400_000;

async function makeKeys() {
  cryptoProvider.set(webcrypto as unknown as Crypto);
  return webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
}

async function privatePem(key: webcrypto.CryptoKey): Promise<string> {
  return PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY');
}

function serial(): string {
  return Buffer.from(webcrypto.getRandomValues(new Uint8Array(8)))
    .toString('hex')
    .replace(/^./, '1');
}

export async function makeTestAuthority(name = 'Test Authority'): Promise<TestAuthority> {
  const keys = await makeKeys();
  const own = await X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(),
    name: `CN=${name}`,
    notBefore: new Date(Date.now() - dayMs),
    notAfter: new Date(Date.now() + 30 * dayMs),
    keys: keys as webcrypto.CryptoKeyPair,
    signingAlgorithm: algorithm,
    extensions: [
      new BasicConstraintsExtension(true, 1, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ],
  });
  return {
    certificatePem: own.toString('pem'),
    issue: (what) => issue(what, { certificate: own, keys: keys as webcrypto.CryptoKeyPair }),
  };
}

async function issue(
  what: CertificateWish,
  issuer: { readonly certificate: X509Certificate; readonly keys: webcrypto.CryptoKeyPair },
): Promise<TlsIdentity> {
  const keys = await makeKeys();
  const certificate = await X509CertificateGenerator.create({
    serialNumber: serial(),
    subject: `CN=${what.names[0] ?? 'nameless'}`,
    issuer: issuer.certificate.subject,
    notBefore: what.notBefore ?? new Date(Date.now() - dayMs),
    notAfter: what.notAfter ?? new Date(Date.now() + 10 * dayMs),
    publicKey: keys.publicKey,
    signingKey: issuer.keys.privateKey,
    signingAlgorithm: algorithm,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension([
        ...what.names.map((value) => ({ type: 'dns' as const, value })),
        ...(what.addresses ?? []).map((value) => ({ type: 'ip' as const, value })),
      ]),
    ],
  });
  return { certificatePem: certificate.toString('pem'), privateKeyPem: await privatePem(keys.privateKey) };
}
