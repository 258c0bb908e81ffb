/**
 * Decides what a look at the proof of a domain means. Pure.
 *
 *   unverified -seen-> verified -gone-> lapsed -2 days-> warned -1 day-> stopped
 *                         ^---------------|-----------------|------------|   seen again
 *
 * A DNS that does not answer says nothing: only a server's word that the record is not there counts. A person's word is not
 * looked after.
 */
import type { DomainRecord, OwnershipChange } from '../../directory/types.ts';
import { paceMs } from './pace.ts';
import type { Sighting } from './types.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** How long mail goes on after the proof was missed first: long enough for a weekend's mistake in a zone. */
const graceMs = 3 * dayMs;
/** People are told so long before sending stops; never less, also when the office itself was away. */
const warningMs = dayMs;
const recheckMs = dayMs;

export type OwnershipDecision = {
  readonly change?: OwnershipChange;
  /** When to look again; undefined: never. */
  readonly lookAtMs: number | undefined;
};

export type OwnershipFacts = Pick<DomainRecord, 'createdAtMs' | 'verified' | 'lapse'>;

export function decideOwnership(facts: OwnershipFacts, seen: Sighting['seen'], nowMs: number): OwnershipDecision {
  const { verified, lapse, createdAtMs } = facts;
  if (verified?.by === 'operator') return { lookAtMs: undefined };
  const isThere = seen === 'everywhere' || (seen === 'somewhere' && verified !== undefined);
  if (isThere && (verified === undefined || lapse !== undefined))
    return { change: { kind: 'proven' }, lookAtMs: nowMs + recheckMs };
  if (verified === undefined) return { lookAtMs: nowMs + paceMs(nowMs - createdAtMs) };
  if (lapse === undefined) return seen === 'nowhere' ? begin(nowMs) : { lookAtMs: nowMs + recheckMs };
  if (lapse.stoppedAtMs !== undefined) return { lookAtMs: nowMs + Math.max(hourMs, paceMs(nowMs - lapse.stoppedAtMs)) };
  return goOn(lapse, seen, nowMs);
}

function begin(nowMs: number): OwnershipDecision {
  return { change: { kind: 'lapsed', stopsAtMs: nowMs + graceMs }, lookAtMs: nowMs + hourMs };
}

function goOn(
  { sinceMs, warnedAtMs }: NonNullable<DomainRecord['lapse']>,
  seen: Sighting['seen'],
  nowMs: number,
): OwnershipDecision {
  const lookAtMs = nowMs + hourMs;
  if (seen !== 'nowhere') return { lookAtMs };
  if (warnedAtMs === undefined) {
    if (nowMs < sinceMs + graceMs - warningMs) return { lookAtMs };
    const stopsAtMs = Math.max(sinceMs + graceMs, nowMs + warningMs);
    return { change: { kind: 'warned', stopsAtMs }, lookAtMs };
  }
  const stopsAtMs = Math.max(sinceMs + graceMs, warnedAtMs + warningMs);
  return nowMs < stopsAtMs ? { lookAtMs } : { change: { kind: 'stopped', stopsAtMs: nowMs }, lookAtMs };
}
