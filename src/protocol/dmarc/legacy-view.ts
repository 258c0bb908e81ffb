/**
 * The same message as receivers see it that still follow RFC 7489: the organizational domain by the Public Suffix List, the policy
 * by p and sp alone, pct in force. Told beside the verdict of RFC 9989, which it never changes, so that whoever publishes a record
 * learns where old receivers differ.
 */

import { type Soon, whenThere } from '../../base/soon.ts';
import type { DomainName } from '../../format/domain-name.ts';
import type { Identifier } from './alignment.ts';
import type { PublicSuffixes } from './public-suffix.ts';
import type { AlignmentMode, DmarcRecord } from './record.ts';
import type { FoundRecord, RecordFinder } from './tree-walk.ts';
import type { DmarcPolicy, DmarcResult, LegacyView } from './types.ts';

/** @param identifiers all that passed, or that failed for the time being */
export function legacyView(
  judged: Judged,
  identifiers: readonly Identifier[],
  find: RecordFinder,
  suffixes: PublicSuffixes,
): Soon<LegacyView> {
  const organizational = suffixes.organizationalDomain(judged.domain);
  return whenThere(findPolicy(judged.domain, organizational, find), (policy) =>
    viewBy(policy, judged, organizational, identifiers, suffixes),
  );
}

type Judged = DmarcResult & { readonly domain: DomainName };
type FoundPolicy = { readonly domain: DomainName; readonly found: FoundRecord };

function viewBy(
  { domain, found }: FoundPolicy,
  judged: Judged,
  organizational: DomainName | undefined,
  identifiers: readonly Identifier[],
  suffixes: PublicSuffixes,
): LegacyView {
  const author = judged.domain;
  const record = found.kind === 'record' && found.record.usableByOldRule !== 'no' ? found.record : undefined;
  const policy = record === undefined ? 'none' : policyOf(record, domain === author);
  const result =
    found.kind === 'failed'
      ? 'temperror'
      : record
        ? resultOf(record, { author, organizational }, identifiers, suffixes)
        : 'none';
  const applied = result === 'fail' ? policy : 'none';
  const share = record?.pct ?? 100;
  return {
    ...(organizational !== undefined && { organizationalDomain: organizational }),
    ...(found.kind === 'record' && { policyDomain: domain }),
    result,
    policy,
    applied,
    ...(record?.pct !== undefined && { pct: record.pct }),
    differs: result !== judged.result || applied !== judged.applied || (applied !== 'none' && share < 100),
  };
}

/** RFC 7489 §6.6.3: the author's domain; where it has no record at all, the organizational domain. Several records: none. */
function findPolicy(author: DomainName, organizational: DomainName | undefined, find: RecordFinder): Soon<FoundPolicy> {
  return whenThere(find(author), (own): Soon<FoundPolicy> => {
    if (own.kind !== 'none' || own.several || organizational === undefined || organizational === author)
      return { domain: author, found: own };
    return whenThere(find(organizational), (found) => ({ domain: organizational, found }));
  });
}

/** RFC 7489 §6.3 (p, sp) */
function policyOf({ usableByOldRule, p, sp }: DmarcRecord, isOwnRecord: boolean): DmarcPolicy {
  if (usableByOldRule !== 'yes' || p === undefined) return 'none'; // RFC 7489 §6.6.3 step 6
  return isOwnRecord ? p : (sp ?? p);
}

/** RFC 7489 §3.1: one aligned pass is enough. */
function resultOf(
  record: DmarcRecord,
  { author, organizational }: { readonly author: DomainName; readonly organizational: DomainName | undefined },
  identifiers: readonly Identifier[],
  suffixes: PublicSuffixes,
): 'pass' | 'fail' | 'temperror' {
  const modes: Readonly<Record<Identifier['by'], AlignmentMode>> = { spf: record.aspf, dkim: record.adkim };
  const aligned = identifiers.filter(({ by, domain }) => {
    if (domain === author) return true;
    if (modes[by] === 'strict' || organizational === undefined) return false;
    return suffixes.organizationalDomain(domain) === organizational;
  });
  if (aligned.some(({ proven }) => proven)) return 'pass';
  return aligned.length > 0 ? 'temperror' : 'fail';
}

/** What of it is worth a line. */
export function legacyTrace({ differs, organizationalDomain, result, applied, pct }: LegacyView): readonly string[] {
  if (!differs) return [];
  const share = pct === undefined || applied === 'none' ? '' : ` for ${pct} % of such mail`;
  const organizational = organizationalDomain ?? 'none, it is a public suffix';
  return [
    `receivers of RFC 7489 differ: ${result}, applied: ${applied}${share} (organizational domain: ${organizational})`,
  ];
}
