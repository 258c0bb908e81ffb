/**
 * The policies of the domains that mail goes to: asks DNS what is announced, fetches what is new, keeps what was fetched.
 * The fetch and the store are ports; without a store policies live as long as this object.
 */
import type { Clock } from '../../base/clock.ts';
import { type DomainName, parseQueryName } from '../../format/domain-name.ts';
import type { DnsAnswer, Resolver } from '../dns/types.ts';
import { type AfterFetch, type Announced, afterFetch, decidePolicy, type Fetched } from './decide-policy.ts';
import { parseStsPolicy } from './policy.ts';
import { parseStsRecord } from './record.ts';
import type { CachedPolicy } from './types.ts';

/** Where policies outlive a restart. */
export type StsStore = {
  readonly get: (domain: DomainName) => Promise<CachedPolicy | undefined>;
  readonly put: (domain: DomainName, cached: CachedPolicy) => Promise<void>;
};

/** `GET https://mta-sts.<domain>/.well-known/mta-sts.txt`; the certificate is checked, redirects are not followed. RFC 8461 §3.3 */
export type FetchPolicyFile = (
  domain: DomainName,
) => Promise<
  | { readonly ok: true; readonly octets: Uint8Array }
  | { readonly ok: false; readonly code: 'fetch-error' | 'certificate'; readonly say: string }
>;

export type StsFinding = {
  readonly announced: Announced;
  /** What holds for mail to the domain now. */
  readonly cached: CachedPolicy | undefined;
  readonly why: string;
  readonly problem?: AfterFetch['problem'];
};

export type StsPolicies = { readonly of: (domain: DomainName) => Promise<StsFinding> };

export type StsParts = {
  readonly resolver: Resolver;
  readonly clock: Clock;
  readonly fetchFile: FetchPolicyFile;
  readonly store?: StsStore;
};

/** RFC 8461 §3.3: after a failed fetch not at once again; also how long DNS's word is good for us at most. (Our choice.) */
const lookAgainMs = 300_000;
/** Also for a policy that wants to be looked at each time. */
const lookAgainLeastMs = 10_000;
/** Domains whose finding is kept at hand, and what the policies among them may take: strangers write them. */
const findingsMax = 10_000;
const findingsOctetsMax = 16 * 1024 * 1024;

type Kept = { readonly finding: Promise<StsFinding>; untilMs: number; octets: number };

export function createStsPolicies(parts: StsParts): StsPolicies {
  const kept = new Map<DomainName, Kept>();
  let octets = 0;
  const drop = (domain: DomainName) => {
    octets -= kept.get(domain)?.octets ?? 0;
    kept.delete(domain);
  };
  const shrink = () => {
    for (const oldest of kept.keys()) {
      if (kept.size <= findingsMax && octets <= findingsOctetsMax) break;
      drop(oldest);
    }
  };
  const stored = parts.store ?? memoryStore();
  return {
    of: (domain) => {
      const nowMs = parts.clock.nowMs();
      const known = kept.get(domain);
      // A clock set back must not freeze what is known.
      if (known && nowMs < known.untilMs && known.untilMs - nowMs <= lookAgainMs) return known.finding;
      const finding = look({ ...parts, store: stored }, domain);
      const entry: Kept = { finding, untilMs: nowMs + lookAgainMs, octets: 0 };
      drop(domain);
      kept.set(domain, entry);
      finding.then(
        ({ cached }) => {
          if (cached && kept.get(domain) === entry) {
            entry.octets = octetsOf(cached);
            octets += entry.octets;
            shrink();
          }
          if (cached) entry.untilMs = Math.min(entry.untilMs, Math.max(endOf(cached), nowMs + lookAgainLeastMs));
        },
        () => {
          if (kept.get(domain) === entry) drop(domain); // a fault of the store says nothing about the domain
        },
      );
      shrink();
      return finding;
    },
  };
}

/** Its lines and its hosts, two octets a character at worst. */
function octetsOf({ policy }: CachedPolicy): number {
  return 4 * policy.lines.reduce((sum, line) => sum + line.length + 50, 0);
}

function endOf({ policy, fetchedAtMs }: CachedPolicy): number {
  return fetchedAtMs + policy.maxAgeSeconds * 1000;
}

function memoryStore(): StsStore {
  const policies = new Map<DomainName, CachedPolicy>();
  return {
    get: async (domain) => policies.get(domain),
    put: async (domain, cached) => {
      policies.delete(domain);
      policies.set(domain, cached);
      for (const oldest of policies.keys()) {
        if (policies.size <= findingsMax) break;
        policies.delete(oldest);
      }
    },
  };
}

async function look(parts: Required<StsParts>, domain: DomainName): Promise<StsFinding> {
  const { resolver, clock, store } = parts;
  const [announced, cached] = await Promise.all([announcedOf(resolver, domain), store.get(domain)]);
  const step = decidePolicy({ cached, announced, nowMs: clock.nowMs() });
  if (step.kind === 'none') return { announced, cached: undefined, why: step.why };
  if (step.kind === 'use') return { announced, cached: step.cached, why: step.why };
  const after = afterFetch(step, await fetchPolicy(parts.fetchFile, domain), clock.nowMs());
  if (after.cached && after.cached !== step.otherwise) await store.put(domain, after.cached);
  return { announced, ...after };
}

export async function announcedOf(resolver: Resolver, domain: DomainName): Promise<Announced> {
  const name = parseQueryName(`_mta-sts.${domain}`); // RFC 8461 §3.1
  if (name === undefined) return { kind: 'none' }; // too long to exist
  const answer: DnsAnswer<string> = await resolver.lookup(name, 'TXT');
  if (answer.kind === 'none') return { kind: 'none' };
  return answer.kind === 'failed' ? answer : parseStsRecord(answer.records);
}

export async function fetchPolicy(fetchFile: FetchPolicyFile, domain: DomainName): Promise<Fetched> {
  const file = await fetchFile(domain);
  if (!file.ok) return { ok: false, code: file.code, say: `the policy could not be fetched: ${file.say}` };
  const policy = parseStsPolicy(file.octets);
  if (policy.ok) return { ok: true, policy: policy.value };
  return { ok: false, code: 'invalid', say: `what is served is no policy: ${policy.say}` };
}
