/**
 * A world that remembers what it showed. Every question is asked once, whoever asks, and its answer goes into a snapshot; a world made
 * of a snapshot gives the same answers again, anywhere, and asks nobody.
 */
import type { QueryName } from '../../../format/domain-name.ts';
import type { AuthoritiesAnswer } from '../../../protocol/dns/authorities.ts';
import type { DnsAnswer, RecordData, RecordType } from '../../../protocol/dns/types.ts';
import type { FindingEvidence } from '../types.ts';
import { showAnswer } from './show-answer.ts';
import type { DoctorWorld, ShowEvidence } from './types.ts';

/** By `dns TXT _dmarc.example.com`, `authorities NS example.com`, `mailHost {"host":"mx.example.com"}`: what came back, as plain JSON. */
export type Answers = Map<string, unknown>;

export type RecordedWorld = {
  readonly world: DoctorWorld;
  /** What was answered until now. */
  readonly answers: Answers;
  readonly show: ShowEvidence;
};

type Remember = <T>(key: string, ask: () => Promise<T>) => Promise<T>;

/** @param live absent: only `answers` are known, and every other question fails as "not in the snapshot" */
export function recordedWorld(live: DoctorWorld, answers: Answers = new Map()): RecordedWorld {
  const asked = new Map<string, Promise<unknown>>();
  const remember: Remember = (key, ask) => {
    const known = asked.get(key) as ReturnType<typeof ask> | undefined;
    if (known !== undefined) return known;
    const answer = answers.has(key)
      ? Promise.resolve(answers.get(key) as Awaited<ReturnType<typeof ask>>)
      : ask().then((came) => {
          answers.set(key, came);
          return came;
        });
    asked.set(key, answer);
    return answer;
  };
  return { world: rememberingWorld(live, remember), answers, show: (name, type) => evidenceOf(answers, name, type) };
}

function rememberingWorld(live: DoctorWorld, remember: Remember): DoctorWorld {
  const { mailHost, policyFile, file, port25 } = live.probes;
  const { authorities } = live;
  return {
    ...live,
    resolver: {
      lookup: (name, type, options) => remember(`dns ${type} ${name}`, () => live.resolver.lookup(name, type, options)),
    },
    ...(authorities && {
      authorities: {
        lookup: <T extends RecordType>(name: QueryName, type: T) =>
          remember<AuthoritiesAnswer<RecordData[T]>>(`authorities ${type} ${name}`, () =>
            authorities.lookup(name, type),
          ),
      },
    }),
    probes: {
      ...(mailHost && { mailHost: (wish) => remember(`mailHost ${JSON.stringify(wish)}`, () => mailHost(wish)) }),
      ...(policyFile && { policyFile: (domain) => remember(`policyFile ${domain}`, () => policyFile(domain)) }),
      ...(file && { file: (url, wish) => remember(`file ${url}`, () => file(url, wish)) }),
      ...(port25 && { port25: (host) => remember(`port25 ${host}`, () => port25(host)) }),
    },
  };
}

function evidenceOf(answers: Answers, name: string, type: string): FindingEvidence {
  const query = `${type} ${name}`;
  const answer = answers.get(`dns ${query}`) as DnsAnswer<never> | undefined;
  if (answer === undefined) return { query, answer: 'not asked' };
  return {
    query,
    answer: showAnswer(type as RecordType, answer),
    ...(answer.kind === 'found' && { ttl: answer.ttlSeconds }),
  };
}
