/** Mark certificates (VMC, CMC) for tests: an authority, and certificates with a logo inside as authorities put it there. */
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import {
  BasicConstraintsExtension,
  cryptoProvider,
  ExtendedKeyUsageExtension,
  Extension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const dayMs = 86_400_000;
const markUsage = '1.3.6.1.5.5.7.3.31';

export const squareLogo =
  '<?xml version="1.0" encoding="UTF-8"?>\n<svg xmlns="http://www.w3.org/2000/svg" version="1.2" baseProfile="tiny-ps" viewBox="0 0 64 64">\n' +
  '  <title>Example</title>\n  <rect width="64" height="64" fill="#024"/>\n</svg>\n';

export type MarkWish = {
  readonly names?: readonly string[];
  /** The logo inside; none with undefined given. */
  readonly logo?: string | undefined;
  readonly usage?: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly mark?: string;
  readonly packing?: 'gzip' | 'plain';
};

const authorityKeys = await makeKeys();
const authority = await X509CertificateGenerator.createSelfSigned({
  name: 'CN=Mark CA,O=Test Marks',
  keys: authorityKeys,
  signingAlgorithm: algorithm,
  notBefore: new Date(Date.UTC(2020, 0, 1)),
  notAfter: new Date(Date.UTC(2040, 0, 1)),
  extensions: [new BasicConstraintsExtension(true, undefined, true)],
});

function makeKeys(): Promise<webcrypto.CryptoKeyPair> {
  cryptoProvider.set(webcrypto as unknown as Crypto);
  return webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
}

/** PEM: the certificate itself, then its authority unless it is left out. */
export async function markCertificate(
  wish: MarkWish,
  chain: 'with-authority' | 'alone' = 'with-authority',
): Promise<string> {
  const { names = ['example.com'], usage = markUsage, mark = 'Registered Mark', packing = 'gzip' } = wish;
  const logo = 'logo' in wish ? wish.logo : squareLogo;
  const keys = await makeKeys();
  const certificate = await X509CertificateGenerator.create({
    subject: `CN=Example,1.3.6.1.4.1.53087.1.13=${mark}`,
    issuer: authority.subject,
    notBefore: new Date(wish.notBeforeMs),
    notAfter: new Date(wish.notAfterMs),
    publicKey: keys.publicKey,
    signingKey: authorityKeys.privateKey,
    signingAlgorithm: algorithm,
    extensions: [
      new ExtendedKeyUsageExtension([usage]),
      new SubjectAlternativeNameExtension(names.map((value) => ({ type: 'dns' as const, value }))),
      ...(logo === undefined ? [] : [new Extension('1.3.6.1.5.5.7.1.12', false, logotypeOf(logo, packing))]),
    ],
  });
  const pem = certificate.toString('pem');
  return chain === 'alone' ? pem : `${pem}\n${authority.toString('pem')}\n`;
}

export const aYear = (fromMs: number) => ({ notBeforeMs: fromMs - 30 * dayMs, notAfterMs: fromMs + 335 * dayMs });

/** RFC 9399 §4.1: subject logo, direct, one image with a type, a hash and a data: URL. */
function logotypeOf(logo: string, packing: 'gzip' | 'plain'): Uint8Array<ArrayBuffer> {
  const octets = packing === 'gzip' ? gzipSync(logo) : Buffer.from(logo);
  const text = (value: string) => der(0x16, Buffer.from(value, 'latin1'));
  const hash = der(
    0x30,
    der(0x30, der(0x06, Buffer.from([0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1]))),
    der(0x04, Buffer.alloc(32)),
  );
  const url = `data:image/svg+xml;base64,${octets.toString('base64')}`;
  const details = der(0x30, text('image/svg+xml'), der(0x30, hash), der(0x30, text(url)));
  return Uint8Array.from(der(0x30, der(0xa2, der(0xa0, der(0x30, der(0x30, details))))));
}

function der(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const inside = Buffer.concat(content);
  const { length } = inside;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), inside]);
}
