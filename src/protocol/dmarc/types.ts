/** What a DMARC evaluation answers. RFC 9989 */
import type { DomainName } from '../../format/domain-name.ts';

export type DmarcPolicy = 'none' | 'quarantine' | 'reject';

export type DmarcVerdict = 'none' | 'pass' | 'fail' | 'temperror' | 'permerror';

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
  /** A clause for people: why there is no policy or no verdict. Repeats nothing of the message. */
  readonly reason?: string;
  readonly trace: readonly string[];
};
