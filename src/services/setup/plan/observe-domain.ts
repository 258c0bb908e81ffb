/**
 * Gathers what DNS says about a domain into a plain record that can be saved, and planned with again. What to ask for is said by the
 * planner itself: it is run over what is known so far, the names it missed are asked for all at once, and so on until it misses none.
 * A question without an answer stays unknown. Whatever a zone does, there is a limit on questions, octets, rounds and time.
 */
import { eachAtOnce } from '../../../base/at-once.ts';
import type { Timers } from '../../../base/clock.ts';
import { type DomainName, parseQueryName } from '../../../format/domain-name.ts';
import type { DnsAnswer, RecordData, Resolver } from '../../../protocol/dns/types.ts';
import type { DomainObserved, ObservedAnswer } from '../types.ts';
import { answerKey, type Facts, factsOf, type ObservedType, valueOfData } from './facts.ts';

export const observeLimits = {
  /** At a time: what a home router's name server takes without dropping some. */
  atOnce: 24,
  /** Twelve senders take about 200, a hostile zone as many as it can get. */
  questions: 800,
  /** Each goes one include or alias deeper; SPF ends at ten. */
  rounds: 24,
  totalMs: 20_000,
  /** No message of the DNS is longer (RFC 1035 §4.2.2), so no answer is either. */
  answerOctets: 65_535,
  /** Of all answers together: the record is to be kept. */
  recordOctets: 1_000_000,
} as const;

export type ObservePorts = { readonly resolver: Resolver; readonly timers: Timers };

type Question = { readonly name: string; readonly type: ObservedType };

/** @param plan looks at whatever it needs; its answer is of no interest here */
export async function observeDomain(
  { resolver, timers }: ObservePorts,
  domain: DomainName,
  plan: (facts: Facts) => unknown,
  options: { readonly signal?: AbortSignal } = {},
): Promise<DomainObserved> {
  const answers: Record<string, ObservedAnswer> = {};
  const ending = new AbortController();
  const end = () => ending.abort();
  const cancel = timers.after(observeLimits.totalMs, end);
  if (options.signal?.aborted) end();
  options.signal?.addEventListener('abort', end, { once: true });
  const atMs = timers.nowMs();
  let octets = 0;
  let asked = 0;
  try {
    for (let round = 0; round < observeLimits.rounds && !ending.signal.aborted; round++) {
      const missed = missedBy(plan, answers).slice(0, observeLimits.questions - asked);
      if (missed.length === 0) break;
      asked += missed.length;
      await eachAtOnce(missed, observeLimits.atOnce, async ({ name, type }) => {
        const answer = await ask(resolver, { name, type }, ending.signal);
        octets += octetsOf(answer);
        const isTooMuch = octets > observeLimits.recordOctets;
        answers[answerKey(name, type)] = isTooMuch ? { kind: 'failed', why: 'too-large' } : answer;
      });
    }
  } finally {
    cancel();
    options.signal?.removeEventListener('abort', end);
  }
  return { domain, atMs, answers };
}

function missedBy(plan: (facts: Facts) => unknown, answers: DomainObserved['answers']): readonly Question[] {
  const known = factsOf({ answers });
  const missed = new Map<string, Question>();
  plan({
    answer: (name, type) => {
      const key = answerKey(name, type);
      if (!Object.hasOwn(answers, key)) missed.set(key, { name, type });
      return known.answer(name, type);
    },
  });
  return [...missed.values()];
}

async function ask(resolver: Resolver, { name, type }: Question, signal: AbortSignal): Promise<ObservedAnswer> {
  const asked = parseQueryName(name);
  if (asked === undefined) return { kind: 'none', why: 'nxdomain' }; // no such name can be
  if (signal.aborted) return { kind: 'failed', why: 'timeout' };
  const { promise: ended, resolve } = Promise.withResolvers<DnsAnswer<never>>();
  const stop = () => resolve({ kind: 'failed', why: 'timeout' });
  signal.addEventListener('abort', stop, { once: true });
  try {
    return observedOf(type, await Promise.race([resolver.lookup(asked, type, { signal }), ended]));
  } catch {
    return { kind: 'failed', why: 'servfail' }; // a resolver answers; one that a library's user brought might throw
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** As plans take it. */
export function observedOf(type: ObservedType, answer: DnsAnswer<RecordData[ObservedType]>): ObservedAnswer {
  if (answer.kind === 'none') return { kind: 'none', why: answer.why };
  if (answer.kind === 'failed') return { kind: 'failed', why: answer.why };
  const values: string[] = [];
  let octets = 0;
  for (const data of answer.records) {
    const value = valueOfData(type, data as never);
    octets += value.length;
    if (octets > observeLimits.answerOctets) return { kind: 'failed', why: 'too-large' };
    values.push(value);
  }
  const { ttlSeconds: ttl, canonicalName } = answer;
  return { kind: 'found', values, ttl, ...(canonicalName !== undefined && { canonicalName }) };
}

function octetsOf(answer: ObservedAnswer): number {
  return answer.kind === 'found' ? answer.values.reduce((sum, value) => sum + value.length, 0) : 0;
}
