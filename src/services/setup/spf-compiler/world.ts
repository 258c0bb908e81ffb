/**
 * The DNS as one proposal sees it: each fact is taken once, each record read once, however often terms lead to it. Made for a proposal
 * and thrown away with it.
 */
import type { Outcome } from '../../../base/outcome.ts';
import type { QueryName } from '../../../format/domain-name.ts';
import type { DnsAnswer, RecordData } from '../../../protocol/dns/types.ts';
import { isSpfRecord, type ParsedSpf, type SpfRecord } from '../../../protocol/spf/record.ts';
import type { NotListable, Passing } from './passing-addresses.ts';
import type { SpfFacts, SpfFactType } from './types.ts';

/** What a name has to say about SPF. RFC 7208 §4.5, §4.6 */
type SpfAt =
  | { readonly kind: 'record'; readonly record: SpfRecord; readonly ttlSeconds: number }
  | { readonly kind: 'none'; readonly isVoid: boolean }
  | { readonly kind: 'several'; readonly count: number }
  | { readonly kind: 'unreadable' }
  | { readonly kind: 'unknown' };

export type World = {
  readonly facts: SpfFacts;
  readonly readRecord: (text: string) => ParsedSpf;
  readonly recordAt: (name: QueryName) => SpfAt;
  /** Whom a name lets pass, as far as it was asked for. */
  readonly passing: Map<QueryName, Outcome<Passing, NotListable>>;
};

export function worldOf(given: SpfFacts, readRecord: (text: string) => ParsedSpf): World {
  const facts = takenOnce(given);
  const known = new Map<QueryName, SpfAt>();
  const recordAt = (name: QueryName): SpfAt => {
    const held = known.get(name);
    if (held !== undefined) return held;
    const read = readAt(facts.lookup(name, 'TXT'), readRecord);
    known.set(name, read);
    return read;
  };
  return { facts, readRecord, recordAt, passing: new Map() };
}

function takenOnce(given: SpfFacts): SpfFacts {
  const known = {
    TXT: new Map<string, unknown>(),
    A: new Map<string, unknown>(),
    AAAA: new Map<string, unknown>(),
    MX: new Map<string, unknown>(),
  };
  return {
    lookup: <T extends SpfFactType>(name: QueryName, type: T) => {
      const held = known[type].get(name) as DnsAnswer<RecordData[T]> | undefined; // the map is of the type
      if (held !== undefined) return held;
      const answer = given.lookup(name, type);
      known[type].set(name, answer);
      return answer;
    },
  };
}

function readAt(answer: DnsAnswer<string>, readRecord: World['readRecord']): SpfAt {
  if (answer.kind === 'failed') return { kind: 'unknown' };
  const texts = answer.kind === 'found' ? answer.records.filter(isSpfRecord) : [];
  const [text, second] = texts;
  if (text === undefined || answer.kind === 'none') return { kind: 'none', isVoid: answer.kind === 'none' };
  if (second !== undefined) return { kind: 'several', count: texts.length };
  const parsed = readRecord(text);
  return parsed.ok ? { kind: 'record', record: parsed.value, ttlSeconds: answer.ttlSeconds } : { kind: 'unreadable' };
}
