/** What MTA-STS (RFC 8461) speaks of: the record that announces a policy, the policy, and what is kept of it. */

export type StsMode = 'enforce' | 'testing' | 'none';

export type StsPolicy = {
  readonly mode: StsMode;
  /** Host names as A-labels, `*.` in front of one stands for exactly one label. Empty only in mode `none`. */
  readonly mx: readonly string[];
  readonly maxAgeSeconds: number;
  /** Its lines as they were served, for reports (RFC 8460 §4.4). */
  readonly lines: readonly string[];
};

/** A policy that was fetched and may be used until it is too old. */
export type CachedPolicy = {
  readonly policy: StsPolicy;
  /** Of the record that announced it: another id means another policy. */
  readonly id: string;
  readonly fetchedAtMs: number;
};
