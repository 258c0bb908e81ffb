/** What a DMARC evaluation answers. RFC 9989 */
import type { DomainName } from '../../format/domain-name.ts';

export type DmarcPolicy = 'none' | 'quarantine' | 'reject';

export type DmarcVerdict = 'none' | 'pass' | 'fail' | 'temperror' | 'permerror';

/** What a receiver that still follows RFC 7489 finds, with the same facts: for people who publish records, never our verdict. */
export type LegacyView = {
  /** By the Public Suffix List; undefined when the author's domain is a public suffix. */
  readonly organizationalDomain?: DomainName;
  readonly policyDomain?: DomainName;
  readonly result: Exclude<DmarcVerdict, 'permerror'>;
  /** What the record asks for by its p and sp; np and t mean nothing there. */
  readonly policy: DmarcPolicy;
  /** What becomes of the message by it: `none` unless the result is fail. */
  readonly applied: DmarcPolicy;
  /** Where the record says pct: the share of failing mail to which `applied` applies. */
  readonly pct?: number;
  /** Whether such a receiver comes to another result, or does something else with the message, than RFC 9989 says. */
  readonly differs: boolean;
};

export type DmarcResult = {
  readonly result: DmarcVerdict;
  /** The author's domain; null when the message does not name exactly one. */
  readonly domain: DomainName | null;
  readonly organizationalDomain?: DomainName;
  /** Where the record that applies was found. */
  readonly policyDomain?: DomainName;
  /** What that record asks for this author domain (p, sp or np); `none` without a record. */
  readonly policy: DmarcPolicy;
  /** What a receiver should do with this message by that record; what it does is its own decision. */
  readonly applied: DmarcPolicy;
  /** SPF passed, and for a domain that aligns with the author's. */
  readonly spfAligned: boolean;
  /** A DKIM signature of a domain that aligns with the author's passed, and covers the whole body. */
  readonly dkimAligned: boolean;
  /** The record says t=y: its policy is applied one step lower. */
  readonly testing?: true;
  /** Queries of the tree walk that starts at the author's domain. */
  readonly discoveryQueries?: number;
  /** Absent when the author is not known. */
  readonly legacy?: LegacyView;
  /** A clause for people: why there is no policy or no verdict. Repeats nothing of the message. */
  readonly reason?: string;
  readonly trace: readonly string[];
};
