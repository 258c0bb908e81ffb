/**
 * Asks DNS for everything that a proposal for one name may need to know: the records there, all that they and the wishes include, and
 * the hosts they name. Bounded, because strangers write most of it. The only part of the compiler that waits.
 */
import { parseQueryName, type QueryName } from '../../../format/domain-name.ts';
import type { DnsAnswer, LookupOptions, RecordData, Resolver } from '../../../protocol/dns/types.ts';
import { isLocal } from '../../../protocol/spf/mechanisms.ts';
import { isSpfRecord } from '../../../protocol/spf/record.ts';
import { looksLikeSpf, nameOfTarget, type ReadRecord, readTerms } from './read-terms.ts';
import type { SpfFacts, SpfFactType } from './types.ts';

const gatherLimits = {
  /** Twelve senders take about a hundred. */
  questions: 400,
} as const;

type Wanted = {
  readonly name: QueryName;
  /** Records and terms that are wanted there. */
  readonly texts: readonly string[];
  /** Whether the record that stands there counts as well. */
  readonly ownRecord: boolean;
};

export async function gatherSpfFacts(
  resolver: Resolver,
  { name, texts, ownRecord }: Wanted,
  options: LookupOptions = {},
): Promise<SpfFacts> {
  const gathering = new Gathering(resolver, options);
  await Promise.all([
    ownRecord ? gathering.record(name, looksLikeSpf) : undefined,
    ...texts.map((text) => gathering.follow(name, readTerms(looksLikeSpf(text) ? text : `v=spf1 ${text}`))),
  ]);
  return factsOf(gathering.answers);
}

const notAsked = { kind: 'failed', why: 'servfail' } as const;

function factsOf(answers: ReadonlyMap<string, DnsAnswer<unknown>>): SpfFacts {
  return {
    lookup: <T extends SpfFactType>(name: QueryName, type: T) =>
      (answers.get(`${type} ${name}`) ?? notAsked) as DnsAnswer<RecordData[T]>,
  };
}

class Gathering {
  readonly answers = new Map<string, DnsAnswer<unknown>>();
  readonly #resolver: Resolver;
  readonly #options: LookupOptions;
  readonly #asked = new Map<string, Promise<DnsAnswer<unknown>>>();

  constructor(resolver: Resolver, options: LookupOptions) {
    this.#resolver = resolver;
    this.#options = options;
  }

  /** The record of a name, once, and what it leads to. */
  async record(name: QueryName, isOne: (text: string) => boolean = isSpfRecord): Promise<void> {
    if (this.#asked.has(`TXT ${name}`)) return;
    const answer = await this.#ask(name, 'TXT');
    const texts = answer.kind === 'found' ? answer.records.filter(isOne) : [];
    await Promise.all(texts.map((text) => this.follow(name, readTerms(text))));
  }

  async follow(name: QueryName, { terms, redirect }: ReadRecord): Promise<void> {
    const below = redirect && nameOfTarget(redirect.target);
    await Promise.all([
      ...[...new Map(terms.map((term) => [term.text, term])).values()].map(({ directive }) => {
        if (isLocal(directive) || directive.kind === 'ptr') return undefined;
        const target = directive.target === undefined ? name : nameOfTarget(directive.target);
        if (target === undefined) return undefined;
        if (directive.kind === 'include') return this.record(target);
        if (directive.kind === 'exists') return this.#ask(target, 'A');
        return directive.kind === 'a' ? this.#host(target) : this.#hosts(target);
      }),
      below === undefined ? undefined : this.record(below),
    ]);
  }

  async #hosts(name: QueryName): Promise<void> {
    const answer = await this.#ask(name, 'MX');
    const hosts =
      answer.kind === 'found' ? answer.records.flatMap(({ exchange }) => parseQueryName(exchange) ?? []) : [];
    await Promise.all(hosts.slice(0, mxNamesMax).map((host) => this.#host(host)));
  }

  async #host(name: QueryName): Promise<void> {
    await Promise.all([this.#ask(name, 'A'), this.#ask(name, 'AAAA')]);
  }

  async #ask<T extends SpfFactType>(name: QueryName, type: T): Promise<DnsAnswer<RecordData[T]>> {
    const key = `${type} ${name}`;
    const held = this.#asked.get(key);
    if (held !== undefined) return held as Promise<DnsAnswer<RecordData[T]>>;
    if (this.#asked.size >= gatherLimits.questions) return notAsked;
    const asking = this.#resolver.lookup(name, type, this.#options);
    this.#asked.set(key, asking);
    const answer = await asking;
    this.answers.set(key, answer);
    return answer;
  }
}

const mxNamesMax = 10; // RFC 7208 §4.6.4
