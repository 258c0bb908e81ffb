/**
 * What to do with the policy that is kept, given what DNS announces now, and what remains after a fetch. Pure; `sts-policies.ts`
 * carries it out. An attacker who breaks DNS or HTTPS must not make a kept policy go away before its time. RFC 8461 §5.1, §10.2
 */
import type { StsRecord } from './record.ts';
import type { CachedPolicy, StsPolicy } from './types.ts';

/** The record as looked up, or that nobody could say. */
export type Announced = StsRecord | { readonly kind: 'failed'; readonly why: string };

export type Known = {
  readonly cached: CachedPolicy | undefined;
  readonly announced: Announced;
  readonly nowMs: number;
};

export type StsStep =
  | { readonly kind: 'use'; readonly cached: CachedPolicy; readonly why: string }
  /** `otherwise`: what holds when the fetch fails. */
  | { readonly kind: 'fetch'; readonly id: string; readonly otherwise: CachedPolicy | undefined; readonly why: string }
  | { readonly kind: 'none'; readonly why: string };

function isFresh(cached: CachedPolicy, nowMs: number): boolean {
  // A clock that is set back takes no policy away, and one that was far ahead keeps none for ever.
  return Math.abs(nowMs - cached.fetchedAtMs) < cached.policy.maxAgeSeconds * 1000;
}

/** A kept policy is fetched again after a day, or half of its life, though nothing changed: so that nobody can wait for its end by hiding the next one. RFC 8461 §10.2 */
const refreshAfterMs = 86_400_000;

function isDue({ policy, fetchedAtMs }: CachedPolicy, nowMs: number): boolean {
  return nowMs - fetchedAtMs >= Math.min(refreshAfterMs, policy.maxAgeSeconds * 500);
}

export function decidePolicy({ cached, announced, nowMs }: Known): StsStep {
  const kept = cached !== undefined && isFresh(cached, nowMs) ? cached : undefined;
  if (announced.kind === 'found') {
    const isSame = kept?.id === announced.id;
    if (kept && isSame && !isDue(kept, nowMs))
      return { kind: 'use', cached: kept, why: 'the policy kept here is the announced one' };
    const other = kept ? 'another policy is announced than the one kept here' : 'a policy is announced';
    return {
      kind: 'fetch',
      id: announced.id,
      otherwise: kept,
      why: isSame ? 'the policy kept here is to be renewed' : other,
    };
  }
  // RFC 8461 §3.1: the absence of a record does not remove a policy that was cached
  if (kept)
    return { kind: 'use', cached: kept, why: `${reason(announced)}; the policy kept here holds until its max_age` };
  return { kind: 'none', why: reason(announced) };
}

function reason(announced: Exclude<Announced, { kind: 'found' }>): string {
  if (announced.kind === 'none') return 'no policy is announced';
  return announced.kind === 'failed'
    ? `whether a policy is announced could not be found out (${announced.why})`
    : `what is announced is no policy record: ${announced.why}`;
}

export type Fetched =
  | { readonly ok: true; readonly policy: StsPolicy }
  | { readonly ok: false; readonly code: 'fetch-error' | 'certificate' | 'invalid'; readonly say: string };

const problems = {
  'fetch-error': 'sts-policy-fetch-error',
  certificate: 'sts-webpki-invalid',
  invalid: 'sts-policy-invalid',
} as const;

export type AfterFetch = {
  /** What is kept from now on, and used. */
  readonly cached: CachedPolicy | undefined;
  readonly why: string;
  /** For TLS reports: RFC 8460 §4.3.2. */
  readonly problem?: (typeof problems)[keyof typeof problems];
};

export function afterFetch(step: Extract<StsStep, { kind: 'fetch' }>, fetched: Fetched, nowMs: number): AfterFetch {
  if (fetched.ok) return { cached: { policy: fetched.policy, id: step.id, fetchedAtMs: nowMs }, why: step.why };
  const problem = problems[fetched.code];
  const held = step.otherwise ? 'the policy kept here holds' : 'no policy is kept here';
  return { cached: step.otherwise, why: `${fetched.say}; ${held}`, problem }; // RFC 8461 §3.3, §5.1
}
