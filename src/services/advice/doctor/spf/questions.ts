/**
 * What SPF's checks ask DNS through: it keeps what was answered, so that rules can look things up without waiting, and bounds what
 * strangers' records can make us ask.
 */
import type { DomainName, QueryName } from '../../../../format/domain-name.ts';
import type { DnsAnswer, RecordData, RecordType, Resolver } from '../../../../protocol/dns/types.ts';
import type { SpfFacts as SpfAnswers, SpfFactType } from '../../../setup/spf-compiler/types.ts';
import { insideResolver } from '../inside-resolver.ts';
import type { DoctorWorld } from '../types.ts';

export type SpfQuestions = {
  readonly resolver: Resolver;
  /** What was answered until now; what nobody asked is `failed`. */
  readonly answers: SpfAnswers;
  /** Over the answers alone: asks nobody. */
  readonly known: Resolver;
};

/** Twelve senders take about a hundred and fifty. */
const questionsMax = 600;

const notAsked = { kind: 'failed', why: 'timeout' } as const;

export function spfQuestions(world: DoctorWorld, domain: DomainName): SpfQuestions {
  const inside = insideResolver(world, domain);
  const asked = new Set<string>();
  const given = new Map<string, DnsAnswer<unknown>>();
  const ask = async <T extends RecordType>(name: QueryName, type: T): Promise<DnsAnswer<RecordData[T]>> => {
    const key = `${type} ${name}`;
    if (!asked.has(key) && asked.size >= questionsMax) return notAsked;
    asked.add(key);
    const answer = await inside.lookup(name, type);
    given.set(key, answer);
    return answer;
  };
  const answers: SpfAnswers = {
    lookup: <T extends SpfFactType>(name: QueryName, type: T) =>
      (given.get(`${type} ${name}`) ?? notAsked) as DnsAnswer<RecordData[T]>,
  };
  return {
    resolver: { lookup: ask },
    answers,
    known: { lookup: async (name, type) => knownAnswer(given, name, type) },
  };
}

function knownAnswer<T extends RecordType>(given: ReadonlyMap<string, DnsAnswer<unknown>>, name: QueryName, type: T) {
  return (given.get(`${type} ${name}`) ?? notAsked) as DnsAnswer<RecordData[T]>;
}
