/** Whether an authenticated identifier speaks for the author's domain. RFC 9989 §3.2.10, §4.10.2 */

import { type Soon, whenThere } from '../../base/soon.ts';
import { type DomainName, isEqualOrBelow, labelsOf } from '../../format/domain-name.ts';
import type { AlignmentMode } from './record.ts';
import { type RecordFinder, type Walk, walkTree } from './tree-walk.ts';

export type Mechanism = 'spf' | 'dkim';

/** What SPF or DKIM proved, or could not finish proving. */
export type Identifier = { readonly by: Mechanism; readonly domain: DomainName; readonly proven: boolean };

/** `unknown`: a failure of the DNS leaves it open. */
export type Alignment = 'aligned' | 'not-aligned' | 'unknown';

/** At once where no walk is needed, as for most mail. */
export type Aligner = (identifier: DomainName, mode: AlignmentMode) => Soon<Alignment>;

/** Walks for identifiers per message. Only names below the author's organizational domain cost one, so honest mail needs one or two. */
export const identifierWalksMax = 10;

/** @param walk the one that started at the author's domain */
export function createAligner(walk: Walk, find: RecordFinder): Aligner {
  const walks = new Map<DomainName, Soon<Walk>>();
  const walkOf = (domain: DomainName): Soon<Walk> | undefined => {
    const known = walks.get(domain);
    if (known !== undefined || walks.size >= identifierWalksMax) return known;
    const fresh = walkTree(domain, find);
    walks.set(domain, fresh);
    return fresh;
  };
  return (identifier, mode) => {
    if (identifier === walk.start) return 'aligned';
    if (mode === 'strict') return 'not-aligned';
    const organizational = walk.organizationalDomain;
    if (organizational === undefined) return sharesTop(identifier, walk.start) ? 'unknown' : 'not-aligned';
    // The organizational domain of a name is that name or one above it: anything else cannot be the author's.
    if (!isEqualOrBelow(identifier, organizational)) return 'not-aligned';
    const walking = walkOf(identifier);
    if (walking === undefined) return 'not-aligned';
    return whenThere(walking, (other) => {
      if (other.organizationalDomain === undefined) return 'unknown';
      return other.organizationalDomain === organizational ? 'aligned' : 'not-aligned';
    });
  };
}

function sharesTop(one: DomainName, other: DomainName): boolean {
  return labelsOf(one).at(-1) === labelsOf(other).at(-1);
}
