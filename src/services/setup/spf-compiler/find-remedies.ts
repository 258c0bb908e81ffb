/**
 * Ways out of too many lookups, in the order in which they should be tried: take away what is of no use, let a sender send with a name
 * of its own, ask a hosted zone by address, write addresses in place of includes. Each is worked out to the record it leads to. Pure.
 */
import { spfLimits } from '../../../protocol/spf/check.ts';
import { type Draft, draftText, weighDraft, withRecords } from './draft.ts';
import { chainRecords, type FlatSource, flatSource, isLink, joinedTerms } from './flatten-includes.ts';
import { hostedName, hostedRecords } from './hosted-record.ts';
import { type MergedTerm, written } from './merge-terms.ts';
import { nameOfTarget, readTerms } from './read-terms.ts';
import type { SpfExtraRecord, SpfRemedy, SpfRemedyKind, SpfRequest } from './types.ts';
import { uselessTerms } from './useless-terms.ts';
import { Scale, type Weight } from './weigh-record.ts';
import { type World, worldOf } from './world.ts';

export type WorkedRemedy = SpfRemedy & {
  readonly draft: Draft;
  /** Senders that send with another name from then on. */
  readonly moved: readonly string[];
};

export function isOverLimit({ lookups, voidLookups }: Pick<Weight, 'lookups' | 'voidLookups'>): boolean {
  return lookups > spfLimits.lookups || voidLookups > spfLimits.voidLookups;
}

type Bench = { readonly world: World; readonly request: SpfRequest; readonly scale: Scale };

export function findRemedies(world: World, request: SpfRequest, draft: Draft): WorkedRemedy[] {
  const bench: Bench = { world, request, scale: new Scale(world) };
  const removal = remove(bench, draft);
  if (removal?.enough) return [removal];
  const lean = removal?.draft ?? draft;
  return [removal, move(bench, lean), host(bench, lean), flatten(bench, lean)].filter((remedy) => remedy !== undefined);
}

type Made = {
  readonly kind: SpfRemedyKind;
  readonly say: string;
  readonly draft: Draft;
  readonly extra?: readonly SpfExtraRecord[];
  readonly duties?: readonly string[];
  readonly moved?: readonly string[];
};

function worked(
  { world, scale }: Bench,
  { kind, say, draft, extra = [], duties = [], moved = [] }: Made,
): WorkedRemedy {
  const after = extra.length === 0 ? scale : new Scale(worldOf(withRecords(world.facts, extra), world.readRecord));
  const weight = weighDraft(after, draft);
  const { lookups, voidLookups } = weight;
  return {
    kind,
    say,
    record: draftText(draft),
    extra,
    lookups,
    voidLookups,
    enough: !isOverLimit(weight),
    duties,
    draft,
    moved,
  };
}

function remove(bench: Bench, draft: Draft): WorkedRemedy | undefined {
  const useless = uselessTerms(bench.world, draft);
  if (useless.length === 0) return undefined;
  const gone = new Set(useless.map(({ term }) => term));
  return worked(bench, {
    kind: 'remove',
    say: `take away ${useless.map(({ term, why }) => `${written(term)} (${why})`).join(', ')}`,
    draft: { ...draft, terms: draft.terms.filter((term) => !gone.has(term)) },
  });
}

/** The most expensive senders first, until it is enough. */
function move(bench: Bench, draft: Draft): WorkedRemedy | undefined {
  const { request, scale } = bench;
  const movable = request.wanted
    .filter(({ aligns, movesTo }) => aligns !== 'no' && movesTo !== undefined)
    .map((wish) => ({ wish, terms: draft.terms.filter(({ from }) => from.length === 1 && from[0] === wish.sender) }))
    .map((one) => ({
      ...one,
      cost: scale.weighAll(
        one.terms.map(({ directive }) => directive),
        draft.name,
      ).lookups,
    }))
    .filter(({ cost }) => cost > 0)
    .sort((a, b) => b.cost - a.cost);
  let over = weighDraft(scale, draft).lookups - spfLimits.lookups;
  const moved: typeof movable = [];
  for (const one of movable) {
    if (over <= 0) break;
    moved.push(one);
    over -= one.cost;
  }
  if (moved.length === 0) return undefined;
  const gone = new Set(moved.flatMap(({ terms }) => terms));
  const nameOf = (label: string | undefined) => `${label}.${draft.name}`;
  return worked(bench, {
    kind: 'move',
    say: `let ${moved.map(({ wish }) => `${wish.sender} send with ${nameOf(wish.movesTo)}`).join(', and ')}`,
    draft: { ...draft, terms: draft.terms.filter((term) => !gone.has(term)) },
    extra: moved.map(({ wish, terms }) => ({
      name: nameOf(wish.movesTo),
      type: 'TXT',
      value: ['v=spf1', ...terms.map(written), '~all'].join(' '),
    })),
    moved: moved.map(({ wish }) => wish.sender),
    duties: moved.map(
      ({ wish }) => `set the return path of ${wish.sender} to ${nameOf(wish.movesTo)}, then take its terms away here`,
    ),
  });
}

type Flat = { readonly term: MergedTerm; readonly cost: number; readonly source: FlatSource };

/** Includes that addresses can stand for, the most expensive first; not those whose service looks for the very text. */
function flattable(
  { world, scale, request }: Bench,
  draft: Draft,
  mayBe: (target: string, term: MergedTerm) => boolean,
): Flat[] {
  return draft.terms
    .flatMap((term): Flat[] => {
      const { directive } = term;
      const target = directive.kind === 'include' ? nameOfTarget(directive.target) : undefined;
      if (
        term.qualifier !== '+' ||
        term.isLiteral ||
        target === undefined ||
        !mayBe(target, term) ||
        request.literal?.has(target)
      )
        return [];
      const source = flatSource(world, target);
      return 'why' in source ? [] : [{ term, source, cost: scale.weigh(directive, draft.name).lookups }];
    })
    .sort((a, b) => b.cost - a.cost);
}

function literals(draft: Draft): string[] {
  return draft.terms
    .filter(({ isLiteral }) => isLiteral)
    .map((term) => `${written(term)} stays: its service looks for the very text`);
}

/** Only senders that are declared: their includes are known by name next time, and what is hosted is made from them anew. */
function host(bench: Bench, draft: Draft): WorkedRemedy | undefined {
  const { hosted } = bench.request;
  if (hosted === undefined) return undefined;
  const name = hostedName(hosted);
  const without = { ...draft, terms: draft.terms.filter((term) => term.text !== `include:${name}`) };
  const flat = flattable(bench, without, (target, { from }) => from.length > 0 && !isLink(target, draft.name));
  const extra = flat.length === 0 ? undefined : hostedRecords(hosted, joinedTerms(flat.map(({ source }) => source)));
  if (extra === undefined) return undefined;
  return worked(bench, {
    kind: 'host',
    say: `one include of ${name}, which asks by address, in place of ${names(flat)}`,
    draft: replaced(without, flat, name),
    extra,
    duties: ['the hosted zone follows what the providers change', ...literals(draft)],
  });
}

/** As few includes as are enough: what is flattened has to be watched. What was flattened before stays in, whoever it was for. */
function flatten(bench: Bench, draft: Draft): WorkedRemedy | undefined {
  const targets = draft.terms.flatMap(({ directive }) =>
    directive.kind === 'include' ? (nameOfTarget(directive.target) ?? []) : [],
  );
  const links = flattable(bench, draft, (target) => isLink(target, draft.name));
  if (links.length < targets.filter((target) => isLink(target, draft.name)).length) return undefined; // somebody else's names
  const flat = flattable(bench, draft, (target) => !isLink(target, draft.name));
  let best: WorkedRemedy | undefined;
  for (let count = 1; count <= flat.length && !best?.enough; count++) {
    const chosen = flat.slice(0, count);
    const extra = chainRecords(draft.name, joinedTerms([...links, ...chosen].map(({ source }) => source)));
    if (extra === undefined) break; // more includes make more records
    best = worked(bench, {
      kind: 'flatten',
      say: `write the addresses of ${names(chosen)} into ${extra.length === 1 ? 'one record' : `a chain of ${extra.length} records`}`,
      draft: replaced(draft, [...links, ...chosen], extra[0]?.name ?? draft.name),
      extra,
      duties: ['look again when the providers may have changed theirs: spf flatten --check', ...literals(draft)],
    });
  }
  return best;
}

const names = (flat: readonly Flat[]) => flat.map(({ term }) => written(term)).join(', ');

/** The new include stands where the first of those it replaces stood. */
export function replaced(draft: Draft, flat: readonly { readonly term: MergedTerm }[], target: string): Draft {
  const gone = new Set(flat.map(({ term }) => term));
  const [term] = readTerms(`v=spf1 include:${target}`).terms;
  const first = draft.terms.findIndex((one) => gone.has(one));
  const from = [...new Set(flat.flatMap(({ term: one }) => one.from))];
  const include = term && { ...term, from, isPresent: false, isLiteral: false };
  return {
    ...draft,
    terms: draft.terms.flatMap((one, at) => (at === first && include ? [include] : gone.has(one) ? [] : [one])),
  };
}
