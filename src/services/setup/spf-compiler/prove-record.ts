/**
 * Tries a proposed record before anybody sees it: every known address of every sender, some of each network that its terms and those
 * that were there stand for, and a stranger. Pure.
 */
import { parseQueryName, type QueryName } from '../../../format/domain-name.ts';
import { type IpAddress, ipAddressOf, parseIpAddress } from '../../../format/ip-address.ts';
import { isLocal } from '../../../protocol/spf/mechanisms.ts';
import type { Directive } from '../../../protocol/spf/record.ts';
import { type Judged, type Judgement, judgeAddress } from './judge-address.ts';
import type { MergedTerm } from './merge-terms.ts';
import { nameOfTarget } from './read-terms.ts';
import type { SpfProof, SpfWish } from './types.ts';
import type { World } from './world.ts';

const proofLimits = {
  /** Addresses tried in one proof. */
  tried: 200,
  /** Taken from each term. */
  perTerm: 3,
  /** Records looked into for them. */
  records: 8,
  /** Comparisons with a network or a name: records of thousands of terms are tried with fewer addresses. */
  work: 200_000,
} as const;

/** Documentation networks: nobody sends from there, unless a test says so. */
const strangers = ['203.0.113.77', '2001:db8:77:77::77', '198.51.100.77', '192.0.2.177', '233.252.0.77'].flatMap(
  (text) => parseIpAddress(text) ?? [],
);

export type Exhibit = {
  readonly name: QueryName;
  readonly record: Judged;
  readonly terms: readonly MergedTerm[];
  readonly wishes: readonly SpfWish[];
};

type Failure = SpfProof['failed'][number] & {
  /** Whether the sender's own terms let it pass, so that the union takes it away. */
  readonly isOurs: boolean;
};

export type FullProof = {
  readonly proof: SpfProof;
  readonly failures: readonly Failure[];
  readonly passesEverybody: boolean;
};

export function proveRecord(world: World, exhibit: Exhibit): FullProof {
  const proving = new Proving(world, exhibit);
  for (const wish of exhibit.wishes) proving.tryWish(wish);
  for (const term of exhibit.terms) proving.tryTerm(term);
  return proving.end();
}

class Proving {
  readonly #world: World;
  readonly #exhibit: Exhibit;
  readonly #failures: Failure[] = [];
  readonly #triedMax: number;
  #tried = 0;

  constructor(world: World, exhibit: Exhibit) {
    this.#world = world;
    this.#exhibit = exhibit;
    this.#triedMax = Math.min(proofLimits.tried, Math.ceil(proofLimits.work / (exhibit.record.directives.length + 1)));
  }

  tryWish({ sender, addresses = [], aligns }: SpfWish): void {
    if (aligns === 'no') return;
    const own = this.#exhibit.terms.filter(({ from }) => from.includes(sender)).map(({ directive }) => directive);
    for (const text of addresses) {
      const address = parseIpAddress(text);
      if (address !== undefined) this.#try(sender, address, own, true);
    }
  }

  tryTerm({ from, directive, qualifier, text }: MergedTerm): void {
    if (qualifier !== '+') return;
    for (const address of samplesOf(this.#world, this.#exhibit.name, directive))
      this.#try(from[0] ?? text, address, [directive], false);
  }

  /** @param isStated somebody said that the sender has it; else a term only seems to hold it */
  #try(sender: string, address: IpAddress, own: readonly Directive[], isStated: boolean): void {
    if (this.#tried >= this.#triedMax) return;
    this.#tried++;
    const result = this.#judge(this.#exhibit.record, address);
    if (result === 'pass') return;
    const isOurs = this.#judge({ directives: own.map(letting), hasAll: false }, address) === 'pass';
    if (isOurs || isStated) this.#failures.push({ sender, address: address.text, result, isOurs });
  }

  #judge(record: Judged, address: IpAddress): Judgement {
    return judgeAddress(this.#world, this.#exhibit.name, record, address);
  }

  end(): FullProof {
    const { terms, record } = this.#exhibit;
    const open = terms.filter(({ qualifier }) => qualifier === '+').map(({ directive }) => directive);
    const isStranger = (address: IpAddress) =>
      open.every((directive) => this.#judge({ directives: [directive], hasAll: false }, address) !== 'pass');
    const stranger = strangers.find(isStranger);
    const failed = this.#failures.map(({ sender, address, result }) => ({ sender, address, result }));
    if (stranger === undefined)
      return { proof: { tried: this.#tried, failed }, failures: this.#failures, passesEverybody: true };
    const result = this.#judge(record, stranger);
    return {
      proof: { tried: this.#tried + 1, failed, stranger: { address: stranger.text, result } },
      failures: this.#failures,
      passesEverybody: result === 'pass',
    };
  }
}

const letting = (directive: Directive): Directive => ({ ...directive, qualifier: '+' });

/** A few addresses that a term stands for: the first of its networks, down through what it includes. */
function samplesOf(world: World, name: QueryName, directive: Directive): readonly IpAddress[] {
  const sampling = new Sampling(world);
  sampling.visit(name, directive);
  return sampling.found;
}

class Sampling {
  readonly found: IpAddress[] = [];
  readonly #world: World;
  #records = 0;

  constructor(world: World) {
    this.#world = world;
  }

  visit(name: QueryName, directive: Directive): void {
    if (this.found.length >= proofLimits.perTerm || directive.qualifier !== '+' || directive.kind === 'all') return;
    if (isLocal(directive)) this.#take(directive.octets);
    else {
      const target = directive.target === undefined ? name : nameOfTarget(directive.target);
      if (target === undefined) return;
      if (directive.kind === 'a') this.#takeHost(target);
      if (directive.kind === 'mx') this.#takeHosts(target);
      if (directive.kind === 'include') this.#visitBelow(target);
    }
  }

  #visitBelow(name: QueryName): void {
    if (this.#records++ >= proofLimits.records) return;
    const at = this.#world.recordAt(name);
    for (const directive of at.kind === 'record' ? at.record.directives : []) {
      if (this.found.length >= proofLimits.perTerm) return;
      this.visit(name, directive);
    }
  }

  #takeHosts(name: QueryName): void {
    const answer = this.#world.facts.lookup(name, 'MX');
    for (const { exchange } of answer.kind === 'found' ? answer.records.slice(0, proofLimits.perTerm) : []) {
      const host = parseQueryName(exchange);
      if (host !== undefined) this.#takeHost(host);
    }
  }

  #takeHost(host: QueryName): void {
    for (const type of ['A', 'AAAA'] as const) {
      const answer = this.#world.facts.lookup(host, type);
      const text = answer.kind === 'found' ? answer.records[0] : undefined;
      const address = text === undefined ? undefined : parseIpAddress(text);
      if (address) this.#take(address.bytes);
    }
  }

  #take(octets: Uint8Array): void {
    const address = ipAddressOf(octets);
    if (address !== undefined && this.found.length < proofLimits.perTerm) this.found.push(address);
  }
}
