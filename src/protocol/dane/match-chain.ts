/**
 * Holds a certificate chain, as octets in the order the server sent them, against TLSA records. Pure: time and names come in.
 * DANE-EE binds the server's own certificate and nothing else counts (RFC 7672 §3.1.1); DANE-TA makes an authority of this domain
 * alone, under which chain, time and name must be right (RFC 7672 §3.1.2).
 */
import { createHash, type KeyObject, type X509Certificate } from 'node:crypto';
import { asBuffer } from '../../base/bytes.ts';
import { isForHost } from '../../format/certificate-names.ts';
import { readCertificate, readPublicKey, tlsaText } from './tlsa.ts';
import type { DaneMatch, UsableTlsa } from './types.ts';

/** Certificates of a chain that are looked at; longer ones are not seen in the wild. (Our choice; OpenSSL takes 100.) */
const chainMax = 20;

export type MatchContext = {
  /** Any of them in the certificate is right: TLSA base, MX host, next-hop domain. RFC 7672 §3.2.2 */
  readonly names: readonly string[];
  readonly nowMs: number;
};

export function matchChain(
  usable: readonly UsableTlsa[],
  chain: readonly Uint8Array[],
  context: MatchContext,
): DaneMatch {
  const [leaf, ...others] = chain.slice(0, chainMax).map(readCertificate);
  if (leaf === undefined) return fail('validation-failure', 'the server sent no certificate that could be read');
  for (const record of usable)
    if (record.usage === 3 && isOf(record, leaf))
      return { ok: true, record, why: `${shortText(record)} is its certificate` };
  const anchors = usable.filter(({ usage }) => usage === 2);
  if (anchors.length === 0) return fail('validation-failure', 'its certificate is none of those its TLSA records name');
  return matchAnchors(
    anchors,
    leaf,
    others.filter((one) => one !== undefined),
    context,
  );
}

function fail(result: Exclude<DaneMatch, { ok: true }>['result'], why: string): DaneMatch {
  return { ok: false, result, why };
}

function shortText(record: UsableTlsa): string {
  const text = tlsaText(record);
  return text.length > 30 ? `TLSA ${text.slice(0, 22)}...` : `TLSA ${text}`;
}

/** Whether the record names this certificate, or its key. */
function isOf({ selector, matching, data }: UsableTlsa, certificate: X509Certificate): boolean {
  const whole = selector === 0 ? certificate.raw : spkiOf(certificate);
  if (matching === 0) return whole.equals(asBuffer(data));
  return createHash(matching === 1 ? 'sha256' : 'sha512')
    .update(whole)
    .digest()
    .equals(asBuffer(data));
}

function spkiOf(certificate: X509Certificate): Buffer {
  return certificate.publicKey.export({ type: 'spki', format: 'der' });
}

// ---- DANE-TA ----

function matchAnchors(
  anchors: readonly UsableTlsa[],
  leaf: X509Certificate,
  others: readonly X509Certificate[],
  context: MatchContext,
): DaneMatch {
  const found = pathToAnchor(anchors, leaf, others);
  if (found === undefined)
    return fail('validation-failure', 'its certificate leads to none of the authorities its TLSA records name');
  const { record, path } = found;
  const untimely = path.find((certificate) => !isTimely(certificate, context.nowMs));
  if (untimely)
    return fail(
      'certificate-expired',
      `a certificate of its chain is valid from ${untimely.validFrom} to ${untimely.validTo} only`,
    );
  // RFC 7672 §3.2.3
  if (!context.names.some((name) => isForHost(leaf, name)))
    return fail('certificate-host-mismatch', `its certificate is for none of ${context.names.join(', ')}`);
  return { ok: true, record, why: `${shortText(record)} is an authority of its certificate` };
}

function isTimely({ validFromDate, validToDate }: X509Certificate, nowMs: number): boolean {
  return validFromDate.getTime() <= nowMs && nowMs <= validToDate.getTime();
}

type Path = { readonly record: UsableTlsa; readonly path: readonly X509Certificate[] };

/** From issuer to issuer among what the server sent, until one is named by a record, or was signed by what a record holds whole. */
function pathToAnchor(
  anchors: readonly UsableTlsa[],
  leaf: X509Certificate,
  others: readonly X509Certificate[],
): Path | undefined {
  const path = [leaf];
  let left = others;
  for (let here = leaf; ; ) {
    const absent = anchors.find((record) => isSignedByContent(record, here));
    if (absent) return { record: absent, path: [...path, ...contentCertificate(absent)] };
    const issuer = left.find((candidate) => isIssuer(candidate, here));
    if (issuer === undefined) return undefined;
    path.push(issuer);
    const record = anchors.find((anchor) => isOf(anchor, issuer));
    if (record) return { record, path };
    left = left.filter((one) => one !== issuer); // each once: no loops
    here = issuer;
  }
}

/** RFC 7671 §5.2.2, §5.2.3: the server may leave out an authority of which the record holds the certificate or the key itself. */
function isSignedByContent(record: UsableTlsa, certificate: X509Certificate): boolean {
  if (record.matching !== 0) return false;
  const [authority] = contentCertificate(record);
  if (authority) return isIssuer(authority, certificate);
  const key = record.selector === 1 ? readPublicKey(record.data) : undefined;
  return key !== undefined && isSignedBy(certificate, key);
}

function contentCertificate({ selector, matching, data }: UsableTlsa): readonly X509Certificate[] {
  const certificate = selector === 0 && matching === 0 ? readCertificate(data) : undefined;
  return certificate ? [certificate] : [];
}

function isIssuer(candidate: X509Certificate, certificate: X509Certificate): boolean {
  return candidate.ca && certificate.checkIssued(candidate) && isSignedBy(certificate, candidate.publicKey);
}

function isSignedBy(certificate: X509Certificate, key: KeyObject): boolean {
  try {
    return certificate.verify(key);
  } catch {
    return false; // an algorithm that OpenSSL does not take from us
  }
}
