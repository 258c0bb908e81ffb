/** TLSA records: which can be used, and how they are written. Pure. RFC 6698 §2.1, RFC 7671 §9, RFC 7672 §3.1 */
import { createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import { asBuffer } from '../../base/bytes.ts';
import type { Tlsa, UsableTlsa } from './types.ts';

const digestOctets: Readonly<Record<number, number>> = { 1: 32, 2: 64 }; // RFC 6698 §7.4: SHA-256, SHA-512

/** Whether the record means anything to a mail client; the reason when not. */
export function tlsaObjection(record: Tlsa): string | undefined {
  const { usage, selector, matching, data } = record;
  if (usage === 0 || usage === 1) return `usage ${usage} has no meaning between mail servers`; // RFC 7672 §3.1.3
  if (usage !== 2 && usage !== 3) return `usage ${usage} is not known`;
  if (selector !== 0 && selector !== 1) return `selector ${selector} is not known`;
  if (matching === 0) return fullObjection(record);
  const octets = digestOctets[matching];
  if (octets === undefined) return `matching type ${matching} is not known`;
  return data.length === octets ? undefined : `a digest of ${data.length} octets where ${octets} are due`;
}

function fullObjection({ selector, data }: Tlsa): string | undefined {
  const isReadable = selector === 0 ? readCertificate(data) !== undefined : readPublicKey(data) !== undefined;
  return isReadable ? undefined : `its data is no ${selector === 0 ? 'certificate' : 'public key'}`;
}

/** Only with a key that can be read: OpenSSL takes the frame of a certificate first and its key when it is asked for. */
export function readCertificate(der: Uint8Array): X509Certificate | undefined {
  try {
    const certificate = new X509Certificate(der);
    return certificate.publicKey.type === 'public' ? certificate : undefined;
  } catch {
    return undefined;
  }
}

export function readPublicKey(der: Uint8Array): KeyObject | undefined {
  try {
    return createPublicKey({ key: asBuffer(der), format: 'der', type: 'spki' });
  } catch {
    return undefined;
  }
}

/**
 * The records to hold against a chain. Of several digests of one thing only the strongest counts, so that a broken one cannot
 * stand in for it; whole certificates and keys count beside them. RFC 7671 §9
 */
export function usableTlsa(records: readonly Tlsa[]): readonly UsableTlsa[] {
  const usable = records.filter((record): record is UsableTlsa => tlsaObjection(record) === undefined);
  const strongest = new Map<string, number>();
  for (const { usage, selector, matching } of usable) {
    const kind = `${usage} ${selector}`;
    strongest.set(kind, Math.max(matching, strongest.get(kind) ?? 0));
  }
  return usable.filter(
    ({ usage, selector, matching }) => matching === 0 || matching === strongest.get(`${usage} ${selector}`),
  );
}

/** As in a zone file: `3 1 1 ab12...`. */
export function tlsaText({ usage, selector, matching, data }: Tlsa): string {
  return `${usage} ${selector} ${matching} ${asBuffer(data).toString('hex')}`;
}
