/**
 * An `AuthReport` as the document of `posthorn auth --jsonl` and of the API: snake_case, only JSON's own types, without what is
 * of use inside the office alone. Pure.
 */
import type { ArcResult } from './arc/types.ts';
import type { AuthReport } from './authenticate.ts';
import type { DkimResult } from './dkim/types.ts';
import type { DmarcResult, LegacyView } from './dmarc/types.ts';
import type { SpfResult } from './spf/types.ts';

export type SpfDocument = {
  readonly result: SpfResult['result'];
  readonly domain: string;
  readonly matched?: string;
  readonly explanation?: string;
  readonly lookups: number;
  readonly void_lookups: number;
  readonly reason?: string;
  readonly trace: readonly string[];
};

type DkimDocument = {
  readonly result: DkimResult['result'];
  readonly domain: string;
  readonly selector: string;
  readonly algorithm: string;
  readonly identity?: string;
  readonly key_bits?: number;
  readonly partial_body?: boolean;
  readonly testing?: boolean;
  readonly reason?: string;
};

type DmarcDocument = {
  readonly result: DmarcResult['result'];
  readonly domain: string | null;
  readonly organizational_domain?: string;
  readonly policy_domain?: string;
  readonly policy: DmarcResult['policy'];
  readonly applied: DmarcResult['applied'];
  readonly spf_aligned: boolean;
  readonly dkim_aligned: boolean;
  readonly testing?: boolean;
  readonly discovery_queries?: number;
  /** The view of receivers that follow RFC 7489. */
  readonly legacy?: {
    readonly result: LegacyView['result'];
    readonly organizational_domain?: string;
    readonly policy_domain?: string;
    readonly policy: LegacyView['policy'];
    readonly applied: LegacyView['applied'];
    readonly pct?: number;
    readonly differs: boolean;
  };
  readonly reason?: string;
  readonly trace: readonly string[];
};

type ArcDocument = {
  readonly result: ArcResult['result'];
  readonly oldest_pass?: number;
  readonly reason?: string;
  readonly chain: readonly {
    readonly instance: number;
    readonly cv: string;
    readonly domain: string;
    readonly selector: string;
    readonly authserv_id: string;
    readonly seal: string;
    readonly signature: string;
  }[];
};

export type AuthReportDocument = {
  readonly spf: SpfDocument;
  readonly dkim: readonly DkimDocument[];
  readonly dmarc: DmarcDocument;
  readonly arc: ArcDocument;
  readonly header_from: string | null;
  readonly authentication_results: string;
};

export function authReportDocument(report: AuthReport): AuthReportDocument {
  return {
    spf: spfDocument(report.spf),
    dkim: report.dkim.map(dkimDocument),
    dmarc: dmarcDocument(report.dmarc),
    arc: arcDocument(report.arc),
    header_from: report.headerFrom,
    authentication_results: report.authenticationResults,
  };
}

export function spfDocument({ voidLookups, lookups, trace, ...rest }: SpfResult): SpfDocument {
  return { ...rest, lookups, void_lookups: voidLookups, trace };
}

export function dkimDocument(one: DkimResult): DkimDocument {
  return {
    result: one.result,
    domain: one.domain,
    selector: one.selector,
    algorithm: one.algorithm,
    ...(one.identity !== undefined && { identity: one.identity }),
    ...(one.keyBits !== undefined && { key_bits: one.keyBits }),
    ...(one.partialBody !== undefined && { partial_body: one.partialBody }),
    ...(one.testing !== undefined && { testing: one.testing }),
    ...(one.reason !== undefined && { reason: one.reason }),
  };
}

function dmarcDocument(one: DmarcResult): DmarcDocument {
  return {
    result: one.result,
    domain: one.domain,
    ...(one.organizationalDomain !== undefined && { organizational_domain: one.organizationalDomain }),
    ...(one.policyDomain !== undefined && { policy_domain: one.policyDomain }),
    policy: one.policy,
    applied: one.applied,
    spf_aligned: one.spfAligned,
    dkim_aligned: one.dkimAligned,
    ...(one.testing !== undefined && { testing: one.testing }),
    ...(one.discoveryQueries !== undefined && { discovery_queries: one.discoveryQueries }),
    ...(one.legacy !== undefined && { legacy: legacyDocument(one.legacy) }),
    ...(one.reason !== undefined && { reason: one.reason }),
    trace: one.trace,
  };
}

function legacyDocument(view: LegacyView): NonNullable<DmarcDocument['legacy']> {
  return {
    result: view.result,
    ...(view.organizationalDomain !== undefined && { organizational_domain: view.organizationalDomain }),
    ...(view.policyDomain !== undefined && { policy_domain: view.policyDomain }),
    policy: view.policy,
    applied: view.applied,
    ...(view.pct !== undefined && { pct: view.pct }),
    differs: view.differs,
  };
}

function arcDocument({ result, oldestPass, reason, chain }: ArcResult): ArcDocument {
  return {
    result,
    ...(oldestPass !== undefined && { oldest_pass: oldestPass }),
    ...(reason !== undefined && { reason }),
    chain: chain.map(({ instance, cv, domain, selector, authservId, seal, signature }) => ({
      instance,
      cv,
      domain,
      selector,
      authserv_id: authservId,
      seal,
      signature,
    })),
  };
}
