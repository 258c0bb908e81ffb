/**
 * Sender Policy Framework: may this client use this sender's domain? In: the SMTP session and a resolver. Out: the result of
 * RFC 7208 with the reason, the counts and a trace of every term. Never throws for what is in the session or the DNS.
 *
 * Records are read by `record.ts`, mechanisms matched in `mechanisms.ts`; here is the flow: which record applies (§4.5), term by
 * term until one matches (§4.6), `include` (§5.2), `redirect` (§6.1), and the overall time limit.
 */
import { type Clock, systemClock, type Timers } from '../../base/clock.ts';
import type { QueryName } from '../../format/domain-name.ts';
import type { Resolver } from '../dns/types.ts';
import {
  ask,
  type Check,
  countLookup,
  countVoid,
  failure,
  note,
  type Place,
  type Stop,
  spfLimits,
  traceOf,
} from './check.ts';
import { explain } from './explanation.ts';
import { type Identity, isAsciiLocal, readIdentity } from './identity.ts';
import { usesLetter } from './macro.ts';
import { isLocal, matchByLookup, matchLocal, resolveTarget } from './mechanisms.ts';
import {
  type Directive,
  isSpfRecord,
  type ParsedSpf,
  parseSpfRecord,
  type Qualifier,
  type SpfRecord,
} from './record.ts';
import type { SpfReason, SpfResult, SpfSession } from './types.ts';

export type SpfOptions = {
  /** For `%{t}`. */
  readonly clock?: Clock;
  /** For the overall time limit. */
  readonly timers?: Timers;
  /** Ends the check early, as the time limit does. */
  readonly signal?: AbortSignal;
};

export async function evaluateSpf(
  resolver: Resolver,
  session: SpfSession,
  options: SpfOptions = {},
): Promise<SpfResult> {
  return runSpfCheck({ resolver, readRecord: parseSpfRecord }, session, options);
}

export type SpfDeps = { readonly resolver: Resolver; readonly readRecord: (text: string) => ParsedSpf };

export async function runSpfCheck(deps: SpfDeps, session: SpfSession, options: SpfOptions): Promise<SpfResult> {
  const identity = readIdentity(session);
  if ('reason' in identity) {
    const { shown, reason, say } = identity;
    return { result: 'none', domain: shown, lookups: 0, voidLookups: 0, reason, trace: [say] };
  }
  const timers = options.timers ?? systemClock;
  const ending = new AbortController();
  let end = () => {};
  const timeUp = new Promise<undefined>((resolve) => {
    end = () => {
      ending.abort();
      resolve(undefined);
    };
  });
  const cancel = timers.after(spfLimits.timeMs, end);
  if (options.signal?.aborted) end();
  options.signal?.addEventListener('abort', end, { once: true });
  try {
    const clock = options.clock ?? timers;
    return await decide(newCheck(deps, session, identity, clock.nowMs(), ending.signal), timeUp);
  } finally {
    cancel();
    options.signal?.removeEventListener('abort', end);
  }
}

function newCheck(deps: SpfDeps, session: SpfSession, identity: Identity, nowMs: number, signal: AbortSignal): Check {
  const receiver = session.receiver ?? 'unknown'; // RFC 7208 §7.3
  return { ...deps, identity, receiver, nowMs, signal, trace: [], lookups: 0, voidLookups: 0 };
}

/** RFC 7208 §4.6.4: when the time is up, whatever is still being asked, the result is temperror. */
async function decide(check: Check, timeUp: Promise<undefined>): Promise<SpfResult> {
  const verdict = await Promise.race([checkHost(check, check.identity.domain, 0), timeUp]);
  if (verdict === undefined || (verdict.result === 'temperror' && check.signal.aborted)) {
    return resultOf(check, { result: 'temperror', reason: 'time-limit' });
  }
  const exp = verdict.result === 'fail' ? verdict.scope.record.exp : undefined;
  if (verdict.result !== 'fail' || exp === undefined) return resultOf(check, verdict);
  const explanation = await Promise.race([explain(check, verdict.scope.domain, exp), timeUp]);
  return resultOf(check, verdict, explanation);
}

/** The record being evaluated and whose it is. */
type Scope = Place & { readonly record: SpfRecord };

type Verdict =
  | { readonly result: 'pass' | 'fail' | 'softfail' | 'neutral'; readonly matched?: Directive; readonly scope: Scope }
  | { readonly result: 'none'; readonly reason: SpfReason }
  | Stop;

function resultOf(check: Check, verdict: Verdict, explanation?: string): SpfResult {
  const { lookups, voidLookups } = check;
  const reason = 'reason' in verdict ? verdict.reason : undefined;
  const matched = 'scope' in verdict ? verdict.matched?.text : undefined;
  note(check, 0, `result: ${verdict.result}${reason === undefined ? '' : ` (${reason})`}`);
  return {
    result: verdict.result,
    domain: check.identity.domain,
    ...(matched !== undefined && { matched }),
    ...(explanation !== undefined && { explanation }),
    lookups,
    voidLookups,
    ...(reason !== undefined && { reason }),
    trace: traceOf(check), // what a late answer still writes is not part of the result
  };
}

/** RFC 7208 §4: check_host() for the client and sender of `check`. */
async function checkHost(check: Check, domain: QueryName, depth: number): Promise<Verdict> {
  if (!domain.includes('.')) return { result: 'none', reason: 'bad-domain' }; // RFC 7208 §4.3
  const answer = await ask(check, domain, 'TXT');
  if (answer.kind === 'failed') {
    note(check, depth, `${domain}: the DNS failed (${answer.why})`);
    return failure(answer.why);
  }
  const texts = answer.kind === 'found' ? answer.records.filter(isSpfRecord) : [];
  const text = texts[0];
  if (text === undefined) {
    note(check, depth, `${domain}: no SPF record`);
    const tooMany = answer.kind === 'none' && depth > 0 ? countVoid(check) : undefined;
    return tooMany ?? { result: 'none', reason: 'no-record' };
  }
  note(check, depth, `${domain}: ${text}`);
  if (texts.length > 1) return { result: 'permerror', reason: 'several-records' }; // RFC 7208 §4.5
  const read = check.readRecord(text);
  if (read.ok) return await evaluateRecord(check, { domain, record: read.value, depth }); // two turns less than without await
  note(check, depth, read.say);
  return { result: 'permerror', reason: 'syntax' }; // RFC 7208 §4.6: before any term is evaluated
}

const resultWords = { '+': 'pass', '-': 'fail', '~': 'softfail', '?': 'neutral' } as const satisfies Record<
  Qualifier,
  string
>;

async function evaluateRecord(check: Check, scope: Scope): Promise<Verdict> {
  for (const directive of scope.record.directives) {
    const answer = isLocal(directive) ? matchLocal(check, directive) : await matchAsking(check, scope, directive);
    if (typeof answer !== 'boolean') {
      note(check, scope.depth, `${directive.text}: ${answer.result} (${answer.reason})`);
      return answer;
    }
    const result = resultWords[directive.qualifier];
    note(check, scope.depth, `${directive.text}: ${answer ? `match, so ${result}` : 'no match'}`);
    if (answer) return { result, matched: directive, scope };
  }
  const { redirect, hasAll } = scope.record;
  if (redirect !== undefined && !hasAll) return followRedirect(check, scope, redirect);
  note(check, scope.depth, 'no term matches: neutral');
  return { result: 'neutral', scope }; // RFC 7208 §4.7
}

type AskingDirective = Exclude<Directive, { readonly kind: 'all' | 'ip4' | 'ip6' }>;

async function matchAsking(check: Check, scope: Scope, directive: AskingDirective): Promise<boolean | Stop> {
  const tooMany = countLookup(check, scope.depth, directive.text);
  if (tooMany) return tooMany;
  if (directive.kind !== 'include') return matchByLookup(check, scope, directive);
  const { fixed } = directive.target;
  const name = fixed !== undefined && fixed !== 'unfit' ? fixed : await resolveTarget(check, scope, directive.target);
  if (name === undefined) {
    const { macros } = directive.target;
    const saysLocalPart = usesLetter(macros, 'l') || usesLetter(macros, 's');
    if (saysLocalPart && !isAsciiLocal(check.identity)) return false; // RFC 8616 §4
    return { result: 'permerror', reason: 'include-without-record' }; // RFC 7208 §4.3: none for such a name, §5.2: so permerror
  }
  return includeAnswer(await checkHost(check, name, scope.depth + 1));
}

/** RFC 7208 §5.2: the table of what the inner result means for the outer record. */
function includeAnswer(inner: Verdict): boolean | Stop {
  switch (inner.result) {
    case 'pass':
      return true;
    case 'fail':
    case 'softfail':
    case 'neutral':
      return false;
    case 'none':
      return { result: 'permerror', reason: 'include-without-record' };
    case 'temperror':
    case 'permerror':
      return inner;
  }
}

/** RFC 7208 §6.1: the target's record takes the place of this one, its explanation included. */
async function followRedirect(
  check: Check,
  scope: Scope,
  redirect: NonNullable<SpfRecord['redirect']>,
): Promise<Verdict> {
  const tooMany = countLookup(check, scope.depth, redirect.text);
  if (tooMany) return tooMany;
  const name = await resolveTarget(check, scope, redirect.target);
  const verdict = name && (await checkHost(check, name, scope.depth + 1));
  if (verdict === undefined || verdict.result === 'none')
    return { result: 'permerror', reason: 'redirect-without-record' };
  return verdict;
}
