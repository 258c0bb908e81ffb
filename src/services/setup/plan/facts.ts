/**
 * What DNS said about a domain, looked into name by name. What was never asked is a failure, so that nothing is ever taken for missing
 * that nobody looked for. Pure.
 */
import type { DnsAnswer, RecordData } from '../../../protocol/dns/types.ts';
import type { SpfFacts, SpfFactType } from '../spf-compiler/types.ts';
import type { DomainObserved, ObservedAnswer } from '../types.ts';

/** Types that are observed: those whose answers can be told in a line. */
const observedTypes = ['A', 'AAAA', 'CNAME', 'MX', 'NS', 'TXT', 'SRV', 'PTR'] as const;
export type ObservedType = (typeof observedTypes)[number];

export function isObservedType(type: string): type is ObservedType {
  return (observedTypes as readonly string[]).includes(type);
}

export type Facts = { readonly answer: (name: string, type: ObservedType) => ObservedAnswer };

const notAsked: ObservedAnswer = { kind: 'failed', why: 'not-asked' };

export function answerKey(name: string, type: ObservedType): string {
  return `${type} ${name}`;
}

/** By type and then by name: a key made for each of some hundred looks costs more than these maps. */
export function factsOf({ answers }: Pick<DomainObserved, 'answers'>): Facts {
  const byType = new Map<string, Map<string, ObservedAnswer>>();
  for (const [key, answer] of Object.entries(answers)) {
    const blank = key.indexOf(' ');
    const type = key.slice(0, blank);
    const names = byType.get(type) ?? new Map<string, ObservedAnswer>();
    byType.set(type, names.set(key.slice(blank + 1), answer));
  }
  return { answer: (name, type) => byType.get(type)?.get(name) ?? notAsked };
}

/** The value of a record as plans write it. */
export function valueOfData<T extends ObservedType>(type: T, data: RecordData[T]): string {
  if (type === 'TXT') return data as string;
  if (type === 'MX') {
    const { preference, exchange } = data as RecordData['MX'];
    return `${preference} ${exchange || '.'}`;
  }
  if (type === 'SRV') {
    const { priority, weight, port, target } = data as RecordData['SRV'];
    return `${priority} ${weight} ${port} ${target || '.'}`;
  }
  return (data as string) || '.';
}

export function mxOfValue(value: string): RecordData['MX'] {
  const blank = value.indexOf(' ');
  const exchange = value.slice(blank + 1);
  return { preference: Number(value.slice(0, blank)), exchange: exchange === '.' ? '' : exchange };
}

/** The answers as engines take them. */
export function dnsAnswer<T extends SpfFactType>(facts: Facts, name: string, type: T): DnsAnswer<RecordData[T]> {
  const answer = facts.answer(name, type);
  if (answer.kind === 'none') return { ...answer, ttlSeconds: 0, secure: false };
  if (answer.kind === 'failed')
    return { kind: 'failed', why: answer.why === 'timeout' || answer.why === 'bogus' ? answer.why : 'servfail' };
  const records = type === 'MX' ? answer.values.map(mxOfValue) : answer.values;
  return { kind: 'found', records: records as readonly RecordData[T][], ttlSeconds: answer.ttl, secure: false };
}

/**
 * What the SPF compiler looks into. A zone file knows nothing of the services that it includes: where not even the domain of a service
 * that we know exists, this is no word of the DNS about it, and what it says is unknown.
 */
export function spfFacts(facts: Facts, isService: (name: string) => boolean): SpfFacts {
  return {
    lookup: (name, type) => {
      const answer = dnsAnswer(facts, name, type);
      const isOutside = answer.kind === 'none' && answer.why === 'nxdomain' && isService(name) && isAbsent(facts, name);
      return isOutside ? { kind: 'failed', why: 'servfail' } : answer;
    },
  };
}

function isAbsent(facts: Facts, name: string): boolean {
  const domain = facts.answer(name.split('.').slice(-2).join('.'), 'TXT');
  return domain.kind === 'none' && domain.why === 'nxdomain';
}

// ---- What stands at one name

/** A label that nobody has: what answers for it answers for every name beside it. */
const probeLabel = 'ph-no-such-name-7c41';

export type Seen = {
  readonly kind: 'seen';
  readonly values: readonly string[];
  readonly ttl?: number;
  /** A CNAME stands at the name, and this is where it leads. */
  readonly alias?: string;
  /** A wildcard answers; at the name itself stands nothing. */
  readonly isWild: boolean;
};

export type Sight = { readonly kind: 'unknown'; readonly why: string } | Seen;

/** What is at the name itself; its alias, and a wildcard above it, are told apart. */
export function look(facts: Facts, name: string, type: ObservedType): Sight {
  const answer = facts.answer(name, type);
  const aliasAnswer = type === 'CNAME' ? answer : facts.answer(name, 'CNAME');
  if (answer.kind === 'failed') return { kind: 'unknown', why: answer.why };
  if (aliasAnswer.kind === 'failed') return { kind: 'unknown', why: aliasAnswer.why };
  const isWildAlias = aliasAnswer.kind === 'found' && isSynthesized(facts, name, 'CNAME');
  const alias = aliasAnswer.kind === 'found' && !isWildAlias ? aliasAnswer.values[0] : undefined;
  return {
    kind: 'seen',
    values: answer.kind === 'found' ? answer.values : [],
    ...(answer.kind === 'found' && { ttl: answer.ttl }),
    ...(alias !== undefined && { alias }),
    isWild: alias === undefined && (isWildAlias || isSynthesized(facts, name, type)),
  };
}

/** Whether a wildcard beside the name, if not above it, has records of the type. */
export function isWildBeside(facts: Facts, name: string, type: ObservedType): boolean {
  return facts.answer(`${probeLabel}${name.slice(name.indexOf('.'))}`, type).kind === 'found';
}

/** RFC 4592 §2.1.1: a wildcard answers in the name of whoever is asked for, so its answer is the same beside. */
function isSynthesized(facts: Facts, name: string, type: ObservedType): boolean {
  const answer = facts.answer(name, type);
  const dot = name.indexOf('.');
  if (answer.kind !== 'found' || dot < 0) return false;
  const probe = facts.answer(`${probeLabel}${name.slice(dot)}`, type);
  if (probe.kind !== 'found' || answer.values.length !== probe.values.length) return false;
  return answer.values.every((value) => probe.values.includes(value));
}
