/**
 * SPF for every name that mail is sent from: the wishes of all senders and what is there go to the compiler; what it answers becomes
 * records, conflicts and notes. A record that would break a limit is told, and not put into the plan. Pure.
 */
import { type DomainName, parseDomainName } from '../../../format/domain-name.ts';
import type { SpfExtraRecord, SpfProblem, SpfProposal, SpfRequest, SpfWish } from '../spf-compiler/types.ts';
import type { DmarcStage, Plan, PlanConflict, PlanNote, PlannedRecord } from '../types.ts';
import { delegatedWishes } from './delegated-spf.ts';
import { look, type Sight, spfFacts } from './facts.ts';
import { type Context, type Part, self, stateAmong, ttlSeconds } from './part.ts';
import { spfWishOf } from './spf-wish.ts';

/** What else the plan settles that counts here. */
export type SpfSurroundings = {
  readonly stage: DmarcStage;
  /** Other TXT values that it puts at a name. */
  readonly planned: readonly PlannedRecord[];
};

export function planSpf(context: Context, surroundings: SpfSurroundings): Part {
  const parts = [...delegatedWishes(context, wishesByName(context))].map(([name, wishes]) =>
    planName(context, surroundings, name, wishes),
  );
  return {
    records: parts.flatMap((part) => part.records ?? []),
    conflicts: parts.flatMap((part) => part.conflicts ?? []),
    notes: parts.flatMap((part) => part.notes ?? []),
    dropped: parts.flatMap((part) => part.dropped ?? []),
  };
}

/** At a name that a sender sends from, all that send from there have a say, also those that want no term. */
function wishesByName({ domain, wants, office, declaration }: Context): ReadonlyMap<DomainName, readonly SpfWish[]> {
  const byName = new Map<DomainName, SpfWish[]>([[domain, []]]);
  const add = (name: DomainName, wish: SpfWish) => byName.set(name, [...(byName.get(name) ?? []), wish]);
  if (office) {
    const terms = [`a:${office.hostname}`];
    add(domain, { sender: self, terms, aligns: 'yes' });
    const bounces = parseDomainName(`bounce.${domain}`);
    if (bounces) add(bounces, { sender: self, terms, aligns: 'yes' });
  }
  for (const [at, want] of wants.entries()) {
    const subdomain = declaration.senders[at]?.parameters.subdomain;
    const home = subdomain === undefined ? domain : (parseDomainName(`${subdomain}.${domain}`) ?? domain);
    const elsewhere = want.spf.filter(({ name }) => name !== home);
    const here = want.spf.filter(({ name }) => name === home);
    if (want.sender.sends) add(home, spfWishOf(want, here, subdomain === undefined));
    for (const part of elsewhere) {
      const name = parseDomainName(part.name);
      if (name) add(name, { ...spfWishOf(want, [part], false), aligns: 'yes' });
    }
  }
  return byName;
}

function planName(
  context: Context,
  { stage, planned }: SpfSurroundings,
  name: DomainName,
  wanted: readonly SpfWish[],
): Part {
  const sight = look(context.facts, name, 'TXT');
  const proposal = propose(context, {
    name,
    present: sight.kind === 'seen' && !sight.isWild ? sight.values : [],
    wanted,
    planned: planned.filter((record) => record.name === name && record.type === 'TXT').map(({ value }) => value),
    dmarcStage: stage,
    ...(context.declaration.spf && { accept: context.declaration.spf }),
  });
  const { record } = proposal;
  if (record === undefined) return { notes: notesOf(name, proposal.problems) };
  const why = whyOf(wanted);
  const base = {
    name,
    type: 'TXT',
    value: record,
    ttl: ttlSeconds,
    needed: 'required',
    why,
    sender: sendersOf(proposal),
  } as const;
  if (sight.kind === 'unknown') return { records: [{ ...base, state: 'unknown' }] };
  const dropped = proposal.dropped.map(({ term, why: reason }) => ({ term, why: reason }));
  const notes = notesOf(name, proposal.problems);
  if (proposal.isPresent)
    return { records: [{ ...base, state: 'present' }], notes, dropped, conflicts: conflictsOf(name, proposal) };
  const rival = planned.find((one) => one.name === name && one.type === 'CNAME');
  const alias = rival?.value ?? sight.alias;
  if (alias !== undefined) return { conflicts: [besideAlias(name, alias, record, rival?.sender)], notes };
  if (!proposal.isFit) return { conflicts: conflictsOf(name, proposal), notes };
  const settled: PlannedRecord =
    proposal.replaces.length === 0
      ? { ...base, state: 'missing' }
      : { ...base, state: 'wrong', replaces: proposal.replaces };
  return {
    records: [settled, ...extraRecords(context, proposal.extra)],
    conflicts: conflictsOf(name, proposal),
    notes,
    dropped,
  };
}

/** Terms that can help nobody are kept while there is room; over the limit they go first, each with its reason. */
function propose({ facts, catalogue, compiler }: Context, request: SpfRequest): SpfProposal {
  const known = spfFacts(facts, (name) => catalogue.recogniseName('spfDomains', name) !== undefined);
  const proposal = compiler.compile(known, request);
  const isTooMuch = proposal.problems.some(({ code, severity }) => severity === 'error' && code === 'too-many-lookups');
  if (proposal.isFit || !isTooMuch) return proposal;
  const lean = compiler.compile(known, {
    ...request,
    wanted: request.wanted.map((wish) =>
      wish.terms.length === 0 && wish.aligns === 'with-return-path'
        ? {
            ...wish,
            aligns: 'no',
            why: `${wish.sender} sends with a return path below this name, where its own record counts`,
          }
        : wish,
    ),
    accept: [...(request.accept ?? []), 'remove'],
  });
  return lean.isFit ? lean : proposal;
}

function whyOf(wanted: readonly SpfWish[]): string {
  const senders = wanted.filter(({ terms }) => terms.length > 0).map(({ sender }) => sender);
  return senders.length === 0
    ? 'SPF: who may send with this name'
    : `SPF: lets ${senders.join(', ')} send with this name`;
}

function sendersOf({ terms }: SpfProposal): string {
  return [...new Set(terms.flatMap(({ from }) => from))].join(', ') || self;
}

function extraRecords({ facts }: Context, extra: readonly SpfExtraRecord[]): readonly PlannedRecord[] {
  return extra.map(({ name, type, value }) => {
    const sight: Sight = look(facts, name, type);
    const why = 'SPF: the main record leads here';
    return {
      name,
      type,
      value,
      ttl: ttlSeconds,
      state: stateAmong(sight, type, value),
      needed: 'required',
      why,
      sender: self,
    };
  });
}

function notesOf(name: string, problems: readonly SpfProblem[]): readonly PlanNote[] {
  // Where DNS did not say what an include holds, nobody can be seen to pass.
  const isOpen = problems.some(({ code }) => code === 'unknown-below');
  return problems
    .filter(({ severity, code }) => severity !== 'error' && !(isOpen && code === 'not-authorised'))
    .slice(0, toldMax)
    .map(({ code, say, fix }) => ({
      code: `spf-${code}`,
      name,
      say: fix === undefined ? sentence(say) : `${sentence(say)} ${sentence(fix)}`,
    }));
}

function conflictsOf(name: string, { problems, remedies, record }: SpfProposal): readonly PlanConflict[] {
  return problems
    .filter(({ severity }) => severity === 'error')
    .slice(0, toldMax)
    .map(({ code, say, fix }) => ({
      code: `spf-${code}`,
      name,
      say: sentence(say),
      fix: sentence(fix ?? waysOut(remedies, record)),
    }));
}

/** Of a record of thousands of terms more would be said than anybody reads. (Our choice.) */
const toldMax = 10;
/** Longer than any record that fits into a DNS answer without trouble. */
const clauseMax = 1_000;

/** A clause as a sentence; a term at its beginning stays as it is written. */
function sentence(written: string): string {
  const clause = written.length > clauseMax ? `${written.slice(0, clauseMax)}...` : written;
  const begun = /^[a-z]+ /.test(clause) ? `${clause.charAt(0).toUpperCase()}${clause.slice(1)}` : clause;
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}

function waysOut(remedies: SpfProposal['remedies'], record: string | undefined): string {
  const ways = remedies.map(
    ({ kind, say, lookups, enough }) =>
      `--spf ${kind}: ${say} (${lookups} lookups${enough ? '' : ', not enough alone'})`,
  );
  return ways.length > 0 ? ways.join('; ') : `Wanted: ${name(record)}`;
}

function name(record: string | undefined): string {
  return `TXT "${record ?? ''}"`;
}

function besideAlias(at: string, alias: string, record: string, rival?: string): PlanConflict {
  return {
    code: 'cname-beside',
    name: at,
    say: `${at} is a CNAME to ${alias}${rival === undefined ? '' : ` for ${rival}`}, and nothing may stand beside one; mail is to be sent with this name.`,
    fix: `Remove the CNAME or choose another name for the return path. Wanted: ${at} TXT "${record}"`,
  };
}

/** Terms of senders whose mail SPF can never let pass: a zone that the office answers itself is made without them. */
export function uselessTerms({ domain, wants }: Pick<Context, 'domain' | 'wants'>): Plan['dropped'] {
  return wants.flatMap((want) => {
    const parts = want.spf.filter(({ name }) => name === domain);
    const { terms, sender, aligns } = spfWishOf(want, parts, false);
    if (aligns !== 'no') return [];
    const why = `${sender} sends with a return path of its own, so SPF can never pass for this domain`;
    return terms.map((term) => ({ term, why }));
  });
}
