/**
 * Several records become one: the union of what they mean. Order is kept; a term that says the same as another stands once, with the
 * least restrictive qualifier; an address range inside another one goes; whatever lets mail pass stands before whatever stops it.
 * Pure, and knows no DNS.
 */
import type { DomainName } from '../../../format/domain-name.ts';
import { samePrefix } from '../../../protocol/spf/check.ts';
import type { Directive, Qualifier } from '../../../protocol/spf/record.ts';
import { nameOfTarget, type ReadModifier, type ReadRecord, type ReadTerm } from './read-terms.ts';
import type { SpfDropped, SpfProblem } from './types.ts';

export type Source = {
  /** The sender, or what else it is called; nothing for a record that is there. */
  readonly from?: string;
  readonly isPresent: boolean;
  readonly isLiteral: boolean;
  readonly read: ReadRecord;
};

export type MergedTerm = ReadTerm & {
  readonly from: readonly string[];
  /** Whether it is there already. */
  readonly isPresent: boolean;
  readonly isLiteral: boolean;
};

export type Merged = {
  readonly terms: readonly MergedTerm[];
  readonly behind: readonly MergedTerm[];
  readonly redirects: readonly ReadModifier[];
  readonly exp?: ReadModifier;
  readonly unknown: readonly string[];
  readonly dropped: readonly SpfDropped[];
  readonly problems: readonly SpfProblem[];
};

/** The first source is the base whose order stands. */
export function mergeTerms(name: DomainName, sources: readonly Source[]): Merged {
  const merging = new Merging(name);
  for (const source of sources) merging.add(source);
  return merging.end(sources);
}

/** A record of thousands of them is told by the first ones. */
const problemsMax = 50;

const strictness: Readonly<Record<Qualifier, number>> = { '+': 0, '?': 1, '~': 2, '-': 3 };

export function written({ qualifier, text }: Pick<ReadTerm, 'qualifier' | 'text'>): string {
  return qualifier === '+' ? text : `${qualifier}${text}`;
}

class Merging {
  readonly #name: DomainName;
  /** By what the terms mean, in their order; before and from the first one that does not let pass. */
  readonly #lead = new Map<string, MergedTerm>();
  readonly #rest = new Map<string, MergedTerm>();
  readonly #behind = new Map<string, MergedTerm>();
  /** Who brought what is in `rest` first. */
  readonly #bringers = new Map<string, Source>();
  readonly #problems: SpfProblem[] = [];

  constructor(name: DomainName) {
    this.#name = name;
  }

  add(source: Source): void {
    const own = new Set<string>(); // within one record the first of two equal terms decides
    const stops: ReadTerm[] = [];
    for (const given of source.read.terms) {
      const key = this.#keyOf(given);
      const term = { ...given, text: key };
      if (own.has(key)) continue;
      own.add(key);
      this.#place(key, term, source, stops);
      if (term.qualifier !== '+') stops.push(term);
    }
    for (const term of source.read.behind) this.#keepBehind(term, source);
  }

  /** @param stops what the record itself has before the term that does not let pass */
  #place(key: string, term: ReadTerm, source: Source, stops: readonly ReadTerm[]): void {
    const held = this.#lead.get(key) ?? this.#rest.get(key);
    const one = mergedOf(term, source, held);
    if (held !== undefined && strictness[held.qualifier] <= strictness[term.qualifier]) {
      const stays = { ...one, qualifier: held.qualifier };
      if (this.#lead.has(key)) this.#lead.set(key, stays);
      else this.#rest.set(key, term.qualifier === '+' ? this.#warned(stays, key, source) : stays);
      return;
    }
    this.#rest.delete(key); // it passes from now on: where it stood it might come too late
    if (!this.#lead.has(key)) this.#bringers.set(key, source);
    if (term.qualifier !== '+') this.#rest.set(key, one);
    else if (stops.every((stop) => isApart(stop, term))) this.#lead.set(key, one);
    else this.#rest.set(key, this.#warned(one, key, source));
  }

  /** It stays behind what stops some of it in one record, though another one lets all of it pass. */
  #warned(term: MergedTerm, key: string, source: Source): MergedTerm {
    const inTheWay: MergedTerm[] = [];
    for (const [other, held] of this.#rest) {
      if (other === key || this.#problems.length >= problemsMax) break;
      if (held.qualifier !== '+' && this.#bringers.get(other) !== source && !isApart(held, term)) inTheWay.push(held);
    }
    const [first] = inTheWay;
    if (first !== undefined)
      this.#problems.push({
        code: 'order-conflict',
        severity: 'warning',
        say: `${written(term)} stands behind ${written(first)}${inTheWay.length > 1 ? ` and ${inTheWay.length - 1} others` : ''}, which may stop some of it`,
      });
    return term;
  }

  /** Asked last, and so behind what other records stop. */
  #warnOfRedirect(source: Source): void {
    const { redirect, all } = source.read;
    if (redirect === undefined || all !== undefined) return;
    const isOther = ([key, { qualifier }]: [string, MergedTerm]) =>
      qualifier !== '+' && this.#bringers.get(key) !== source;
    const [, held] = [...this.#rest].find(isOther) ?? [];
    if (held === undefined) return;
    this.#problems.push({
      code: 'order-conflict',
      severity: 'warning',
      say: `${redirect.text} is asked last, behind ${written(held)}, which may stop some of it`,
    });
  }

  #keepBehind(term: ReadTerm, source: Source): void {
    const key = this.#keyOf(term);
    if (this.#lead.has(key) || this.#rest.has(key)) return;
    this.#behind.set(key, mergedOf(term, source, this.#behind.get(key)));
  }

  /** `a` at example.com and `a:example.com` are the same. RFC 7208 §5.3 */
  #keyOf({ directive, text }: ReadTerm): string {
    if (directive.kind !== 'a' && directive.kind !== 'mx' && directive.kind !== 'ptr') return text;
    const isOwn = directive.target !== undefined && nameOfTarget(directive.target) === this.#name;
    return isOwn ? text.replace(`:${this.#name}`, '') : text;
  }

  end(sources: readonly Source[]): Merged {
    const dropped: SpfDropped[] = [];
    const ordered = [...this.#lead.values(), ...this.#rest.values()];
    const terms = withoutCovered(ordered, dropped);
    const behind = [...this.#behind].filter(([key]) => !this.#lead.has(key) && !this.#rest.has(key));
    for (const [, term] of behind)
      this.#problems.push({
        code: 'behind-all',
        severity: 'warning',
        say: `${written(term)} stands behind "all", where nobody gets: it is without effect`,
        fix: 'name the sender it belongs to, or put it before "all" if it is to count',
      });
    for (const source of sources) this.#warnOfRedirect(source);
    const exp = this.#oneExp(sources, dropped);
    return {
      terms,
      behind: behind.map(([, term]) => term),
      redirects: distinct(
        sources.flatMap(({ read }) => (read.redirect && read.all === undefined ? [read.redirect] : [])),
      ),
      ...(exp && { exp }),
      unknown: [...new Set(sources.flatMap(({ read }) => read.unknown))],
      dropped,
      problems: this.#problems,
    };
  }

  /** RFC 7208 §6: at most one. */
  #oneExp(sources: readonly Source[], dropped: SpfDropped[]): ReadModifier | undefined {
    const [first, ...more] = distinct(sources.flatMap(({ read }) => read.exp ?? []));
    for (const { text } of more)
      dropped.push({ term: text, why: `a record has one explanation, and ${first?.text} was there first` });
    return first;
  }
}

function mergedOf(term: ReadTerm, { from, isPresent, isLiteral }: Source, held: MergedTerm | undefined): MergedTerm {
  return {
    ...(held ?? term), // the first spelling stays
    qualifier: term.qualifier,
    from: [...new Set([...(held?.from ?? []), ...(from === undefined ? [] : [from])])],
    isPresent: isPresent || (held?.isPresent ?? false),
    isLiteral: isLiteral || (held?.isLiteral ?? false),
  };
}

function distinct(modifiers: readonly ReadModifier[]): ReadModifier[] {
  return [...new Map(modifiers.map((one) => [one.text, one])).values()];
}

// ---- Address ranges

type Network = { readonly family: 'ip4' | 'ip6'; readonly bits: string; readonly prefix: number };

function networkOf({ directive }: ReadTerm): Network | undefined {
  if (directive.kind !== 'ip4' && directive.kind !== 'ip6') return undefined;
  return { family: directive.kind, bits: bitsOf(directive.octets), prefix: directive.prefix };
}

function bitsOf(octets: Uint8Array): string {
  return Array.from(octets, (octet) => octet.toString(2).padStart(8, '0')).join('');
}

/** Whether no address can be meant by both; what only the DNS knows might be anything. */
function isApart({ directive: one }: ReadTerm, { directive: other }: ReadTerm): boolean {
  if (!isNetwork(one) || !isNetwork(other)) return false;
  return one.kind !== other.kind || !samePrefix(one.octets, other.octets, Math.min(one.prefix, other.prefix));
}

type NetworkDirective = Extract<Directive, { readonly kind: 'ip4' | 'ip6' }>;
const isNetwork = (one: Directive): one is NetworkDirective => one.kind === 'ip4' || one.kind === 'ip6';

/** Ranges inside others that let pass go, when nothing stands before the wider one that might have stopped a part. */
function withoutCovered(terms: readonly MergedTerm[], dropped: SpfDropped[]): MergedTerm[] {
  const firstStop = terms.findIndex(({ qualifier }) => qualifier !== '+');
  const lead = firstStop < 0 ? terms : terms.slice(0, firstStop);
  const networks = new Map<string, number>();
  const lengths = { ip4: new Set<number>(), ip6: new Set<number>() };
  for (const [at, term] of lead.entries()) {
    const network = networkOf(term);
    if (network === undefined) continue;
    lengths[network.family].add(network.prefix);
    networks.set(networkKey(network, network.prefix), at);
  }
  if (networks.size === 0 || terms.length < 2) return [...terms];
  const takers = new Map<number, string[]>();
  const kept = terms.map((term) => {
    const at = term.qualifier === '+' ? coveredBy(term, networks, lengths) : undefined;
    if (at === undefined) return term;
    dropped.push({ term: written(term), why: `${lead[at]?.text} covers it` });
    takers.set(at, [...(takers.get(at) ?? []), ...term.from]);
    return undefined;
  });
  const merged = kept.map((term, at) => {
    const from = takers.get(at);
    return term && from ? { ...term, from: [...new Set([...term.from, ...from])] } : term;
  });
  return merged.filter((term) => term !== undefined);
}

const networkKey = ({ family, bits }: Network, prefix: number) => `${family} ${bits.slice(0, prefix)}`;

/** The widest that holds it. */
function coveredBy(
  term: ReadTerm,
  networks: ReadonlyMap<string, number>,
  lengths: Readonly<Record<'ip4' | 'ip6', ReadonlySet<number>>>,
): number | undefined {
  const network = networkOf(term);
  if (network === undefined) return undefined;
  const wider = [...lengths[network.family]].filter((length) => length < network.prefix).sort((a, b) => a - b);
  for (const length of wider) {
    const at = networks.get(networkKey(network, length));
    if (at !== undefined) return at;
  }
  return undefined;
}
