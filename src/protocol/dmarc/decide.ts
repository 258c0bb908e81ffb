/** The decisions of DMARC once the facts are there: which record, which policy, what is applied. RFC 9989 §4.7, §4.10.1. Pure. */
import type { DomainName } from '../../format/domain-name.ts';
import type { DmarcRecord } from './record.ts';
import type { Walk } from './tree-walk.ts';
import type { DmarcPolicy } from './types.ts';

export type PolicyRecord = { readonly domain: DomainName; readonly record: DmarcRecord };

/** RFC 9989 §4.10.1: the author domain's record, else the organizational domain's, else the public suffix's. */
export function choosePolicyRecord(walk: Walk): PolicyRecord | 'none' | 'unknown' {
  const own = walk.steps[0]?.found;
  if (own?.kind === 'record') return { domain: walk.start, record: own.record };
  if (walk.organizationalDomain === undefined) return 'unknown';
  const records = walk.steps.flatMap(({ domain, found }) =>
    found.kind === 'record' ? [{ domain, record: found.record }] : [],
  );
  const organizational = records.find(({ domain }) => domain === walk.organizationalDomain);
  return organizational ?? records.find(({ record }) => record.psd === 'y') ?? 'none';
}

/** Whether it matters for the policy that the author's domain exists: only np makes a difference. RFC 9989 §4.7 */
export function dependsOnExistence({ domain, record }: PolicyRecord, author: DomainName): boolean {
  return (
    record.usable === 'yes' && domain !== author && record.np !== undefined && record.np !== (record.sp ?? record.p)
  );
}

/** RFC 9989 §4.10.1: p for the record's own domain, sp for names below it, np for those of them that do not exist. */
export function choosePolicy({ domain, record }: PolicyRecord, author: DomainName, exists: boolean): DmarcPolicy {
  if (record.usable !== 'yes' || record.p === undefined) return 'none';
  if (domain === author) return record.p;
  return (exists ? undefined : record.np) ?? record.sp ?? record.p;
}

const oneStepLower = { reject: 'quarantine', quarantine: 'none', none: 'none' } as const satisfies Record<
  DmarcPolicy,
  DmarcPolicy
>;

/** RFC 9989 §4.7: t=y asks for one step less. */
export function applyPolicy(policy: DmarcPolicy, testing: boolean): DmarcPolicy {
  return testing ? oneStepLower[policy] : policy;
}
