/** Which hosts a certificate is for. RFC 6125, as RFC 8461 §4.2 and RFC 7672 §3.2.3 want it. */
import type { X509Certificate } from 'node:crypto';

/** DNS names alone, a wildcard for the whole leftmost label; the subject's common name is no name. */
export function isForHost(certificate: X509Certificate, host: string): boolean {
  return certificate.checkHost(host, { subject: 'never', wildcards: true, partialWildcards: false }) !== undefined;
}
