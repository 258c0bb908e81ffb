/**
 * A domain's record with chosen includes written out as addresses, the fingerprint of what was written, and later the look at what has
 * changed upstream since: small changes are taken over, large ones need a person's word. Pure.
 */
import { type Outcome, refuse } from '../../../base/outcome.ts';
import { type DomainName, parseDomainName, parseQueryName } from '../../../format/domain-name.ts';
import { spfLimits } from '../../../protocol/spf/check.ts';
import { isSpfRecord, parseSpfRecord } from '../../../protocol/spf/record.ts';
import {
  networksOf,
  networkTerm,
  normalRanges,
  type Ranges,
  rangesOfTerms,
  sizeOfRanges,
  withoutRanges,
} from './address-ranges.ts';
import { type Draft, draftText, weighDraft, withRecords } from './draft.ts';
import { replaced } from './find-remedies.ts';
import {
  chainRecords,
  type FlatSource,
  type FlattenRefusal,
  flatSource,
  isLink,
  joinedTerms,
} from './flatten-includes.ts';
import { mergeTerms } from './merge-terms.ts';
import { nameOfTarget, readTerms } from './read-terms.ts';
import type { SpfChange, SpfCheck, SpfFacts, SpfFingerprint, SpfFlattened } from './types.ts';
import { Scale } from './weigh-record.ts';
import { type World, worldOf } from './world.ts';

const flattenLimits = {
  /** How often one looks again, as a part of the upstream records' TTL: what they change is seen that much later. */
  ttlPart: 4,
  lookAgainMinMs: 15 * 60_000,
  lookAgainMaxMs: 24 * 3_600_000,
  /** Addresses that have gone upstream stay that long: mail sent from them may still be on its way. */
  leaveMs: 24 * 3_600_000,
  /** A larger part of the addresses gone or come needs a person's word. */
  changeMax: 0.3,
} as const;

export type FlattenRefusalCode =
  | 'no-record'
  | 'several-records'
  | 'unreadable'
  | 'dns-failed'
  | 'flat-already'
  | 'no-such-include'
  | 'nothing-to-flatten'
  | 'too-many';

export type FlattenWish = {
  readonly name: DomainName;
  /** Names of includes to write out; all that can be, when empty. */
  readonly includes: readonly string[];
  /** Names whose service looks for the very text, and why. */
  readonly literal: ReadonlyMap<string, string>;
  readonly nowMs: number;
};

export function flattenDomain(facts: SpfFacts, wish: FlattenWish): Outcome<SpfFlattened, FlattenRefusalCode> {
  const world = worldOf(facts, parseSpfRecord);
  const found = draftAt(world, wish.name);
  if (!found.ok) return found;
  const draft = found.value;
  const targets = includesOf(draft);
  if (targets.some((target) => isLink(target, wish.name)))
    return refuse('flat-already', `${wish.name} is flattened already: look for changes with its fingerprint`);
  const missing = wish.includes.find((one) => !targets.includes(one));
  if (missing !== undefined) return refuse('no-such-include', `the record of ${wish.name} does not include ${missing}`);
  const chosen = wish.includes.length > 0 ? wish.includes : targets;
  const refused: FlattenRefusal[] = [];
  const sources = chosen.flatMap((include): FlatSource[] => {
    const source = sourceOf(world, wish, include);
    if ('why' in source) refused.push(source);
    return 'why' in source ? [] : [source];
  });
  const [first] = refused;
  if (sources.length === 0)
    return refuse(
      'nothing-to-flatten',
      first === undefined ? `the record of ${wish.name} includes nothing` : `${first.include}: ${first.why}`,
    );
  const original = draftText(draft);
  return settle(world, { name: wish.name, original, sources, leaving: [], refused, nowMs: wish.nowMs });
}

function sourceOf(world: World, { literal }: FlattenWish, include: string): FlatSource | FlattenRefusal {
  const why = literal.get(include);
  if (why !== undefined) return { include, why };
  const name = parseQueryName(include);
  return name === undefined ? { include, why: 'no name to ask for' } : flatSource(world, name);
}

function draftAt(world: World, name: DomainName): Outcome<Draft, FlattenRefusalCode> {
  const at = world.recordAt(name);
  switch (at.kind) {
    case 'unknown':
      return refuse('dns-failed', `the DNS did not answer for ${name}`);
    case 'none':
      return refuse('no-record', `${name} has no SPF record`);
    case 'several':
      return refuse('several-records', `${name} has ${at.count} SPF records: merge them first`);
    case 'unreadable':
      return refuse('unreadable', `the SPF record of ${name} cannot be read`);
    case 'record':
      return { ok: true, value: draftOf(name, at.record.text) };
  }
}

function draftOf(name: DomainName, text: string): Draft {
  const read = readTerms(text);
  const merged = mergeTerms(name, [{ isPresent: true, isLiteral: false, read }]);
  return {
    name,
    terms: merged.terms,
    behind: merged.behind,
    unknown: merged.unknown,
    ...(read.all !== undefined && { all: read.all }),
    ...(read.redirect && { redirect: read.redirect }),
    ...(merged.exp && { exp: merged.exp }),
  };
}

function includesOf({ terms }: Draft): string[] {
  return terms.flatMap(({ directive, qualifier }) =>
    directive.kind === 'include' && qualifier === '+' ? (nameOfTarget(directive.target) ?? []) : [],
  );
}

type Settled = {
  readonly name: DomainName;
  /** The record with its includes. */
  readonly original: string;
  readonly sources: readonly Pick<FlatSource, 'include' | 'networks' | 'ttlSeconds'>[];
  readonly leaving: SpfFingerprint['leaving'];
  readonly refused: readonly FlattenRefusal[];
  readonly nowMs: number;
};

function settle(world: World, settled: Settled): Outcome<SpfFlattened, FlattenRefusalCode> {
  const { name, original, sources, leaving, refused, nowMs } = settled;
  const draft = draftOf(name, original);
  const networks = joinedTerms([...sources, ...leaving]);
  const chain = chainRecords(name, networks);
  if (chain === undefined)
    return refuse('too-many', `${networks.length} networks take more than ten records: flatten fewer includes`);
  const gone = new Set(sources.map(({ include }) => include));
  const flat = draft.terms
    .filter(
      ({ directive, qualifier }) =>
        directive.kind === 'include' && qualifier === '+' && gone.has(nameOfTarget(directive.target) ?? ''),
    )
    .map((term) => ({ term }));
  const after = replaced(draft, flat, chain[0]?.name ?? name);
  const weight = weighDraft(new Scale(worldOf(withRecords(world.facts, chain), world.readRecord)), after);
  if (weight.lookups > spfLimits.lookups)
    return refuse('too-many', `it would still take ${weight.lookups} lookups, ${chain.length} of them for the chain`);
  const record = draftText(after);
  const ttlMs = Math.min(...sources.map(({ ttlSeconds }) => ttlSeconds)) * 1_000;
  const wait = Math.min(
    flattenLimits.lookAgainMaxMs,
    Math.max(flattenLimits.lookAgainMinMs, ttlMs / flattenLimits.ttlPart),
  );
  return {
    ok: true,
    value: {
      domain: name,
      record,
      chain,
      refused,
      before: weighDraft(new Scale(world), draft).lookups,
      lookups: weight.lookups,
      voidLookups: weight.voidLookups,
      fingerprint: {
        version: 1,
        domain: name,
        made: iso(nowMs),
        lookAgain: iso(nowMs + wait),
        original,
        record,
        chain,
        sources: sources.map(({ include, networks: own }) => ({ include, networks: own })),
        leaving,
      },
    },
  };
}

const iso = (atMs: number) => new Date(atMs).toISOString();

// ---- Later

/** What has changed upstream since, and the chain as it should be now. */
export function checkFlattened(
  facts: SpfFacts,
  fingerprint: SpfFingerprint,
  nowMs: number,
): Outcome<SpfCheck, FlattenRefusalCode> {
  const world = worldOf(facts, parseSpfRecord);
  const name = parseDomainName(fingerprint.domain);
  if (name === undefined) return refuse('unreadable', 'the fingerprint names no domain');
  const now = fingerprint.sources.map((before) => ({ before, source: namedSource(world, before.include) }));
  const changes = now.map(({ before, source }) => changeOf(before, source));
  const stillLeaving = fingerprint.leaving.filter(({ until }) => Date.parse(until) > nowMs);
  const removed = changes.flatMap((change) => change.removed);
  const until = iso(nowMs + flattenLimits.leaveMs);
  const leaving = removed.length === 0 ? stillLeaving : [...stillLeaving, { networks: removed, until }];
  const sources = now.map(({ before, source }) => ('why' in source ? { ...before, ttlSeconds: 0 } : source)); // what cannot be read stays as it was
  const next = settle(world, { name, original: fingerprint.original, sources, leaving, refused: [], nowMs });
  if (!next.ok) return next;
  const isSame = changes.every(
    ({ added, removed: gone, problem }) => added.length + gone.length === 0 && problem === undefined,
  );
  const isLeft = stillLeaving.length < fingerprint.leaving.length;
  return {
    ok: true,
    value: {
      changes,
      hasChanged: !isSame || isLeft,
      needsConsent: changes.some(({ consent }) => consent !== undefined),
      isDrifted: isDrifted(world, fingerprint),
      next: next.value,
    },
  };
}

function namedSource(world: World, include: string): FlatSource | FlattenRefusal {
  const name = parseQueryName(include);
  return name === undefined ? { include, why: 'no name to ask for' } : flatSource(world, name);
}

function changeOf(
  before: { readonly include: string; readonly networks: readonly string[] },
  source: FlatSource | FlattenRefusal,
): SpfChange {
  const { include } = before;
  if ('why' in source)
    return {
      include,
      added: [],
      removed: [],
      problem: source.why,
      consent: 'it cannot be read now, so its addresses stay as they were',
    };
  const families = ([32, 128] as const).map((bits) => familyChange(before.networks, source.networks, bits));
  const consent = families.map((one) => consentFor(one)).find((one) => one !== undefined);
  return {
    include,
    added: families.flatMap(({ added, bits }) => networksOf(added, bits).map(networkTerm)),
    removed: families.flatMap(({ removed, bits }) => networksOf(removed, bits).map(networkTerm)),
    ...(consent !== undefined && { consent }),
  };
}

type FamilyChange = {
  readonly bits: 32 | 128;
  readonly before: Ranges;
  readonly added: Ranges;
  readonly removed: Ranges;
};

/** By addresses: networks that were only cut in another way are no change. */
function familyChange(before: readonly string[], after: readonly string[], bits: 32 | 128): FamilyChange {
  const kind = bits === 32 ? 'ip4' : 'ip6';
  const [old, now] = [normalRanges(rangesOfTerms(before, kind)), normalRanges(rangesOfTerms(after, kind))];
  return { bits, before: old, added: withoutRanges(now, old), removed: withoutRanges(old, now) };
}

function consentFor({ bits, before, added, removed }: FamilyChange): string | undefined {
  const family = bits === 32 ? 'IPv4' : 'IPv6';
  const [had, come, gone] = [before, added, removed].map((one) => Number(sizeOfRanges(one))) as [
    number,
    number,
    number,
  ];
  const percent = (count: number) => `${Math.round((100 * count) / had)} %`;
  if (gone > had * flattenLimits.changeMax) return `${percent(gone)} of its ${family} addresses are gone`;
  if (had === 0) return come === 0 ? undefined : `it had no ${family} addresses, and has some now`;
  return come > had * flattenLimits.changeMax ? `it has ${percent(come)} more ${family} addresses` : undefined;
}

/** Somebody has changed the domain's record or the chain itself; what nobody asked for is not known. */
function isDrifted({ facts }: World, { domain, record, chain }: SpfFingerprint): boolean {
  return [{ name: domain, value: record }, ...chain].some(({ name, value }) => {
    const at = parseQueryName(name);
    const answer = at && facts.lookup(at, 'TXT');
    return answer?.kind === 'none' || (answer?.kind === 'found' && !answer.records.filter(isSpfRecord).includes(value));
  });
}
