/**
 * The SPF compiler: what stands at a name and what its senders want become one record, with everything a person has to know before it is
 * published. In: facts that were looked up before. Out: a proposal. Pure.
 *
 * `read-terms.ts` reads, `merge-terms.ts` unites, `claim-terms.ts` says whose a term is, `end-record.ts` how the record ends,
 * `weigh-record.ts` counts, `prove-record.ts` tries, `find-remedies.ts` helps where it is too much.
 */
import { type RememberLimits, remembering } from '../../../base/remembering.ts';
import { isSpfRecord, parseSpfRecord } from '../../../protocol/spf/record.ts';
import { sizeProblem, txtAnswerOctets } from './answer-size.ts';
import { claimTerms, uselessWishes } from './claim-terms.ts';
import { type Draft, draftText, judgedDraft, weighDraft, withRecords } from './draft.ts';
import { dropFlattened } from './drop-covered.ts';
import { endRecord } from './end-record.ts';
import { findRemedies, isOverLimit, type WorkedRemedy } from './find-remedies.ts';
import { hostedName } from './hosted-record.ts';
import { type MergedTerm, mergeTerms, type Source, written } from './merge-terms.ts';
import { limitProblems, proofProblems, termProblems } from './name-problems.ts';
import { type FullProof, proveRecord } from './prove-record.ts';
import { looksLikeSpf, type ReadRecord, readTerms } from './read-terms.ts';
import type { SpfCompiler, SpfDropped, SpfFacts, SpfProblem, SpfProposal, SpfRequest } from './types.ts';
import { Scale } from './weigh-record.ts';
import { type World, worldOf } from './world.ts';

const compileLimits = {
  /** Of all texts together: more than one DNS message holds (RFC 1035 §4.2.2), so nobody could get such a record. */
  octets: 65_535,
} as const;

/** Ours: some 5 MB when all are as long as they may be. */
const remembered: RememberLimits = { textsMax: 2_000, textMax: 2_000 };

export function createSpfCompiler(): SpfCompiler {
  const readRecord = remembering(parseSpfRecord, remembered);
  const readText = remembering(readTerms, remembered);
  return { compile: (facts, request) => compile(depsOf(facts, readRecord, readText), request) };
}

type Deps = { readonly world: World; readonly scale: Scale; readonly readText: (text: string) => ReadRecord };

function depsOf(facts: SpfFacts, readRecord: World['readRecord'], readText: Deps['readText']): Deps {
  const world = worldOf(facts, readRecord);
  return { world, scale: new Scale(world), readText };
}

function compile(deps: Deps, request: SpfRequest): SpfProposal {
  const present = request.present.filter(looksLikeSpf).toSorted(); // DNS gives them in any order
  const octets = [...request.present, ...request.wanted.flatMap(({ terms }) => terms)].reduce(
    (sum, { length }) => sum + length,
    0,
  );
  if (octets > compileLimits.octets) return tooLarge(present, octets);
  if (request.silent) return silence(deps, request, present);
  const sources = sourcesOf(deps, present, request);
  if (sources.every(({ read }) => isEmpty(read)) && present.length === 0) return nothing(request);
  const merged = mergeTerms(request.name, sources);
  const end = endRecord(deps.world, request, sources, merged.redirects);
  const claimed = claimTerms(withConverted(merged.terms, end.converted), request.wanted);
  const held = dropFlattened(deps.world, request.name, claimed.terms);
  const { exp, unknown, behind } = merged;
  const draft: Draft = {
    name: request.name,
    terms: held.terms,
    behind,
    unknown,
    ...(end.all !== undefined && { all: end.all }),
    ...(end.redirect && { redirect: end.redirect }),
    ...(exp && { exp }),
  };
  const covered = merged.dropped;
  const dropped = [...covered, ...held.dropped, ...claimed.dropped, ...uselessWishes(request.wanted), ...lost(sources)];
  const problems = [...severalProblems(present), ...sources.flatMap(named), ...merged.problems, ...end.problems];
  const base = baseText(sources, draft, claimed.dropped);
  return propose(deps, request, { draft, present, dropped, problems, base });
}

function sourcesOf(
  { readText }: Deps,
  present: readonly string[],
  { wanted, presentFrom: from }: SpfRequest,
): Source[] {
  const there = present.map(
    (text): Source => ({
      ...(from !== undefined && { from }),
      isPresent: true,
      isLiteral: false,
      read: readText(text),
    }),
  );
  const wishes = wanted
    .filter(({ aligns, terms }) => aligns !== 'no' && terms.length > 0)
    .map(
      ({ sender, terms, literal }): Source => ({
        from: sender,
        isPresent: false,
        isLiteral: literal ?? false,
        read: readWish(readText, terms),
      }),
    );
  return [...there, ...wishes];
}

/** A whole record as a provider's page shows it, or terms; of these all are wanted, wherever they stand. */
function readWish(readText: Deps['readText'], terms: readonly string[]): ReadRecord {
  if (isSpfRecord(terms[0] ?? '')) return readText(terms.join(' '));
  const read = readText(`v=spf1 ${terms.join(' ')}`);
  return read.behind.length === 0 ? read : { ...read, terms: [...read.terms, ...read.behind], behind: [] };
}

const isEmpty = ({ terms, behind, redirect, problems, all }: ReadRecord) =>
  terms.length + behind.length + problems.length === 0 && redirect === undefined && all === undefined;

/** A redirect that became an include stands last: it was asked when nothing else matched. */
function withConverted(terms: readonly MergedTerm[], converted: readonly MergedTerm[]): readonly MergedTerm[] {
  const isThere = (one: MergedTerm) => terms.some(({ text }) => text === one.text);
  return [...terms, ...converted.filter((one) => !isThere(one))];
}

function lost(sources: readonly Source[]): SpfDropped[] {
  return sources.flatMap(({ read }) =>
    read.problems
      .filter(({ code, severity }) => code === 'unreadable-term' && severity === 'error')
      .map(({ where, say }) => ({ term: where?.text.slice(where.at, where.at + where.length) ?? '', why: say })),
  );
}

/** Whose mistake it is. */
function named({ from, read }: Source): readonly SpfProblem[] {
  return from === undefined ? read.problems : read.problems.map((one) => ({ ...one, say: `${from}: ${one.say}` }));
}

function severalProblems(present: readonly string[]): SpfProblem[] {
  const count = present.filter(isSpfRecord).length;
  if (count < 2) return [];
  return [
    {
      code: 'several-records',
      severity: 'warning',
      say: `${count} SPF records stand there: receivers take none of them. They become one`, // RFC 7208 §4.5
      fix: 'take the others away in the same change',
    },
  ];
}

/** The one text that is there, when the draft says the same in the same order, ranges inside others aside. */
function baseText(sources: readonly Source[], draft: Draft, gone: readonly SpfDropped[]): string | undefined {
  const [first, second] = sources.filter(({ isPresent }) => isPresent);
  if (first === undefined || second !== undefined || gone.length > 0 || !isSpfRecord(first.read.given))
    return undefined;
  const { read } = first;
  if (!parseSpfRecord(read.given).ok) return undefined;
  const alone = mergeTerms(draft.name, [first]);
  const own = draftText({
    name: draft.name,
    terms: alone.terms,
    behind: alone.behind,
    unknown: alone.unknown,
    ...(read.all !== undefined && { all: read.all }),
    ...(read.redirect && read.all === undefined && { redirect: read.redirect }),
    ...(alone.exp && { exp: alone.exp }),
  });
  return own === draftText(draft) ? read.given : undefined;
}

type Drafted = {
  readonly draft: Draft;
  readonly present: readonly string[];
  /** The text that is there and says it already. */
  readonly base: string | undefined;
  readonly dropped: readonly SpfDropped[];
  readonly problems: readonly SpfProblem[];
};

function propose(deps: Deps, request: SpfRequest, drafted: Drafted): SpfProposal {
  const { draft } = drafted;
  const weight = weighDraft(deps.scale, draft);
  const isHosted = request.hosted !== undefined && includes(draft, hostedName(request.hosted));
  if (!isOverLimit(weight) && !(isHosted && request.accept?.includes('host')))
    return finish(deps, request, drafted, []);
  const remedies = findRemedies(deps.world, request, draft);
  const taken = remedies.find(({ kind, enough }) => enough && request.accept?.includes(kind));
  if (taken === undefined) return finish(deps, request, drafted, isOverLimit(weight) ? remedies : []);
  const after = depsOf(withRecords(deps.world.facts, taken.extra), deps.world.readRecord, deps.readText);
  const wanted = request.wanted.filter(({ sender }) => !taken.moved.includes(sender));
  const base = drafted.base === undefined && taken.record === drafted.present[0] ? taken.record : undefined;
  const settled = { ...drafted, draft: taken.draft, base };
  return { ...finish(after, { ...request, wanted }, settled, []), extra: taken.extra, remedies: remedies.map(shown) };
}

function includes({ terms }: Draft, name: string): boolean {
  return terms.some(({ text }) => text === `include:${name}`);
}

function shown({ draft: _, moved: __, ...remedy }: WorkedRemedy): SpfProposal['remedies'][number] {
  return remedy;
}

const untried: FullProof = { proof: { tried: 0, failed: [] }, failures: [], passesEverybody: false };

function finish(deps: Deps, request: SpfRequest, drafted: Drafted, remedies: readonly WorkedRemedy[]): SpfProposal {
  const { draft, present, base, dropped } = drafted;
  const { scale } = deps;
  const weight = weighDraft(scale, draft);
  const record = request.respell ? draftText(draft) : (base ?? draftText(draft));
  const judged = { name: draft.name, record: judgedDraft(draft), terms: draft.terms, wishes: request.wanted };
  const full = isOverLimit(weight) ? untried : proveRecord(deps.world, judged); // nobody would get to the end of it
  const others = [...request.present.filter((text) => !looksLikeSpf(text)), ...(request.planned ?? [])];
  const answerOctets = txtAnswerOctets(draft.name, [record, ...others]);
  const problems = [
    ...drafted.problems,
    ...termProblems(draft),
    ...weight.problems,
    ...limitProblems(weight),
    ...proofProblems(full),
    ...[sizeProblem(answerOctets, others.length)].filter((one) => one !== undefined),
  ];
  const isPresent = base !== undefined && present.length === 1;
  return {
    record,
    isPresent,
    replaces: present.filter((text) => text !== record),
    terms: draft.terms.map((term) => ({
      term: written(term),
      from: term.from,
      lookups: scale.weigh(term.directive, draft.name).lookups,
    })),
    dropped: isPresent ? dropped.filter(({ why }) => !why.endsWith(' covers it')) : dropped,
    problems,
    lookups: weight.lookups,
    voidLookups: weight.voidLookups,
    voidLookupsWorst: Math.max(weight.void4, weight.void6),
    answerOctets,
    extra: [],
    remedies: remedies.map(shown),
    proof: full.proof,
    isFit: isFit(problems, scale, draft),
  };
}

/** Errors that were there before and that somebody else has to mend do not keep the rest from being published. */
function isFit(problems: readonly SpfProblem[], scale: Scale, { name, terms }: Draft): boolean {
  const blocking = [
    'too-many-lookups',
    'too-many-void-lookups',
    'not-authorised',
    'stranger-passes',
    'everybody-passed',
    'size',
  ];
  if (problems.some(({ code, severity }) => severity === 'error' && blocking.includes(code))) return false;
  const added = terms.filter(({ isPresent }) => !isPresent).map(({ directive }) => directive);
  return scale.weighAll(added, name).problems.every(({ severity }) => severity !== 'error');
}

const noRecord = {
  isPresent: false,
  terms: [],
  dropped: [],
  problems: [],
  lookups: 0,
  voidLookups: 0,
  voidLookupsWorst: 0,
  extra: [],
  remedies: [],
  proof: { tried: 0, failed: [] },
} as const;

/** Nothing is there and nobody wants anything. */
function nothing(request: SpfRequest): SpfProposal {
  const others = [...request.present, ...(request.planned ?? [])];
  return {
    ...noRecord,
    replaces: [],
    dropped: uselessWishes(request.wanted),
    answerOctets: txtAnswerOctets(request.name, others),
    isFit: true,
  };
}

function tooLarge(present: readonly string[], octets: number): SpfProposal {
  const say = `${octets} octets of text are more than a DNS answer can hold (${compileLimits.octets}): nothing is changed`;
  return {
    ...noRecord,
    replaces: [],
    problems: [{ code: 'size', severity: 'error', say, fix: `look at what stands there: ${present.length} records` }],
    answerOctets: octets,
    isFit: false,
  };
}

/** RFC 7208 §10.1.2: a domain that sends nothing says so. */
function silence({ readText }: Deps, request: SpfRequest, present: readonly string[]): SpfProposal {
  const record = 'v=spf1 -all';
  const others = [...request.present.filter((text) => !looksLikeSpf(text)), ...(request.planned ?? [])];
  const isSame = (text: string) => isSpfRecord(text) && text.toLowerCase().replaceAll(/ +/g, ' ').trim() === record;
  const terms = present
    .filter((text) => !isSame(text))
    .flatMap((text) => {
      const { terms: ahead, behind, redirect } = readText(text);
      return [...[...ahead, ...behind].map(written), ...(redirect ? [redirect.text] : [])];
    });
  const isPresent = present.length === 1 && isSame(present[0] ?? '');
  return {
    ...noRecord,
    record: isPresent ? (present[0] ?? record) : record,
    isPresent,
    replaces: isPresent ? [] : present,
    dropped: [...new Set(terms)].map((term) => ({ term, why: 'nothing is ever sent with this name' })),
    problems: severalProblems(present),
    answerOctets: txtAnswerOctets(request.name, [record, ...others]),
    isFit: true,
  };
}
