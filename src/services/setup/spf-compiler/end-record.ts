/**
 * How the one record ends: which `all`, or a redirect that stays, or one that has to become an include because something else ends the
 * record now. Pure.
 */
import type { QueryName } from '../../../format/domain-name.ts';
import type { Qualifier } from '../../../protocol/spf/record.ts';
import type { MergedTerm, Source } from './merge-terms.ts';
import { nameOfTarget, type ReadModifier, readTerms } from './read-terms.ts';
import type { SpfProblem, SpfRequest } from './types.ts';
import type { World } from './world.ts';

export type RecordEnd = {
  readonly all?: Qualifier;
  readonly redirect?: ReadModifier;
  /** Redirects as includes. */
  readonly converted: readonly MergedTerm[];
  readonly problems: readonly SpfProblem[];
};

export function endRecord(
  world: World,
  request: SpfRequest,
  sources: readonly Source[],
  redirects: readonly ReadModifier[],
): RecordEnd {
  const present = sources.filter(({ isPresent }) => isPresent);
  const ofPresent = present.flatMap(({ read }) => read.all ?? []);
  const isEnded = ofPresent.length + present.filter(({ read }) => read.redirect).length > 0;
  const alls = isEnded ? ofPresent : sources.flatMap(({ read }) => read.all ?? []);
  const idle = present.flatMap(({ read }) => (read.redirect && read.all !== undefined ? [read.redirect] : []));
  const problems: SpfProblem[] = idle.map(({ text }) => ({
    code: 'modifier-taken',
    severity: 'warning',
    say: `${text} was without effect beside "all", and is left out`, // RFC 7208 §6.1
  }));
  const [only, second] = redirects;
  const hasBehind = sources.some(({ read }) => read.behind.length > 0); // what stands behind an end needs one
  if (only !== undefined && second === undefined && ofPresent.length === 0 && !hasBehind)
    return { redirect: only, converted: [], problems };
  for (const { text } of redirects)
    problems.push({
      code: 'redirect-converted',
      severity: 'notice',
      say: `${text} becomes include:${text.slice('redirect='.length)}, because ${second ? 'a record has one redirect' : '"all" ends the record'}`,
    });
  const ends = [...alls, ...redirects.flatMap(({ target }) => allBehind(world, nameOfTarget(target)) ?? [])];
  const all = allOf(ends, request);
  return {
    all,
    converted: redirects.flatMap((one) => asInclude(one, sources)),
    problems: [...problems, ...changedAll(ends, all)],
  };
}

/** The user's `-all` stays; else `~all`, because DMARC decides and a forwarded message shall get that far. */
function allOf(ends: readonly Qualifier[], { dmarcStage }: SpfRequest): Qualifier {
  if (ends.length > 0) return ends.every((end) => end === '-') ? '-' : '~';
  return dmarcStage === 'reject' ? '-' : '~';
}

function changedAll(ends: readonly Qualifier[], all: Qualifier): SpfProblem[] {
  if (ends.includes('+'))
    return [
      {
        code: 'all-changed',
        severity: 'warning',
        say: `"+all" let everybody send as this domain: it becomes "${all}all"`,
      },
    ];
  if (ends.includes('?'))
    return [
      { code: 'all-changed', severity: 'notice', say: `"?all" said nothing about strangers: it becomes "${all}all"` },
    ];
  if (new Set(ends).size > 1)
    return [
      { code: 'all-changed', severity: 'notice', say: `the records end differently: "${all}all" is the milder end` },
    ];
  return [];
}

/** How the record that a redirect leads to ends. */
function allBehind({ recordAt }: World, name: QueryName | undefined): Qualifier | undefined {
  const seen = new Set<QueryName>();
  for (let at = name; at !== undefined && !seen.has(at) && seen.size < redirectsMax; ) {
    seen.add(at);
    const here = recordAt(at);
    if (here.kind !== 'record') return undefined;
    const { directives, redirect } = here.record;
    const all = directives.find(({ kind }) => kind === 'all');
    if (all !== undefined) return all.qualifier;
    at = redirect && nameOfTarget(redirect.target);
  }
  return undefined;
}

const redirectsMax = 10; // RFC 7208 §4.6.4: each is a lookup

function asInclude({ text }: ReadModifier, sources: readonly Source[]): MergedTerm[] {
  const { terms } = readTerms(`v=spf1 include:${text.slice('redirect='.length)}`);
  const owners = sources.filter(({ read }) => read.redirect?.text === text);
  const from = [...new Set(owners.flatMap((one) => one.from ?? []))];
  const isPresent = owners.some((one) => one.isPresent);
  return terms.map((term) => ({ ...term, from, isPresent, isLiteral: false }));
}
