/** Zones that the office answers for itself. */
import type { Outcome } from '../../../base/outcome.ts';
import type { DomainName } from '../../../format/domain-name.ts';
import type { StsMode } from '../../../protocol/mta-sts/types.ts';
import type { Delegation, RecordChange, RecordSet } from '../types.ts';

export type HostedZone = {
  readonly zone: DomainName;
  readonly nameServers: readonly string[];
  /** Grows with every change. RFC 1982 */
  readonly serial: number;
  /** Without SOA; the name servers' own NS set is among them. */
  readonly sets: readonly RecordSet[];
};

export type HostedRefusal = 'no-such-zone' | 'changed-meanwhile' | 'not-supported';

/** All changes of a call are made, or none; a set that is not what `before` says refuses them. */
export type HostedZones = {
  readonly find: (domain: DomainName) => Promise<HostedZone | undefined>;
  readonly change: (zone: DomainName, changes: readonly RecordChange[]) => Promise<Outcome<HostedZone, HostedRefusal>>;
};

export type DelegationWish = {
  readonly kind: Delegation['kind'];
  /** Absent: as it was, `testing` at first. */
  readonly stsMode?: StsMode;
  /** The DMARC record that stands there now. */
  readonly dmarcBefore?: string;
};

/** not-set-up: settings are missing. zone-taken: other names stand where the zone would be. other-kind: to be stopped first. */
export type DelegationRefusal = 'domain-unknown' | 'not-set-up' | 'zone-taken' | 'other-kind';
