/** What TLS reports (RFC 8460) speak of: which policy held for a session with another server's host, and how it went. */

type TlsPolicyType = 'tlsa' | 'sts' | 'no-policy-found';

/** RFC 8460 §4.4 */
export type ReportedPolicy = {
  readonly type: TlsPolicyType;
  /** The policy's lines, or the TLSA records of the host as text. */
  readonly strings: readonly string[];
  /** Whose policy: the recipients' domain; for DANE the name the TLSA records stand under. */
  readonly domain: string;
  /** MTA-STS: the patterns of the policy. */
  readonly mxHosts: readonly string[];
};

/** RFC 8460 §4.3 */
export const tlsFailures = [
  'starttls-not-supported',
  'certificate-host-mismatch',
  'certificate-expired',
  'certificate-not-trusted',
  'validation-failure',
  'tlsa-invalid',
  'dnssec-invalid',
  'dane-required',
  'sts-policy-fetch-error',
  'sts-policy-invalid',
  'sts-webpki-invalid',
] as const;
export type TlsFailureType = (typeof tlsFailures)[number];

export type TlsFailure = {
  readonly result: TlsFailureType;
  readonly sendingAddress?: string;
  readonly receivingHost?: string;
  readonly receivingAddress?: string;
  /** Our words, for the people who get the report. */
  readonly reason?: string;
};

/** One session with a host, or one attempt that came to none. */
export type TlsSession = {
  /** The domain mail was for: it is asked for its TLS-RPT record. */
  readonly domain: string;
  readonly policy: ReportedPolicy;
  readonly failure?: TlsFailure;
};
