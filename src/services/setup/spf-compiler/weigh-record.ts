/**
 * What a record costs whoever evaluates it to the end, out of facts that are known already: RFC 7208 §4.6.4, the worst case. The same
 * count as `posthorn spf tree` makes, and beside it what clients of one family meet. Every name is read once, however often it is
 * included, so that records that point at each other cost no more than there are of them.
 */
import type { QueryName } from '../../../format/domain-name.ts';
import type { DnsAnswer } from '../../../protocol/dns/types.ts';
import { isLocal } from '../../../protocol/spf/mechanisms.ts';
import type { Directive, SpfModifier } from '../../../protocol/spf/record.ts';
import { nameOfTarget } from './read-terms.ts';
import type { SpfProblem } from './types.ts';
import type { World } from './world.ts';

export const weighLimits = {
  /** Records read for one proposal: twenty times what may be evaluated. */
  records: 200,
  /** How deep: each level costs a lookup, so twice what may be evaluated. */
  depth: 20,
  /** Counts go no further: beyond ten the exact number is no use to anybody. */
  count: 999,
} as const;

const mxNamesMax = 10; // RFC 7208 §4.6.4

export type Weight = {
  readonly lookups: number;
  /** Names of terms for which the DNS has nothing at all. */
  readonly voidLookups: number;
  /** What an IPv4 and an IPv6 client meet, macros that lead nowhere included. */
  readonly void4: number;
  readonly void6: number;
};

export type WeighedName = Weight & { readonly problems: readonly SpfProblem[] };

/** Of a directive or of `redirect`. */
export type Weighable = Directive | ({ readonly kind: 'redirect' } & SpfModifier);

const nothing: Weight = { lookups: 0, voidLookups: 0, void4: 0, void6: 0 };
const one: Weight = { ...nothing, lookups: 1 };

export class Scale {
  readonly #world: World;
  readonly #known = new Map<QueryName, WeighedName>();
  readonly #open = new Set<QueryName>();
  #records = 0;

  constructor(world: World) {
    this.#world = world;
  }

  /** A term in the record of `name`. */
  weigh(term: Weighable, name: QueryName): WeighedName {
    if (term.kind !== 'redirect' && isLocal(term)) return { ...nothing, problems: [] };
    if (term.kind === 'ptr') return { ...one, void4: 1, void6: 1, problems: [] }; // a client without a name of its own
    const target = term.target === undefined ? name : nameOfTarget(term.target);
    if (term.kind === 'include' || term.kind === 'redirect') return this.#weighBelow(term.text, target);
    // A macro stands for another name each time: the DNS may have nothing for it.
    if (target === undefined) return { ...one, void4: 1, void6: 1, problems: [] };
    if (term.kind === 'mx') return this.#weighMx(term.text, target);
    const four = this.#world.facts.lookup(target, 'A');
    const six = term.kind === 'exists' ? four : this.#world.facts.lookup(target, 'AAAA');
    return { ...weightOf(four, six), problems: unknowns(term.text, [four, six]) };
  }

  #weighMx(text: string, target: QueryName): WeighedName {
    const answer = this.#world.facts.lookup(target, 'MX');
    const problems = unknowns(text, [answer]);
    if (answer.kind === 'found' && answer.records.length > mxNamesMax)
      problems.push({
        code: 'too-many-mx',
        severity: 'error',
        say: `${text}: ${target} has ${answer.records.length} MX records, receivers take at most ${mxNamesMax}`,
      });
    return { ...weightOf(answer, answer), problems };
  }

  #weighBelow(text: string, target: QueryName | undefined): WeighedName {
    if (target === undefined) return { ...one, void4: 1, void6: 1, problems: [] };
    const below = this.#weighName(text, target);
    return { ...plus(one, below), problems: below.problems };
  }

  #weighName(text: string, name: QueryName): WeighedName {
    const held = this.#known.get(name);
    if (held !== undefined) return held;
    if (this.#open.has(name))
      return {
        ...nothing,
        problems: [broken('loop', `${text} leads back to ${name}, which includes it: receivers give up`)],
      };
    const isTooDeep = this.#open.size >= weighLimits.depth || this.#records >= weighLimits.records;
    if (isTooDeep) return { ...nothing, lookups: weighLimits.count, problems: [] };
    this.#open.add(name);
    this.#records++;
    const weighed = this.#readName(text, name);
    this.#open.delete(name);
    this.#known.set(name, weighed);
    return weighed;
  }

  #readName(text: string, name: QueryName): WeighedName {
    const at = this.#world.recordAt(name);
    if (at.kind === 'unknown') return { ...nothing, problems: [unanswered(text)] };
    if (at.kind === 'none') {
      const isVoid = at.isVoid ? 1 : 0;
      const problems = [
        broken('broken-below', `${text}: ${name} has no SPF record, so the check ends there with an error`),
      ];
      return { lookups: 0, voidLookups: isVoid, void4: isVoid, void6: isVoid, problems };
    }
    if (at.kind !== 'record') {
      const why =
        at.kind === 'several' ? `${name} has ${at.count} SPF records` : `the record of ${name} cannot be read`;
      return { ...nothing, problems: [broken('broken-below', `${text}: ${why}`)] };
    }
    const { directives, redirect, hasAll } = at.record;
    const end = directives.findIndex(({ kind }) => kind === 'all');
    const terms: readonly Weighable[] = end < 0 ? directives : directives.slice(0, end);
    return this.weighAll(
      redirect === undefined || hasAll ? terms : [...terms, { ...redirect, kind: 'redirect' }],
      name,
    );
  }

  /** All of them, in the record of `name`. */
  weighAll(terms: readonly Weighable[], name: QueryName): WeighedName {
    let sum: Weight = nothing;
    const problems = new Map<string, SpfProblem>();
    for (const term of terms) {
      if (term.kind === 'ip4' || term.kind === 'ip6') continue;
      const weighed = this.weigh(term, name);
      sum = plus(sum, weighed);
      for (const problem of weighed.problems) if (problems.size < problemsMax) problems.set(problem.say, problem);
    }
    return { ...sum, problems: [...problems.values()] };
  }
}

/** A record of thousands of broken includes is told by its first ones. */
const problemsMax = 50;

function plus(a: Weight, b: Weight): Weight {
  const sum = (x: number, y: number) => Math.min(weighLimits.count, x + y);
  return {
    lookups: sum(a.lookups, b.lookups),
    voidLookups: sum(a.voidLookups, b.voidLookups),
    void4: sum(a.void4, b.void4),
    void6: sum(a.void6, b.void6),
  };
}

function weightOf(four: DnsAnswer<unknown>, six: DnsAnswer<unknown>): Weight {
  const [void4, void6] = [four, six].map(({ kind }) => (kind === 'none' ? 1 : 0)) as [number, number];
  return { lookups: 1, voidLookups: void4 * void6, void4, void6 };
}

function unknowns(text: string, answers: readonly DnsAnswer<unknown>[]): SpfProblem[] {
  return answers.some(({ kind }) => kind === 'failed') ? [unanswered(text)] : [];
}

function unanswered(text: string): SpfProblem {
  return {
    code: 'unknown-below',
    severity: 'warning',
    say: `${text}: the DNS did not answer, so what it costs is not known`,
  };
}

function broken(code: 'broken-below' | 'loop', say: string): SpfProblem {
  return { code, severity: 'error', say };
}
