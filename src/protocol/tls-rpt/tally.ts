/**
 * Counts sessions by domain and policy, as a report wants them. Bounded: who makes up domains, hosts or reasons without end finds
 * them counted under fewer headings, never in more memory. RFC 8460 §4.1
 */
import type { ReportedPolicy, TlsFailure, TlsSession } from './types.ts';

type CountedFailure = TlsFailure & { readonly sessions: number };
export type PolicyCount = {
  readonly policy: ReportedPolicy;
  readonly successful: number;
  readonly failed: number;
  readonly failures: readonly CountedFailure[];
};

export type TlsTally = {
  readonly count: (session: TlsSession) => void;
  readonly domains: () => readonly string[];
  readonly of: (domain: string) => readonly PolicyCount[];
  /** Sessions of domains for which there was no room. */
  readonly uncounted: () => number;
};

/** Our choice: a day of a busy office, in a few megabytes. */
const limits = {
  domains: 10_000,
  policiesPerDomain: 20,
  failuresPerPolicy: 50,
  failures: 20_000,
  policyOctets: 8 * 1024 * 1024,
} as const;

type Count = {
  policy: ReportedPolicy;
  successful: number;
  failed: number;
  failures: Map<string, { failure: TlsFailure; sessions: number }>;
};

export function createTlsTally(): TlsTally {
  const domains = new Map<string, Map<string, Count>>();
  let uncounted = 0;
  const room: Room = { policyOctets: limits.policyOctets, failures: limits.failures };
  const policiesOf = (domain: string) => {
    const known = domains.get(domain);
    if (known || domains.size >= limits.domains) return known;
    const made = new Map<string, Count>();
    domains.set(domain, made);
    return made;
  };
  return {
    count: ({ domain, policy, failure }) => {
      const counted = policiesOf(domain);
      const count = counted && countOf(counted, policy, room);
      if (count === undefined) uncounted++;
      else if (failure) countFailure(count, failure, room);
      else count.successful++;
    },
    domains: () => [...domains.keys()],
    of: (domain) =>
      [...(domains.get(domain)?.values() ?? [])].map(({ policy, successful, failed, failures }) => ({
        policy,
        successful,
        failed,
        failures: [...failures.values()].map((one) => ({ ...one.failure, sessions: one.sessions })),
      })),
    uncounted: () => uncounted,
  };
}

/** What is left for all domains together. */
type Room = { policyOctets: number; failures: number };

/** Once policies have filled their room, further ones are told apart by type alone. */
function countOf(policies: Map<string, Count>, whole: ReportedPolicy, room: Room): Count | undefined {
  const long = JSON.stringify(whole);
  const isKnown = policies.has(long);
  if (!isKnown) room.policyOctets -= Math.min(long.length, room.policyOctets);
  const isWhole = isKnown || room.policyOctets > 0;
  const policy = isWhole ? whole : { ...whole, strings: [], mxHosts: [] };
  const key = isWhole ? long : JSON.stringify(policy);
  const known = policies.get(key);
  if (known || policies.size >= limits.policiesPerDomain) return known;
  const made: Count = { policy, successful: 0, failed: 0, failures: new Map() };
  policies.set(key, made);
  return made;
}

/** Beyond the room for details the kind of failure alone is told apart. */
function countFailure(count: Count, failure: TlsFailure, room: Room): void {
  count.failed++;
  const isKnown = count.failures.has(keyOf(failure));
  const isRoom = isKnown || (count.failures.size < limits.failuresPerPolicy && room.failures-- > 0);
  const told = isRoom ? failure : { result: failure.result };
  const known = count.failures.get(keyOf(told));
  if (known) known.sessions++;
  else count.failures.set(keyOf(told), { failure: told, sessions: 1 });
}

function keyOf({ result, sendingAddress, receivingHost, receivingAddress, reason }: TlsFailure): string {
  return JSON.stringify([result, sendingAddress, receivingHost, receivingAddress, reason]);
}
