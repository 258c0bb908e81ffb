/** A mark certificate (VMC, CMC) as a domain serves it: PEM, its own first. Whose it is, until when, and the logo inside. draft-fetch-validation-vmc-wchuang-11 */
import { X509Certificate } from 'node:crypto';
import { asBuffer } from '../../base/bytes.ts';
import { isForHost } from '../../format/certificate-names.ts';
import { logoOctetsMax } from './judge-logo.ts';
import { extensionTexts } from './read-der.ts';

export type BimiEvidence =
  | {
      readonly kind: 'certificate';
      /** Of a registered mark, or of one that has merely been in use. */
      readonly mark: 'VMC' | 'CMC' | 'unknown';
      readonly issuer: string;
      readonly validFromMs: number;
      readonly validToMs: number;
      /** Of the names asked about, those it is for. */
      readonly isFor: readonly string[];
      /** It may be used for marks: extended key usage 1.3.6.1.5.5.7.3.31. */
      readonly isForMarks: boolean;
      /** The next certificate in the file has signed it. */
      readonly isChained: boolean;
      /** The logo inside; absent where none was found, or it could not be unpacked. */
      readonly logo?: Uint8Array;
    }
  | { readonly kind: 'unreadable'; readonly why: string };

/** What a certificate file may take: a logo in base64, and a chain. (Our choice.) */
export const evidenceOctetsMax = 131_072;
const certificatesMax = 5;
const markUsage = '1.3.6.1.5.5.7.3.31';
const logotype = Uint8Array.from([0x2b, 6, 1, 5, 5, 7, 1, 12]); // 1.3.6.1.5.5.7.1.12, RFC 9399 §4.1
const markType = /^(?:1\.3\.6\.1\.4\.1\.53087\.1\.13|markType)=(.*)$/im;

/** @param names any of which the certificate may be for */
export async function readEvidence(octets: Uint8Array, names: readonly string[]): Promise<BimiEvidence> {
  const [leaf, issuer] = certificatesIn(asBuffer(octets).toString('latin1'));
  if (leaf === undefined) return { kind: 'unreadable', why: 'it holds no certificate in PEM' };
  const mark = markType.exec(leaf.subject)?.[1] ?? '';
  const logo = await logoIn(leaf);
  return {
    kind: 'certificate',
    mark: mark === '' ? 'unknown' : /prior use/i.test(mark) ? 'CMC' : 'VMC',
    issuer: /^(?:O|CN)=(.*)$/m.exec(leaf.issuer)?.[1] ?? leaf.issuer,
    validFromMs: leaf.validFromDate.getTime(),
    validToMs: leaf.validToDate.getTime(),
    isFor: names.filter((name) => isForHost(leaf, name)),
    isForMarks: (leaf.keyUsage ?? []).includes(markUsage),
    isChained: issuer !== undefined && isSignedBy(leaf, issuer),
    ...(logo && { logo }),
  };
}

function certificatesIn(text: string): readonly X509Certificate[] {
  const found = [...text.matchAll(/-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g)];
  return found.slice(0, certificatesMax).flatMap(([pem]) => {
    try {
      return [new X509Certificate(pem)];
    } catch {
      return []; // the frame of a certificate around something else
    }
  });
}

function isSignedBy(leaf: X509Certificate, issuer: X509Certificate): boolean {
  try {
    return leaf.checkIssued(issuer) && leaf.verify(issuer.publicKey);
  } catch {
    return false; // an algorithm that OpenSSL does not take
  }
}

/** The picture stands in the certificate as a data: URL, mostly compressed. */
async function logoIn({ raw }: X509Certificate): Promise<Uint8Array | undefined> {
  for (const text of extensionTexts(raw, logotype)) {
    const packed = /^data:image\/svg\+xml(?:-compressed)?;base64,([A-Za-z0-9+/=\s]+)$/i.exec(text)?.[1];
    if (packed === undefined) continue;
    const octets = Buffer.from(packed, 'base64');
    return octets[0] === 0x1f && octets[1] === 0x8b ? unpacked(octets) : octets;
  }
  return undefined;
}

/** Octets are counted while they come: a small file can be made to grow to any size. */
async function unpacked(octets: Uint8Array): Promise<Uint8Array | undefined> {
  const parts: Uint8Array[] = [];
  let total = 0;
  try {
    const stream = new Blob([Uint8Array.from(octets)]).stream().pipeThrough(new DecompressionStream('gzip'));
    for await (const part of stream) {
      total += part.length;
      if (total > 4 * logoOctetsMax) return undefined;
      parts.push(part);
    }
    return Buffer.concat(parts);
  } catch {
    return undefined; // not gzip after all, or torn
  }
}
