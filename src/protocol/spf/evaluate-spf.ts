/**
 * Sender Policy Framework: may this client use this sender's domain? In: the SMTP session and a resolver. Out: the result of
 * RFC 7208 with the reason, the counts and a trace of every term. Never throws for what is in the session or the DNS.
 *
 * Records are read by `record.ts`, mechanisms matched in `mechanisms.ts`; here is the flow: which record applies (§4.5), term by
 * term until one matches (§4.6), `include` (§5.2), `redirect` (§6.1), and the overall time limit.
 */
import { type Clock, systemClock, type Timers } from '../../base/clock.ts';
import { type Soon, whenThere } from '../../base/soon.ts';
import type { QueryName } from '../../format/domain-name.ts';
import type { DnsAnswer, Resolver } from '../dns/types.ts';
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
import { isAsciiLocal, readIdentity } from './identity.ts';
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
import type { TargetName } from './target-name.ts';
import { TimeLimit } from './time-limit.ts';
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
  return await runSpfCheck({ resolver, readRecord: parseSpfRecord }, session, options);
}

export type SpfDeps = { readonly resolver: Resolver; readonly readRecord: (text: string) => ParsedSpf };

/** At once where every answer is at hand. */
export function runSpfCheck(deps: SpfDeps, session: SpfSession, options: SpfOptions): Soon<SpfResult> {
  const identity = readIdentity(session);
  if ('reason' in identity) {
    const { shown, reason, say } = identity;
    return { result: 'none', domain: shown, lookups: 0, voidLookups: 0, reason, trace: [say] };
  }
  const timers = options.timers ?? systemClock;
  const limit = new TimeLimit(timers, spfLimits.timeMs, options.signal);
  const check: Check = {
    resolver: deps.resolver,
    readRecord: deps.readRecord,
    identity,
    receiver: session.receiver ?? 'unknown', // RFC 7208 §7.3
    nowMs: (options.clock ?? timers).nowMs(),
    limit,
    trace: [],
    lookups: 0,
    voidLookups: 0,
  };
  const verdict = checkHost(check, identity.domain, 0);
  // RFC 7208 §4.6.4: when the time is up, whatever is still being asked, the result is temperror.
  const result =
    verdict instanceof Promise ? limit.within(verdict).then((one) => conclude(check, one)) : conclude(check, verdict);
  return result instanceof Promise ? result.finally(() => limit.close()) : result;
}

function conclude(check: Check, verdict: Verdict | undefined): Soon<SpfResult> {
  if (verdict === undefined || (verdict.result === 'temperror' && check.limit.isOver)) {
    return resultOf(check, { result: 'temperror', reason: 'time-limit' });
  }
  const exp = verdict.result === 'fail' ? verdict.scope.record.exp : undefined;
  if (verdict.result !== 'fail' || exp === undefined) return resultOf(check, verdict);
  const explaining = check.limit.within(explain(check, verdict.scope.domain, exp));
  return explaining.then((explanation) => resultOf(check, verdict, explanation));
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
function checkHost(check: Check, domain: QueryName, depth: number): Soon<Verdict> {
  if (!domain.includes('.')) return { result: 'none', reason: 'bad-domain' }; // RFC 7208 §4.3
  const answer = ask(check, domain, 'TXT');
  if (answer instanceof Promise) return answer.then((late) => checkAnswer(check, { domain, depth }, late));
  return checkAnswer(check, { domain, depth }, answer);
}

function checkAnswer(check: Check, { domain, depth }: Place, answer: DnsAnswer<string>): Soon<Verdict> {
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
  if (read.ok) return evaluateRecord(check, { domain, record: read.value, depth });
  note(check, depth, read.say);
  return { result: 'permerror', reason: 'syntax' }; // RFC 7208 §4.6: before any term is evaluated
}

const resultWords = { '+': 'pass', '-': 'fail', '~': 'softfail', '?': 'neutral' } as const satisfies Record<
  Qualifier,
  string
>;

/** Term by term, from the one at this place on. */
function evaluateRecord(check: Check, scope: Scope, from = 0): Soon<Verdict> {
  const { directives, redirect, hasAll } = scope.record;
  for (let at = from; at < directives.length; at++) {
    const directive = directives[at] as Directive;
    const answer = isLocal(directive) ? matchLocal(check, directive) : matchAsking(check, scope, directive);
    if (answer instanceof Promise) {
      return answer.then((late) => verdictOn(check, scope, directive, late) ?? evaluateRecord(check, scope, at + 1));
    }
    const verdict = verdictOn(check, scope, directive, answer);
    if (verdict !== undefined) return verdict;
  }
  if (redirect !== undefined && !hasAll) return followRedirect(check, scope, redirect);
  note(check, scope.depth, 'no term matches: neutral');
  return { result: 'neutral', scope }; // RFC 7208 §4.7
}

/** What an answered term means for its record; undefined: the next term decides. RFC 7208 §4.6.2 */
function verdictOn(check: Check, scope: Scope, directive: Directive, answer: boolean | Stop): Verdict | undefined {
  if (typeof answer !== 'boolean') {
    note(check, scope.depth, `${directive.text}: ${answer.result} (${answer.reason})`);
    return answer;
  }
  const result = resultWords[directive.qualifier];
  note(check, scope.depth, `${directive.text}: ${answer ? `match, so ${result}` : 'no match'}`);
  return answer ? { result, matched: directive, scope } : undefined;
}

type AskingDirective = Exclude<Directive, { readonly kind: 'all' | 'ip4' | 'ip6' }>;

function matchAsking(check: Check, scope: Scope, directive: AskingDirective): Soon<boolean | Stop> {
  const tooMany = countLookup(check, scope.depth, directive.text);
  if (tooMany) return tooMany;
  if (directive.kind !== 'include') return matchByLookup(check, scope, directive);
  return whenThere(targetOf(check, scope, directive.target), (name) => {
    if (name === undefined) return withoutTarget(check, directive.target);
    return whenThere(checkHost(check, name, scope.depth + 1), includeAnswer);
  });
}

/** An include whose name cannot be asked for. */
function withoutTarget(check: Check, { macros }: TargetName): boolean | Stop {
  const saysLocalPart = usesLetter(macros, 'l') || usesLetter(macros, 's');
  if (saysLocalPart && !isAsciiLocal(check.identity)) return false; // RFC 8616 §4
  return { result: 'permerror', reason: 'include-without-record' }; // RFC 7208 §4.3: none for such a name, §5.2: so permerror
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
function followRedirect(check: Check, scope: Scope, redirect: NonNullable<SpfRecord['redirect']>): Soon<Verdict> {
  const tooMany = countLookup(check, scope.depth, redirect.text);
  if (tooMany) return tooMany;
  const without: Stop = { result: 'permerror', reason: 'redirect-without-record' };
  return whenThere(targetOf(check, scope, redirect.target), (name) => {
    if (name === undefined) return without;
    return whenThere(checkHost(check, name, scope.depth + 1), (verdict) =>
      verdict.result === 'none' ? without : verdict,
    );
  });
}

/** Most names hold no macro and are there at once. */
function targetOf(check: Check, scope: Scope, target: TargetName): Soon<QueryName | undefined> {
  const { fixed } = target;
  return fixed !== undefined && fixed !== 'unfit' ? fixed : resolveTarget(check, scope, target);
}
