/**
 * Decides what becomes of a domain's DKIM keys after a look at their records. Pure.
 *
 *   pending -every authoritative server shows it, caches have forgotten what was there before-> active
 *   active -another of its algorithm became active-> retiring -7 days, no message on its way carries it-> retired
 *
 * Until a new key is active the old one signs. Where there is no old one, nobody has asked for the name yet, and waiting would only
 * let mail go unsigned. Every step is stored by itself, and taken again from what is stored: a crash between two costs nothing.
 */
import type { DkimKeyRecord, KeyId } from '../../directory/types.ts';
import { paceMs } from './pace.ts';
import type { Sighting } from './types.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** Receivers check signatures when mail arrives, which may take as long as it is tried (5 days) and then some. */
const overlapMs = 7 * dayMs;
/** A TTL above a day is a slip of the finger, or nobody would ever rotate. */
const waitMaxMs = dayMs;

export type RotationKey = Pick<
  DkimKeyRecord,
  'id' | 'algorithm' | 'state' | 'createdAtMs' | 'stateSinceMs' | 'seenSinceMs' | 'waitMs'
> & {
  /** Of a pending key. */
  readonly sighting?: Pick<Sighting, 'seen' | 'ttlSeconds' | 'second'>;
};

export type RotationFacts = {
  readonly keys: readonly RotationKey[];
  /** The domain is verified. */
  readonly maySign: boolean;
  /** When the oldest message that is still on its way was signed. */
  readonly oldestOpenMs: number | undefined;
  readonly nowMs: number;
};

export type RotationStep =
  | {
      readonly kind: 'note';
      readonly id: KeyId;
      readonly seen: { readonly sinceMs: number | undefined; readonly waitMs: number };
    }
  | { readonly kind: 'activate' | 'retire'; readonly id: KeyId };

export type RotationDecision = { readonly steps: readonly RotationStep[]; readonly lookAtMs: number | undefined };

export function decideRotation(facts: RotationFacts): RotationDecision {
  const each = facts.keys.flatMap((key) => {
    if (key.state === 'pending') return [ofPending(key, facts)];
    return key.state === 'retiring' ? [ofRetiring(key, facts)] : [];
  });
  const times = each.flatMap(({ lookAtMs }) => (lookAtMs === undefined ? [] : [lookAtMs]));
  return {
    steps: each.flatMap(({ steps }) => steps),
    lookAtMs: times.length === 0 ? undefined : Math.min(...times),
  };
}

function ofPending(key: RotationKey, facts: RotationFacts): RotationDecision {
  const { nowMs } = facts;
  const laterMs = nowMs + paceMs(nowMs - key.createdAtMs);
  const { seen, ttlSeconds = 0, second = false } = key.sighting ?? {};
  if (seen === undefined || seen === 'unclear') return { steps: [], lookAtMs: laterMs };
  const isSeen = seen === 'everywhere';
  const sinceMs = isSeen ? (key.seenSinceMs ?? nowMs) : undefined;
  // Its own TTL stands in where nobody saw what was there before: zones mostly have one TTL for all.
  const isKnown = isSeen && key.waitMs > 0;
  const waitMs = isKnown ? key.waitMs : Math.max(key.waitMs, Math.min(ttlSeconds * 1_000, waitMaxMs));
  const isNews = sinceMs !== key.seenSinceMs || waitMs !== key.waitMs;
  const notes: RotationStep[] = isNews ? [{ kind: 'note', id: key.id, seen: { sinceMs, waitMs } }] : [];
  if (sinceMs === undefined) return { steps: notes, lookAtMs: laterMs };
  const isFirst = !facts.keys.some((other) => other.state === 'active' && other.algorithm === key.algorithm);
  // What a resolver remembers may be older than what the servers show.
  const dueMs = sinceMs + (isFirst && !second ? 0 : waitMs);
  if (!facts.maySign) return { steps: notes, lookAtMs: laterMs };
  if (nowMs < dueMs) return { steps: notes, lookAtMs: dueMs };
  return { steps: [...notes, { kind: 'activate', id: key.id }], lookAtMs: isFirst ? undefined : nowMs + overlapMs };
}

function ofRetiring(key: RotationKey, { nowMs, oldestOpenMs }: RotationFacts): RotationDecision {
  const dueMs = key.stateSinceMs + overlapMs;
  if (nowMs < dueMs) return { steps: [], lookAtMs: dueMs };
  const isCarried = oldestOpenMs !== undefined && oldestOpenMs <= key.stateSinceMs;
  if (isCarried) return { steps: [], lookAtMs: nowMs + hourMs };
  return { steps: [{ kind: 'retire', id: key.id }], lookAtMs: undefined };
}
