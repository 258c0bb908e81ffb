/**
 * DMARC: does what SPF and DKIM proved speak for the domain in From, and what does that domain ask for if not? RFC 9989.
 * In: the author, the results of SPF and DKIM, a resolver. Out: the verdict with every step on the way. Never throws for what is
 * in the message or the DNS. `applied` is what the record asks for; what a receiver does is decided elsewhere.
 */
import { printable } from '../../base/printable.ts';
import { type Soon, whenThere } from '../../base/soon.ts';
import type { Author } from '../../format/address.ts';
import { type DomainName, parseDomainName } from '../../format/domain-name.ts';
import type { DkimResult } from '../dkim/types.ts';
import type { Resolver } from '../dns/types.ts';
import type { SpfResult } from '../spf/types.ts';
import { type Aligner, type Alignment, createAligner, type Identifier, type Mechanism } from './alignment.ts';
import { applyPolicy, choosePolicy, choosePolicyRecord, dependsOnExistence, type PolicyRecord } from './decide.ts';
import { legacyTrace, legacyView } from './legacy-view.ts';
import { loadPublicSuffixes, type PublicSuffixes } from './public-suffix.ts';
import type { AlignmentMode, DmarcRecord } from './record.ts';
import { createRecordFinder, type FinderOptions, type RecordFinder, type Walk, walkTree } from './tree-walk.ts';
import type { DmarcResult, DmarcVerdict, LegacyView } from './types.ts';

export type DmarcFacts = {
  readonly author: Author;
  readonly spf: Pick<SpfResult, 'result' | 'domain'>;
  readonly dkim: readonly Pick<DkimResult, 'result' | 'domain' | 'partialBody'>[];
};

/** Mail of this domain for which nothing else speaks: to see what its policy says. */
export function authenticatedNothing(domain: DomainName): DmarcFacts {
  const first = { local: 'postmaster', domain };
  return { author: { kind: 'one', domain, first, mailboxes: [first] }, spf: { result: 'none', domain: '' }, dkim: [] };
}

export type DmarcOptions = FinderOptions & {
  /** Where the Public Suffix List comes from; by default it is read anew. */
  readonly suffixes?: () => Soon<PublicSuffixes>;
};

export async function evaluateDmarc(
  resolver: Resolver,
  facts: DmarcFacts,
  options: DmarcOptions = {},
): Promise<DmarcResult> {
  return await runDmarc(resolver, facts, options);
}

/** The same; at once where every answer is at hand. */
export function runDmarc(resolver: Resolver, facts: DmarcFacts, options: DmarcOptions): Soon<DmarcResult> {
  if (facts.author.kind !== 'one') return authorUnclear(facts.author.why);
  const find = createRecordFinder(resolver, options);
  const identifiers = identifiersOf(facts);
  const { domain, mailboxes } = facts.author;
  const trace: string[] = [];
  if (mailboxes.length > 1) trace.push(`From names ${mailboxes.length} mailboxes of ${domain}; the first one is shown`);
  const judging = whenThere(walkTree(domain, find), (walk) =>
    judge({ resolver, find, options, identifiers, trace }, walk),
  );
  return whenThere(judging, (judged) =>
    whenThere((options.suffixes ?? loadPublicSuffixes)(), (suffixes) =>
      whenThere(legacyView(judged, identifiers, find, suffixes), (legacy) => withLegacy(judged, legacy)),
    ),
  );
}

function withLegacy(judged: Judged, legacy: LegacyView): DmarcResult {
  const extra = legacyTrace(legacy);
  return { ...judged, legacy, trace: extra.length === 0 ? judged.trace : [...judged.trace, ...extra] };
}

type Judged = DmarcResult & { readonly domain: DomainName };

/** One evaluation under way. */
type Evaluation = {
  readonly resolver: Resolver;
  readonly find: RecordFinder;
  readonly options: DmarcOptions;
  readonly identifiers: readonly Identifier[];
  readonly trace: string[];
};

function judge(evaluation: Evaluation, walk: Walk): Soon<Judged> {
  const { find, identifiers, trace } = evaluation;
  const author = walk.start;
  noteWalk(trace, walk);
  const known = {
    domain: author,
    ...(walk.organizationalDomain !== undefined && { organizationalDomain: walk.organizationalDomain }),
    discoveryQueries: walk.steps.length,
  };
  const chosen = choosePolicyRecord(walk);
  if (typeof chosen === 'string' || chosen.record.usable === 'no') {
    const modes = { spf: 'strict', dkim: 'strict' } as const;
    return whenThere(alignAll(identifiers, modes, createAligner(walk, find), trace), (equal) =>
      withoutPolicy(chosen, { ...known, ...passedAndAligned(equal) }, trace),
    );
  }
  const modes = { spf: chosen.record.aspf, dkim: chosen.record.adkim };
  return whenThere(alignAll(identifiers, modes, createAligner(walk, find), trace), (aligned) =>
    whenThere(policyFor(evaluation, chosen, author), (policy) => {
      const verdict = verdictOf(aligned, policy.certain);
      return finish(verdict, chosen, policy, { ...known, ...passedAndAligned(aligned) }, trace);
    }),
  );
}

function policyFor(evaluation: Evaluation, chosen: PolicyRecord, author: DomainName): Soon<Chosen> {
  if (!dependsOnExistence(chosen, author)) return { policy: choosePolicy(chosen, author, true), certain: true };
  return policyByExistence(evaluation, chosen, author);
}

/** RFC 9989 §5.3.1, §11.5: there is nothing to evaluate; to refuse such mail is our own policy. */
function authorUnclear(why: string): DmarcResult {
  const none = { spfAligned: false, dkimAligned: false } as const;
  return { result: 'permerror', domain: null, policy: 'none', applied: 'reject', ...none, reason: why, trace: [why] };
}

/** RFC 9989 §4.4: a pass gives an identifier; a temporary error might have. A signature over part of the body gives none. Passes first. */
function identifiersOf({ spf, dkim }: DmarcFacts): readonly Identifier[] {
  const named: Identifier[] = [];
  const add = (by: Mechanism, result: string, text: string) => {
    const domain = result === 'pass' || result === 'temperror' ? parseDomainName(text) : undefined;
    if (domain !== undefined) named.push({ by, domain, proven: result === 'pass' });
  };
  add('spf', spf.result, spf.domain); // first, so that no flood of signatures can use up its walk
  for (const one of dkim) if (one.partialBody !== true) add('dkim', one.result, one.domain);
  return [...named.filter(({ proven }) => proven), ...named.filter(({ proven }) => !proven)];
}

type Aligned = Identifier & { readonly alignment: Alignment };

function isPass(one: Aligned): boolean {
  return one.proven && one.alignment === 'aligned';
}

function alignAll(
  identifiers: readonly Identifier[],
  modes: Readonly<Record<Mechanism, AlignmentMode>>,
  align: Aligner,
  trace: string[],
): Soon<readonly Aligned[]> {
  const all: Aligned[] = [];
  const add = (one: Identifier, alignment: Alignment) => {
    all.push({ by: one.by, domain: one.domain, proven: one.proven, alignment });
    const proof = one.proven ? 'pass' : 'temperror';
    trace.push(`${one.by} ${proof} for ${one.domain}: ${alignmentWords[alignment]} (${modes[one.by]})`);
  };
  const alignFrom = (from: number): Soon<readonly Aligned[]> => {
    for (let at = from; at < identifiers.length; at++) {
      const one = identifiers[at] as Identifier;
      if (!one.proven && all.some(isPass)) continue; // what it would have said no longer matters
      const answer = align(one.domain, modes[one.by]);
      if (answer instanceof Promise) {
        return answer.then((late) => {
          add(one, late);
          return alignFrom(at + 1);
        });
      }
      add(one, answer);
    }
    if (all.length === 0) trace.push('neither SPF nor DKIM passed');
    return all;
  };
  return alignFrom(0);
}

const alignmentWords = {
  aligned: 'aligned',
  'not-aligned': 'not aligned',
  unknown: 'unknown',
} as const satisfies Record<Alignment, string>;

function passedAndAligned(all: readonly Aligned[]): { readonly spfAligned: boolean; readonly dkimAligned: boolean } {
  const by = (mechanism: Mechanism) => all.some((one) => one.by === mechanism && isPass(one));
  return { spfAligned: by('spf'), dkimAligned: by('dkim') };
}

/** RFC 9989 §5.3.5, §5.3.6: one proven, aligned identifier is a pass; else what is still open leaves the verdict open. */
function verdictOf(all: readonly Aligned[], policyIsCertain: boolean): DmarcVerdict {
  if (all.some(isPass)) return 'pass';
  const open = all.some((one) => one.alignment === 'unknown' || (!one.proven && one.alignment === 'aligned'));
  return open || !policyIsCertain ? 'temperror' : 'fail';
}

type Chosen = { readonly policy: DmarcResult['policy']; readonly certain: boolean };

async function policyByExistence(
  { resolver, options, trace }: Evaluation,
  chosen: PolicyRecord,
  author: DomainName,
): Promise<Chosen> {
  // RFC 9989 §3.2.13: only NXDOMAIN makes it non-existent. Asked for CNAME, the DNS speaks of this very name, not of where it leads.
  const answer = await resolver.lookup(author, 'CNAME', options);
  const exists = !(answer.kind === 'none' && answer.why === 'nxdomain');
  trace.push(
    answer.kind === 'failed'
      ? `whether ${author} exists is not known: the DNS failed (${answer.why})`
      : `${author} ${exists ? 'exists, so sp or p counts' : 'does not exist, so np counts'}`,
  );
  return { policy: choosePolicy(chosen, author, exists), certain: answer.kind !== 'failed' };
}

type Known = Pick<Judged, 'domain' | 'spfAligned' | 'dkimAligned'> &
  Partial<Pick<DmarcResult, 'organizationalDomain' | 'policyDomain' | 'discoveryQueries'>>;

function finish(
  result: DmarcVerdict,
  { domain: policyDomain, record }: PolicyRecord,
  { policy }: Chosen,
  known: Known,
  trace: readonly string[],
): Judged {
  const applied = result === 'fail' ? applyPolicy(policy, record.testing) : 'none';
  const source = record.usable === 'as-none' ? ', its record is incomplete: taken as p=none' : '';
  return {
    result,
    ...known,
    policyDomain,
    policy,
    applied,
    ...(record.testing && { testing: true as const }),
    ...(result === 'temperror' && { reason: 'a failure of the DNS leaves the verdict open' }),
    trace: [
      ...trace,
      `policy of ${policyDomain}: ${policy}${record.testing ? ' (t=y: one step lower)' : ''}${source}`,
      `result: ${result}, applied: ${applied}`,
    ],
  };
}

/** RFC 9989 §4.10.1: without a usable record DMARC does not apply; with a failing DNS nobody knows. */
function withoutPolicy(chosen: PolicyRecord | 'none' | 'unknown', known: Known, trace: readonly string[]): Judged {
  const reason =
    chosen === 'unknown'
      ? 'a failure of the DNS hides the policy'
      : chosen === 'none'
        ? 'no DMARC record applies'
        : 'the DMARC record has no valid policy and no report address';
  const result = chosen === 'unknown' ? 'temperror' : 'none';
  const policyDomain = typeof chosen === 'string' ? {} : { policyDomain: chosen.domain };
  return {
    result,
    ...known,
    ...policyDomain,
    policy: 'none',
    applied: 'none',
    reason,
    trace: [...trace, reason, `result: ${result}`],
  };
}

function noteWalk(trace: string[], walk: Walk): void {
  for (const { domain, found } of walk.steps) {
    const text =
      found.kind === 'record'
        ? found.record.text
        : `${found.kind === 'failed' ? 'the DNS failed' : 'no record'} (${found.why})`;
    trace.push(`_dmarc.${domain}: ${printable(text, 400)}`);
    if (found.kind === 'record') for (const remark of ignoredIn(found.record)) trace.push(`  ignored: ${remark}`);
  }
  trace.push(`organizational domain of ${walk.start}: ${walk.organizationalDomain ?? 'not known'}`);
}

function ignoredIn({ remarks, obsolete }: DmarcRecord): readonly string[] {
  return [...remarks.slice(0, 10), ...obsolete.map((tag) => `${tag} (no meaning since RFC 9989)`)];
}
